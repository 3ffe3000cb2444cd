"""A walk through every page of the desk by the people who may see it, with work on it."""

from collections.abc import AsyncIterator, Mapping

from playwright.async_api import Page, expect

from tests.journeys.desk.house import MAIL, House
from tests.journeys.desk.stage import FIELD, OFFER

SIZES = ((1440, 900), (1024, 768), (390, 844))


class Tour:
    """An agent with a chat, a mail and a ringing offer; a manager; an administrator."""

    def __init__(self, house: House, agent: Page, others: Mapping[str, Page], mail: str) -> None:
        self.house = house
        self.agent = agent
        self.pages = {"mia": agent, **others}
        self.mail = mail

    async def stops(self, sections: int = 1) -> AsyncIterator[tuple[str, Page]]:
        """Every page in turn, by name, as it stands when it has settled.

        The parts of the configuration are drawn by the same forms: ``sections`` of them are opened.
        """
        for name, route in (
            ("mia", f"work/{self.mail}"),
            ("mia", "work"),
            ("mia", "day"),
            ("mia", "settings"),
            ("mia", f"timeline/{self.mail}"),
            ("mia", "board"),
            ("max", "board"),
            ("max", "reports"),
            ("ada", "config"),
        ):
            page = self.pages[name]
            await page.evaluate(f"location.hash = '#/{route}'")
            await settled(page)
            yield f"{name} {route.partition('/')[0]}", page
        for section in (await self.pages["ada"].locator(".config-sections button").all())[
            :sections
        ]:
            await section.click()
            await settled(self.pages["ada"])
            first = self.pages["ada"].locator(".config-names button").first
            if await first.count():
                await first.click()
                await settled(self.pages["ada"])
            yield f"ada config {await section.inner_text()}", self.pages["ada"]
        await self.pages["ada"].locator("#config-tab-history").click()
        await settled(self.pages["ada"])
        yield "ada config history", self.pages["ada"]
        await self.pages["max"].evaluate("location.hash = '#/reports'")
        await settled(self.pages["max"])
        for button in await self.pages["max"].locator(".report-head button").all():
            await button.click()
        await settled(self.pages["max"])
        yield "max reports chart", self.pages["max"]

    async def resize(self, size: tuple[int, int]) -> None:
        """Every page has this size."""
        for page in self.pages.values():
            await page.set_viewport_size({"width": size[0], "height": size[1]})


async def settled(page: Page) -> None:
    """The page has its heading, nothing is loading and the frame is painted."""
    await expect(page.locator("#main")).to_be_attached()
    await expect(page.locator("[aria-busy=true]")).to_have_count(0)
    await expect(page.locator("#main h1").first).to_be_attached()
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done, 30)))")


async def begin(house: House, **settings: str) -> Tour:
    """Everybody signs in with these settings, and work comes."""
    agent = await house.ready("mia")
    await house.arrive(text="Where is my invoice?", topic="billing")
    await expect(agent.locator(OFFER)).to_be_visible()
    await agent.keyboard.press("F2")
    await expect(agent.locator(".entry-text").first).to_be_visible()
    mail = await house.arrive(
        MAIL, "Refund late", "b@ott.example", "Bernadette Ott", topic="billing"
    )
    await expect(agent.locator(OFFER)).to_be_visible()
    await agent.keyboard.press("F2")
    await expect(agent.locator(".envelope")).to_be_visible()
    await agent.locator(FIELD).fill("a draft")
    others = {name: await house.open(name) for name in ("max", "ada")}
    for page in (agent, *others.values()):
        await house.set(page, **settings)
    await house.arrive(text="And my refund?", sender="tom@berg.example", name="Tom Berg")
    await expect(agent.locator(OFFER)).to_be_visible()
    return Tour(house, agent, others, mail)
