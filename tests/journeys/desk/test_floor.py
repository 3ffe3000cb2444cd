"""Acceptance 25, 28, 29 and 31: seats moved by keys, numbers that open, the past, and the wall."""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from agent_desktop.permissions import Role
from router.model.agent import Presence
from router.model.commands import Accept, Arrive, End, SetPresence, SignIn, WrapUp
from router.model.ids import AgentId, InteractionId, OfferId
from router.seals import Address
from tests.agent_desktop.world import CHAT, SALES
from tests.journeys.desk.stage import Stage, play
from tests.journeys.desk.test_board import LATE_MS, REMEMBER_OLD

BOB = AgentId("bob")
MIA_ROW = re.compile("^Mia")
SALES_ROW = re.compile("^Sales")
ACTS = "[...document.querySelectorAll('.grid-opens')].length"
MINUTE_MS = 60_000


async def learn(stage: Stage) -> None:
    """Bob answers so many in sales that the router knows what a place in its line costs."""
    centre = stage.centre
    await centre.submit(SignIn(BOB))
    await centre.submit(SetPresence(BOB, Presence.READY))
    subject = await centre.customers.resolve(Address("chat", "many@x.example"), "Many")
    for number in range(25):
        names = [InteractionId(f"{number:031}{letter}") for letter in "ab"]
        for name in names:
            await centre.submit(Arrive(name, CHAT, "site", subject, attributes={"queue": SALES}))
        for name in names:
            centre.clock.pass_ms(8_000)
            await centre.submit(Accept(OfferId(f"{name}.1"), BOB))
            centre.clock.pass_ms(8_000)
            await centre.submit(End(name, BOB))
            await centre.submit(WrapUp(name, BOB))


async def to_the_board(page: Page) -> None:
    await page.evaluate("location.hash = '#/board'")
    await expect(page.get_by_role("heading", name="Queues")).to_be_visible()


