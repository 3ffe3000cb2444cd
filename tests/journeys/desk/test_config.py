"""An administrator changes the centre at the page: nested tables are forms, never text to parse."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import settled


async def section(house: House, name: str) -> Page:
    """The administrator has this part of the configuration open."""
    page = await house.open("ada")
    await page.evaluate("location.hash = '#/config'")
    await settled(page)
    await page.locator(".config-sections").get_by_role("button", name=name, exact=True).click()
    await settled(page)
    return page


def test_a_queues_title_and_outcomes_are_changed_in_forms(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await section(house, "Queues")
        await page.locator(".config-names").get_by_role("button", name="billing").click()
        card = page.get_by_role("region", name="billing")
        await card.get_by_label("en", exact=True).first.fill("Bills")
        outcomes = card.get_by_role("group", name="dispositions", exact=True)
        await outcomes.get_by_role("button", name="One more: dispositions").click()
        fresh = outcomes.get_by_role("group", name="dispositions 5")
        await fresh.get_by_label("name", exact=True).fill("called-back")
        await fresh.get_by_label("en", exact=True).fill("Called back")
        await fresh.get_by_label("zh-CN", exact=True).fill("已回电")
        await outcomes.get_by_role("button", name="Up").last.click()
        assert await page.locator("textarea").filter(has_text="{").count() == 0
        await card.get_by_label("Why").fill("they are called bills")
        await card.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("[data-strip=notice]")).to_contain_text("billing is in force")
        queue = house.site.centre.hub.catalogue().queues["billing"]  # type: ignore[index]  # a name
        assert queue.title["en"] == "Bills"
        assert [each.name for each in queue.dispositions] == [
            "explained",
            "refund",
            "corrected",
            "called-back",
            "passed-on",
        ]

    live(tmp_path, tell)


def test_a_rule_is_moved_up_and_a_mistake_is_told_where_it_stands(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await section(house, "Rules")
        before = [rule.name for rule in house.site.centre.hub.catalogue().rules.rules]
        rules = page.locator(".config-items > li")
        second = page.get_by_role("group", name="Rule 2", exact=True)
        await expect(second.get_by_label("name", exact=True)).to_have_value(before[1])
        await page.get_by_role("button", name="Up", exact=True).nth(1).click()
        first = page.get_by_role("group", name="Rule 1", exact=True)
        await expect(first.get_by_label("name", exact=True)).to_have_value(before[1])
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("[data-strip=notice]")).to_contain_text("in force")
        after = [rule.name for rule in house.site.centre.hub.catalogue().rules.rules]
        assert after == [before[1], before[0], *before[2:]]
        await settled(page)
        await rules.first.get_by_label("when", exact=True).fill("interaction.nonsense ==")
        await page.get_by_role("button", name="Save", exact=True).click()
        await expect(page.locator("[data-strip=mistakes]")).to_contain_text("rules.toml")
        kept = [rule.name for rule in house.site.centre.hub.catalogue().rules.rules]
        assert kept == after

    live(tmp_path, tell)
