"""Acceptance 29: a number of the report opens into as many rows as it says."""

from pathlib import Path

from playwright.async_api import expect

from router.model.commands import CustomerLeave
from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import settled


def test_29_enter_on_a_number_opens_as_many_rows_as_it_says(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        gone = [
            await house.arrive(sender=f"c{number}@x.example", topic="billing")
            for number in range(5)
        ]
        for each in gone[:3]:
            await house.site.centre.hub.submit(CustomerLeave(each, "left"))
        page = await house.open("max")
        await page.evaluate("location.hash = '#/reports'")
        await settled(page)
        grid = page.get_by_role("grid", name="Queue by interval")
        offered = grid.locator("tfoot td.number").first
        await expect(offered).to_have_text("5")
        await expect(grid.locator("tbody")).to_contain_text("Invoices")
        described = await offered.get_attribute("aria-describedby")
        assert await page.locator(f"#{described}").text_content()
        opened = 0
        for cell in await grid.locator("td.grid-opens").all():
            said = (await cell.inner_text()).replace(",", "")
            if not said.isdecimal():
                continue
            await cell.focus()
            await page.keyboard.press("Enter")
            panel = page.locator(".behind")
            head = panel.get_by_role("heading", level=2)
            await expect(head).to_be_focused()
            await expect(head).to_contain_text("row")
            counted = [
                int(each) for each in await panel.locator("tbody td.number").all_inner_texts()
            ]
            assert sum(counted) == int(said)
            assert len(counted) == int(said) or int(said) == 0
            await page.keyboard.press("Escape")
            await expect(panel).to_have_count(0)
            await expect(cell).to_be_focused()
            opened += 1
        assert opened >= 8
        await offered.focus()
        await page.keyboard.press("Enter")
        await page.locator(".behind tbody a").first.click()
        await expect(page.get_by_role("heading", level=1)).to_contain_text("Ana Ruiz")

    live(tmp_path, tell)
