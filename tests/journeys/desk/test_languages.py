"""Acceptance 1 and 38: every page in Chinese and in a language of longer words."""

from pathlib import Path

from tests.journeys.desk.checks import awkward, axe, english, painted
from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import SIZES, WORDS, begin, looks

GIVEN = (*WORDS, "by topic: invoices")
"""What customers wrote, and the name of the rule that found their queue."""


def test_38_every_page_is_chinese_and_axe_finds_nothing_on_it(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house, language="zh-CN")
        found = []
        async for stop in tour.stops():
            assert await stop.page.locator("html").get_attribute("lang") == "zh-CN"
            found += [f"{stop.name}: English: {each}" for each in await english(stop.page, GIVEN)]
            async for look in looks(stop):
                found += [f"{stop.name} {look} {each}" for each in await axe(stop.page)]
                found += [f"{stop.name} {look} {each}" for each in await awkward(stop.page)]
        assert found == [], "\n".join(found)

    live(tmp_path, tell)


def test_38_no_longer_word_is_cut_and_no_key_shows(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house, language="pseudo")
        found = []
        async for stop in tour.stops():
            for size in stop.sizes:
                await stop.resize(size)
                await painted(stop.page)
                found += [f"{stop.name} {size} {each}" for each in await awkward(stop.page)]
            await stop.resize(SIZES[0])
        assert found == [], "\n".join(found)

    live(tmp_path, tell)
