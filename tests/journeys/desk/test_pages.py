"""Acceptance 1, 2 and 38: every page of the desk, in every theme, language and width."""

import re
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.async_api import Page, expect

from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import SIZES, begin

ALL_SECTIONS = 12
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

CUT = """
() => [...document.querySelectorAll("button, label, th, dt, h1, h2, h3, .chip, .badge, .tab")]
  .filter((each) => each.checkVisibility() && !each.closest(".hidden-text") && each.clientWidth > 0)
  .filter((each) => getComputedStyle(each).clipPath === "none")
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.className}: ${each.textContent}`)
"""
RAW_KEY = re.compile(r"\b(?:work|offer|composer|keys|settings|config|report|board|day)\.[a-z_]+\b")


async def axe(page: Page) -> list[str]:
    """What axe finds: violations, and what it could not decide without a reason of ours."""
    found: Any = await Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    # A mail's frame has no scripts, so that axe cannot look into it: nothing else stays undecided.
    undecided = [each for each in found.response["incomplete"] if each["id"] != "frame-tested"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in (*found.response["violations"], *undecided)
        for node in each["nodes"]
    ]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_01_axe_finds_nothing_on_any_page(tmp_path: Path, theme: str, language: str) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house, theme=theme, language=language)
        found = []
        for size in SIZES:
            await tour.resize(size)
            async for name, page in tour.stops(ALL_SECTIONS if size == SIZES[0] else 1):
                assert await page.locator("html").get_attribute("lang") == language
                found += [f"{name} {size[0]} {each}" for each in await axe(page)]
        assert found == []

    live(tmp_path, tell)


def test_01_axe_finds_nothing_on_the_sign_in_page(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await (await house.browser.new_context()).new_page()
        for scheme in ("light", "dark"):
            for size in SIZES:
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                await page.emulate_media(color_scheme=scheme)
                await page.goto(house.origin)
                await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
                assert await axe(page) == []

    live(tmp_path, tell)


def test_02_at_320_px_nothing_scrolls_sideways(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        wide = "document.documentElement.scrollWidth > innerWidth"
        tour = await begin(house)
        await tour.resize((320, 700))
        async for name, page in tour.stops():
            assert not await page.evaluate(wide), name
        page = await (await house.browser.new_context()).new_page()
        await page.set_viewport_size({"width": 320, "height": 700})
        await page.goto(house.origin)
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert not await page.evaluate(wide)

    live(tmp_path, tell)


@pytest.mark.parametrize("language", ["zh-CN", "pseudo"])
def test_38_no_label_is_cut_and_no_key_shows(tmp_path: Path, language: str) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house, language=language)
        lang = "zh-CN" if language == "zh-CN" else "en"
        for size in SIZES:
            await tour.resize(size)
            async for name, page in tour.stops(ALL_SECTIONS if size == SIZES[0] else 1):
                assert await page.locator("html").get_attribute("lang") == lang
                assert await page.evaluate(CUT) == [], (name, size)
                shown = await page.locator("body").inner_text()
                assert RAW_KEY.findall(shown) == [], (name, size)

    live(tmp_path, tell)
