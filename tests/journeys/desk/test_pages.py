"""Acceptance 1 and 2: every page of the desk in English, in every theme and width."""

from pathlib import Path

from playwright.async_api import expect

from tests.journeys.desk.checks import WIDE, axe, painted
from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import SIZES, STILL, begin, looks

NARROW = (320, 700)


def test_01_02_axe_finds_nothing_on_any_page_and_no_page_scrolls_sideways(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house, language="en")
        found = []
        async for stop in tour.stops():
            assert await stop.page.locator("html").get_attribute("lang") == "en"
            async for look in looks(stop):
                found += [f"{stop.name} {look} {each}" for each in await axe(stop.page)]
            await stop.resize(NARROW)
            await painted(stop.page)
            if await stop.page.evaluate(WIDE):
                found.append(f"{stop.name} is wider than {NARROW[0]} px")
            await stop.resize(SIZES[0])
        assert found == []

    live(tmp_path, tell)


def test_01_axe_finds_nothing_on_the_sign_in_page(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await (await house.browser.new_context(**STILL)).new_page()
        await page.goto(house.origin)
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            for size in SIZES:
                await page.set_viewport_size({"width": size[0], "height": size[1]})
                assert await axe(page) == []
        await page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
        assert not await page.evaluate(WIDE)

    live(tmp_path, tell)