def test_25_a_seat_is_moved_by_keys_alone_told_before_and_undone(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        await learn(stage)
        mia = await stage.ready("mia")
        page = await stage.open("sue", role=Role.SUPERVISOR, teams=["billing", "sales"])
        await to_the_board(page)
        row = page.get_by_role("grid", name="Agents").get_by_role("row", name=MIA_ROW)
        await expect(row).to_contain_text("Billing")
        await row.get_by_role("rowheader").focus()
        await page.keyboard.press("m")
        form = page.get_by_role("form", name="Move Mia for a while")
        await expect(form.get_by_label("To", exact=True)).to_be_focused()
        await page.keyboard.press("S")
        await expect(form.get_by_label("To", exact=True)).to_have_value("sales")
        told = form.locator("[data-forecast=sales]")
        await expect(told).to_contain_text("1 \u2192 2")
        waits = await told.locator("td").last.inner_text()
        found = re.findall(r"\d\d:\d\d", waits)
        assert len(found) == 4, "an interval as things are, and one as they would be"
        assert found[3] < found[1], "two wait less than one lets them"
        await expect(form.locator("[data-forecast=billing]")).to_contain_text(
            "nobody would be there"
        )
        await page.keyboard.press("Enter")
        await expect(mia.locator(".presence")).to_contain_text("Moved to Sales", timeout=1_000)
        await expect(row).to_contain_text("Sales until")
        await expect(row).to_contain_text("by sue")
        await page.get_by_role("button", name="Undo").press("Enter")
        await expect(row).not_to_contain_text("until")
        await expect(row).to_contain_text("Billing")
        await expect(mia.locator(".presence")).not_to_contain_text("Moved")

    play(tmp_path, tell)


def test_25_a_name_that_is_dropped_on_a_queue_asks_the_same(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("sue", role=Role.SUPERVISOR, teams=["billing", "sales"])
        await to_the_board(page)
        name = page.get_by_role("grid", name="Agents").get_by_role("rowheader", name="Tom")
        queue = page.get_by_role("grid", name="Queues").get_by_role("row", name=SALES_ROW)
        await name.drag_to(queue)
        form = page.get_by_role("form", name="Move Tom for a while")
        await expect(form.get_by_label("To", exact=True)).to_have_value("sales")
        await page.keyboard.press("Escape")
        await expect(form).to_have_count(0)

    play(tmp_path, tell)


def test_29_enter_on_a_number_opens_as_many_rows_as_it_says(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        for number in range(3):
            await stage.centre.arrive(sender=f"c{number}@x.example", queue=SALES)
        page = await stage.open("max", role=Role.MANAGER)
        await to_the_board(page)
        grid = page.get_by_role("grid", name="Queues")
        cell = grid.get_by_role("row", name=SALES_ROW).get_by_role("gridcell", name="3", exact=True)
        await cell.focus()
        await page.keyboard.press("Enter")
        title = page.locator("#behind-title")
        await expect(title).to_have_text("Sales, Waiting: 3 rows")
        await expect(title).to_be_focused()
        await expect(page.locator("[data-rows] tbody tr")).to_have_count(3)
        await page.keyboard.press("Escape")
        await expect(title).to_have_count(0)
        await expect(cell).to_be_focused()
        accepted = page.locator("[data-figure=accepted]")
        await expect(accepted).to_have_accessible_name(
            "accepted: 3. Everything that ever reached the centre"
        )
        await accepted.press("Enter")
        await expect(title).to_have_text("accepted: 3 rows")
        await expect(page.locator("[data-rows] tbody tr")).to_have_count(3)

    play(tmp_path, tell)


def test_31_in_the_past_the_time_stands_in_the_strip_and_nothing_can_be_done(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        await stage.centre.desk("mia")
        await stage.centre.arrive(sender="first@x.example", queue=SALES)
        stage.centre.clock.pass_ms(MINUTE_MS)
        await stage.centre.arrive(sender="second@x.example", queue=SALES)
        page = await stage.open("max", role=Role.MANAGER)
        await to_the_board(page)
        row = page.get_by_role("grid", name="Queues").get_by_role("row", name=SALES_ROW)
        await expect(row.get_by_role("gridcell").first).to_have_text("2")
        assert await page.evaluate(ACTS) > 0
        bar = page.get_by_role("slider", name="A moment of the past")
        await bar.focus()
        for _ in range(3):
            await page.keyboard.press("Shift+ArrowLeft")
        strip = page.locator("[data-strip=past]")
        await expect(strip).to_contain_text("PAST")
        await expect(row.get_by_role("gridcell").first).to_have_text("1")
        shown = await bar.get_attribute("aria-valuetext")
        assert shown is not None
        await expect(strip).to_contain_text(shown)
        await expect(page.get_by_role("button", name="Pause updates")).to_be_disabled()
        agents = page.get_by_role("grid", name="Agents")
        assert await agents.locator(".grid-opens, [draggable=true]").count() == 0
        await agents.get_by_role("row", name=MIA_ROW).get_by_role("rowheader").focus()
        for key in ("m", "s", "ArrowRight", "Enter"):
            await page.keyboard.press(key)
        await expect(page.get_by_role("form")).to_have_count(0)
        await bar.focus()
        await page.keyboard.press("End")
        await expect(strip).to_have_count(0)
        await expect(row.get_by_role("gridcell").first).to_have_text("2")

    play(tmp_path, tell)


def test_28_the_wall_is_large_and_says_within_three_seconds_when_it_is_old(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        await stage.centre.arrive()
        page = await stage.open("max", role=Role.MANAGER)
        await page.evaluate("location.hash = '#/wall'")
        tile = page.locator("[data-tile=billing]")
        await expect(tile).to_contain_text("nobody ready")
        await expect(tile.locator(".wall-big")).to_contain_text("1")
        size = await tile.locator(".wall-big").evaluate("each => getComputedStyle(each).fontSize")
        assert float(size.removesuffix("px")) >= 96
        await page.evaluate(REMEMBER_OLD)
        cut = await page.evaluate("performance.now()")
        stage.line.sever()
        old = page.locator("[data-strip=board_old]")
        await expect(old).to_contain_text("Not live. Last fed")
        told = await page.evaluate("window.toldAt")
        assert told - cut <= 3_000 + LATE_MS, told - cut
        stage.line.mend()
        await expect(old).to_have_count(0, timeout=20_000)

    play(tmp_path, tell)
