"""A manager sees where callers leave the self-service, drawn and as a table, and who they were."""

from pathlib import Path

from playwright.async_api import expect

from router.model.commands import Arrive, CustomerLeave, Enqueue, NoteStep
from router.model.ids import InteractionId, Medium, SubjectId
from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import settled


async def callers(house: House) -> None:
    """Two hang up in the menu, one goes on to the agents."""
    hub = house.site.centre.hub
    for number in range(3):
        caller = InteractionId(f"caller{number}")
        await hub.submit(
            Arrive(caller, Medium("chat"), "shop", SubjectId("somebody"), self_service=True)
        )
        exit_name = "" if number else "0"
        await hub.submit(NoteStep(caller, "reception", "choose", exit_name, 4_000, "menu"))
        if number:
            await hub.submit(CustomerLeave(caller))
        else:
            await hub.submit(NoteStep(caller, "reception", "people", "queued", 10, "enqueue"))
            await hub.submit(Enqueue(caller))


def test_the_node_people_give_up_at_is_seen_and_opens_into_their_visits(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        await callers(house)
        page = await house.open("max")
        await page.evaluate("location.hash = '#/reports'")
        await settled(page)
        await page.get_by_role("button", name="Self-service").press("Enter")
        flow = page.get_by_role("region", name="Flow reception")
        await expect(flow.get_by_role("listitem").first).to_contain_text("choose")
        left = flow.get_by_role("button", name="choose: Hung up here: 2 (67%)")
        await left.press("Enter")
        panel = page.locator(".behind")
        await expect(panel.get_by_role("heading", level=2)).to_be_focused()
        await expect(panel.locator("tbody tr")).to_have_count(2)
        await page.keyboard.press("Escape")
        await expect(left).to_be_focused()
        await page.get_by_role("button", name="Table").press("Enter")
        grid = page.get_by_role("grid", name="Where customers leave self-service")
        await expect(grid.locator("tbody tr").first).to_contain_text("hung up: 2 · 0: 1")
        await expect(grid.locator("tfoot")).to_contain_text("4")

    live(tmp_path, tell)
