"""What the desk shows when nothing is there, when something fails, and while the line is away."""

from pathlib import Path

from playwright.async_api import Page, Route, expect

from agent_desktop.permissions import Role
from tests.agent_desktop.world import SALES
from tests.journeys.desk.stage import FIELD, Stage, play

PROBLEM = {"title": "broken", "status": 500, "code": "broken", "detail": "", "id": "quote-me-7"}


async def fail(page: Page, pattern: str) -> None:
    """The server answers these addresses with a failure until told otherwise."""

    async def answer(route: Route) -> None:
        await route.fulfill(status=500, content_type="application/problem+json", json=PROBLEM)

    await page.route(pattern, answer)


def test_nothing_to_do_says_so_and_how_to_go_on(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("mia")
        await expect(page.locator("#worklist")).to_contain_text("Nothing waits for you.")
        await page.get_by_role("button", name="Go ready").click()
        await expect(page.locator("#worklist")).to_contain_text(
            "Nothing waits for you. Ready since"
        )
        await expect(page.locator("#main")).to_contain_text("Choose an item")
        await stage.taken(page)
        await page.get_by_role("tab", name="History").click()
        await expect(page.get_by_text("New customer: no earlier contact")).to_be_visible()

    play(tmp_path, tell)


def test_each_source_fails_alone_with_an_id_to_quote_and_another_try(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await fail(page, "**/api/v1/customers/*")
        chat = await stage.taken(page)
        side = page.get_by_role("complementary")
        await expect(side).to_contain_text("The customer card did not come.")
        await expect(side).to_contain_text("quote-me-7")
        await expect(page.locator(".entry-text")).to_have_text("Where is my invoice?")
        await page.unroute("**/api/v1/customers/*")
        await side.get_by_role("button", name="Try again").click()
        await expect(page.get_by_role("button", name="Edit card")).to_be_visible()
        await fail(page, f"**/api/v1/interactions/{chat}")
        await page.reload()
        main = page.get_by_role("main")
        await expect(main).to_contain_text("The messages did not come.")
        await expect(page.locator(FIELD)).to_be_editable()
        await page.unroute(f"**/api/v1/interactions/{chat}")
        await main.get_by_role("button", name="Try again").click()
        await expect(page.locator(".entry-text")).to_have_text("Where is my invoice?")

    play(tmp_path, tell)


def test_while_the_line_is_away_rows_stay_usable_and_say_since_when(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await stage.second_ring(page)
        await page.keyboard.press("F2")
        await expect(page.locator("#conversation-title")).to_contain_text("Tom Berg")
        stage.line.sever()
        await expect(page.locator("#worklist")).to_contain_text("Not fresh since")
        await page.locator(".work-row").filter(has_text="Ana Ruiz").click()
        await expect(page.locator("#conversation-title")).to_contain_text("Ana Ruiz")
        await expect(page.get_by_role("button", name="Send when back")).to_be_visible()
        stage.line.mend()
        await expect(page.locator("#worklist")).not_to_contain_text(
            "Not fresh since", timeout=30_000
        )
        await expect(page.get_by_role("button", name="Send", exact=True)).to_be_visible()

    play(tmp_path, tell)


def test_a_board_without_queues_and_one_that_fails_say_what_to_do(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.open("zoe", role=Role.SUPERVISOR)
        await page.evaluate("location.hash = '#/board'")
        await expect(page.locator("#main")).to_contain_text("No queue is yours.")
        other = await stage.open("max", role=Role.MANAGER)
        await fail(other, "**/api/v1/board")
        await other.reload()
        await expect(other.locator("#main")).to_contain_text("The board did not come.")
        await expect(other.locator("#main")).to_contain_text("quote-me-7")

    play(tmp_path, tell)


def test_a_queue_without_outcomes_asks_for_none(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("eve")
        await stage.taken(page, queue=SALES)
        await page.get_by_role("button", name="End", exact=True).click()
        tray = page.get_by_role("region", name="Wrap-up", exact=True)
        await expect(tray).to_be_visible()
        assert await tray.get_by_label("Outcome").count() == 0
        await tray.get_by_role("button", name="Done").click()
        await expect(page.locator("#worklist")).to_contain_text("Just done")

    play(tmp_path, tell)
