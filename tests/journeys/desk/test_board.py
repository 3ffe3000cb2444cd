"""Acceptance 26 to 28 and 30: the board is honest about its age and its sum."""

import re
from pathlib import Path

from playwright.async_api import expect

from agent_desktop.permissions import Role
from tests.journeys.desk.stage import Stage, play

BILLING_ROW = re.compile("^Billing")
TEXTS = "[...document.querySelectorAll('.grid tbody')].map((each) => each.innerText).join('|')"


def test_26_no_row_changes_its_place_while_focus_is_in_the_grid(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("max", role=Role.MANAGER)
        await page.evaluate("location.hash = '#/board'")
        heads = "[...document.querySelectorAll('.grid tbody th')].map((each) => each.innerText)"
        await expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        before = await page.evaluate(heads)
        await page.get_by_role("region", name="Queues").focus()
        for number in range(4):
            await stage.centre.arrive(sender=f"c{number}@x.example")
        await expect(page.get_by_role("row", name=BILLING_ROW)).to_contain_text("4")
        assert await page.evaluate(heads) == before

    play(tmp_path, tell)


def test_27_after_pause_nothing_changes_but_the_age(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("max", role=Role.MANAGER)
        await page.evaluate("location.hash = '#/board'")
        await stage.centre.arrive()
        await expect(page.get_by_role("row", name=BILLING_ROW)).to_contain_text("1")
        await page.get_by_role("button", name="Pause updates").click()
        clocks = "document.querySelectorAll('.grid .clock').length"
        before, running = await page.evaluate(TEXTS), await page.evaluate(clocks)
        assert running > 0
        await stage.centre.arrive(sender="b@x.example")
        await page.wait_for_timeout(5_000)
        assert await page.evaluate(TEXTS) == before
        await expect(page.locator(".board-age")).to_contain_text("00:05")

    play(tmp_path, tell)


def test_28_a_cut_feed_is_told_in_words_within_three_seconds(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("max", role=Role.MANAGER)
        await page.evaluate("location.hash = '#/board'")
        await expect(page.get_by_role("heading", name="Queues")).to_be_visible()
        stage.line.cut()
        old = page.locator("[data-strip=board_old]")
        await expect(old).to_contain_text("Not live. Last fed", timeout=5_000)
        stage.line.mend()
        await expect(old).to_have_count(0, timeout=20_000)

    play(tmp_path, tell)


def test_30_the_sum_adds_up_and_a_gap_is_told(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("max", role=Role.MANAGER)
        await page.evaluate("location.hash = '#/board'")
        await stage.centre.arrive()
        law = page.locator("[data-conservation]")
        await expect(law).to_contain_text("accepted 1")
        await expect(law).to_contain_text("balances")
        await expect(law).not_to_contain_text("does not")
        # A gap that the server would never make: the same page, fed a wrong sum.
        await page.route(
            "**/api/v1/board",
            lambda route: route.fulfill(
                json={
                    "at": 0,
                    "queues": [],
                    "agents": [],
                    "conservation": {
                        "accepted": 5,
                        "self_service": 0,
                        "waiting": 1,
                        "offered": 0,
                        "in_work": 0,
                        "finished": 1,
                    },
                }
            ),
        )
        await page.route_web_socket("**/ws/board*", lambda socket: None)
        await page.reload()
        await expect(law).to_contain_text("does not balance")
        await expect(law).to_have_class("conservation conservation-late")

    play(tmp_path, tell)
