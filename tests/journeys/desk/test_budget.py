"""Acceptance 39: the first load stays small, and nothing of the page breaks its own policy."""

import gzip
import re
from pathlib import Path

from playwright.async_api import expect

from tests.journeys.desk.stage import STATIC, Stage, play

FIRST_LOAD_BYTES = 150_000


def test_39_the_scripts_of_the_first_load_are_150_kb_at_most() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    names = set(re.findall(r'(?:src|href)="\./(assets/[^"]+\.js)"', page))
    assert names
    total = sum(len(gzip.compress((STATIC / name).read_bytes())) for name in names)
    assert total <= FIRST_LOAD_BYTES


def test_the_page_holds_no_script_and_no_style_of_its_own() -> None:
    page = (STATIC / "index.html").read_text(encoding="utf-8")
    assert re.search(r"<script(?![^>]*\bsrc=)", page) is None
    assert "<style" not in page
    assert " style=" not in page


def test_a_day_at_the_desk_breaks_no_content_policy(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready(
            "mia",
            spy="""
            window.broken = [];
            document.addEventListener("securitypolicyviolation", (event) => {
              window.broken.push(`${event.violatedDirective} ${event.blockedURI}`);
            });
            """,
        )
        await stage.taken(page)
        await stage.second_ring(page)
        for route in ("day", "settings", "board", "reports", "work"):
            await page.evaluate(f"location.hash = '#/{route}'")
            await page.wait_for_timeout(300)
        await expect(page.locator(".work-row").first).to_be_visible()
        assert await page.evaluate("window.broken") == []

    play(tmp_path, tell)
