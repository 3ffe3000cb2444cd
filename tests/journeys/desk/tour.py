"""A walk through every page of the desk by the people who may see it, with work on it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

from playwright.async_api import Page, expect

from tests.journeys.desk.checks import painted
from tests.journeys.desk.house import MAIL, House
from tests.journeys.desk.stage import FIELD, OFFER

Size = tuple[int, int]
SIZES: tuple[Size, ...] = ((1440, 900), (1024, 768), (390, 844))
WORDS = ("Where is my invoice?", "Refund late", "And my refund?")
"""What customers say on this tour."""
THEMES = ("light", "dark")
ALL_SECTIONS = 12
# Whoever looks at a page does not wait for its transitions; what moves is tested elsewhere.
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
ROUTES = (
    ("mia", "work/{0.mail}"),
    ("mia", "work"),
    ("mia", "day"),
    ("mia", "settings"),
    ("mia", "timeline/{0.mail}"),
    ("mia", "board"),
    ("max", "board"),
    ("max", "wall"),
    ("max", "reports"),
    ("ada", "config"),
)


class Stop:
    """One page of the tour, and the sizes it is to be looked at in."""

    def __init__(self, name: str, page: Page, sizes: tuple[Size, ...] = SIZES) -> None:
        self.name = name
        self.page = page
        self.sizes = sizes

    async def resize(self, size: Size) -> None:
        """The window has this width and height from now on."""
        await self.page.set_viewport_size({"width": size[0], "height": size[1]})


class Tour:
    """An agent with a chat, a mail and a ringing offer; a manager; an administrator."""

    def __init__(self, house: House, agent: Page, others: Mapping[str, Page], mail: str) -> None:
        self.house = house
        self.agent = agent
        self.pages = {"mia": agent, **others}
        self.mail = mail

    async def stops(self, sections: int = ALL_SECTIONS) -> AsyncIterator[Stop]:
        """Every page in turn as it stands when it has settled.

        The parts of the configuration are drawn by the same forms: ``sections`` of them are
        opened, the first to be looked at in every width, the others in the widest.
        """
        for name, route in ROUTES:
            page = self.pages[name]
            await page.evaluate("(route) => { location.hash = `#/${route}`; }", route.format(self))
            await settled(page)
            yield Stop(f"{name} {route.partition('/')[0]}", page)
        async for stop in self._sections(self.pages["ada"], sections):
            yield stop
        manager = self.pages["max"]
        await manager.evaluate("location.hash = '#/board'")
        await settled(manager)
        agents = manager.locator("table[aria-labelledby=board-agents-title]")
        await agents.locator(".grid-opens:last-child").first.click()
        await expect(manager.locator("[data-forecast]").first).to_be_visible()
        yield Stop("max board move", manager)
        await manager.evaluate("location.hash = '#/reports'")
        await settled(manager)
        for button in await manager.locator(".report-head button").all():
            await button.click()
        await settled(manager)
        yield Stop("max reports chart", manager)

    async def _sections(self, page: Page, number: int) -> AsyncIterator[Stop]:
        buttons = await page.locator(".config-sections button").all()
        for at, section in enumerate(buttons[:number]):
            await section.click()
            await settled(page)
            first = page.locator(".config-names button").first
            if await first.count():
                await first.click()
                await settled(page)
            words = await section.inner_text()
            yield Stop(f"ada config {words}", page, SIZES if at == 0 else SIZES[:1])
        await page.locator("#config-tab-history").click()
        await settled(page)
        yield Stop("ada config history", page)
        await page.locator("#config-tab-proposals").click()
        await settled(page)
        await page.locator("li.card [aria-expanded=false]").first.click()
        await settled(page)
        yield Stop("ada config proposals", page)
        await page.evaluate("location.hash = '#/audit'")
        await settled(page)
        yield Stop("ada audit", page)

    async def resize(self, size: Size) -> None:
        """Every page has this size."""
        for page in self.pages.values():
            await page.set_viewport_size({"width": size[0], "height": size[1]})


async def looks(stop: Stop) -> AsyncIterator[str]:
    """A stop in each of its widths and every theme; it is left as it was."""
    for size in stop.sizes:
        await stop.resize(size)
        for theme in THEMES:
            await wear(stop.page, theme)
            yield f"{theme} {size[0]}"
    await stop.resize(SIZES[0])


async def propose(page: Page) -> None:
    """The person of this page proposes a change of the configuration."""
    status = await page.evaluate(
        """() => fetch("/api/v1/configuration/proposals", {
          method: "POST",
          headers: { "Content-Type": "application/json", "X-Carillon": "1" },
          body: JSON.stringify({ section: "skill", name: "french", table: {}, why: "Lyon" }),
        }).then((response) => response.status)"""
    )
    assert status == 201, status


async def wear(page: Page, theme: str) -> None:
    """The page has this theme, given to it as the settings give it."""
    await page.evaluate("(theme) => { document.documentElement.dataset.theme = theme; }", theme)
    await painted(page)


async def settled(page: Page) -> None:
    """The page has its heading, nothing is loading and the frame is painted."""
    await expect(page.locator("#main")).to_be_attached()
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await expect(page.locator("#main h1").first).to_be_attached()
    await painted(page)


async def begin(house: House, **settings: str) -> Tour:
    """Everybody signs in with these settings, and work comes."""
    agent = await house.ready("mia", **STILL)
    await house.arrive(text=WORDS[0], topic="billing")
    await expect(agent.locator(OFFER)).to_be_visible()
    await agent.keyboard.press("F2")
    await expect(agent.locator(".entry-text").first).to_be_visible()
    mail = await house.arrive(MAIL, WORDS[1], "b@ott.example", "Bernadette Ott", topic="billing")
    await expect(agent.locator(OFFER)).to_be_visible()
    await agent.keyboard.press("F2")
    await expect(agent.locator(".envelope")).to_be_visible()
    await agent.locator(FIELD).fill("a draft")
    others = {name: await house.open(name, **STILL) for name in ("max", "ada")}
    for page in (agent, *others.values()):
        await house.set(page, **settings)
    await propose(others["max"])
    await house.arrive(text=WORDS[2], sender="tom@berg.example", name="Tom Berg")
    await expect(agent.locator(OFFER)).to_be_visible()
    return Tour(house, agent, others, mail)
