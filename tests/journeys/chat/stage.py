"""Where the stories play: a real centre, a foreign site with the widget, and a real browser."""

import asyncio
from collections.abc import Awaitable, Callable
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Browser, BrowserContext, Locator, Page

from channels.chat.settings import ChatSettings, Choice, Site
from router.model.catalogue import Catalogue
from tests.channels.chat.centre import SITE, ChatCentre, chat_centre
from tests.channels.chat.flows import Shop
from tests.journeys.chat.host import Host, host_site
from tests.support.browser import async_chromium
from tests.support.proxy import ChaosProxy, chaos_proxy

AXE = files("axe_playwright_python") / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
DESK = {"width": 1000, "height": 760}


def a_site(origin: str, **more: Any) -> Site:
    """A site as a shop would have it."""
    fields: dict[str, Any] = {
        "origins": (origin,),
        "languages": ("en", "zh-CN", "pseudo"),
        "title": {"en": "Harbour Bicycles", "zh-CN": "海港单车"},
        "greeting": {"en": "Hello! How can we help?", "zh-CN": "您好！"},
        "hours": {"en": "Monday to Friday, 8:00 to 18:00"},
        "topics": (Choice("order", {"en": "My order"}), Choice("other", {"en": "Else"})),
        "form_mailbox": "help@example.test",
        "privacy_url": "https://example.test/privacy",
    }
    return Site(**(fields | more))


class Stage:
    """What a story needs at hand."""

    def __init__(self, centre: ChatCentre, host: Host, wire: ChaosProxy, browser: Browser) -> None:
        self.centre = centre
        self.host = host
        self.wire = wire
        self.browser = browser
        self.context: BrowserContext | None = None
        self.errors: list[str] = []
        self.asked: list[str] = []

    async def person(self, **options: Any) -> BrowserContext:
        """A person's browser, with nothing in it."""
        options.setdefault("viewport", DESK)
        options.setdefault("locale", "en")
        return await self.browser.new_context(**options)

    async def page(self, path: str = "/", context: BrowserContext | None = None) -> Page:
        """A page of the foreign site, its errors noted."""
        if context is None:
            context = self.context = self.context or await self.person()
        page = await context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        await page.goto(self.host.origin + path)
        return page

    async def opened(self, page: Page) -> None:
        """The visitor opens the panel and sees the questions."""
        await button(page).click()
        await page.get_by_label("Message").wait_for()

    async def chatting(self, page: Page, words: str = "Hello") -> None:
        """The visitor has begun a chat."""
        await self.opened(page)
        await page.get_by_label("Message").fill(words)
        await page.get_by_role("button", name="Start chat").click()
        await page.get_by_label("Your message").wait_for()

    async def say(self, page: Page, words: str) -> None:
        """The visitor says something, which the centre has when this returns."""
        await page.get_by_label("Your message").fill(words)
        await page.keyboard.press("Enter")
        await bubbles(page).filter(has_text=words).and_(page.locator(":not(.out)")).wait_for()


def button(page: Page) -> Locator:
    """The widget's button."""
    return page.locator("carillon-chat button.o")


def bubbles(page: Page) -> Locator:
    """Everything said in the log."""
    return page.locator(".log .bubble")


async def axe(page: Page) -> list[str]:
    """What axe finds on a page, shadow roots included: violations, and what it cannot decide."""
    await page.evaluate(AXE.read_text(encoding="utf-8"))
    found = await page.evaluate(
        "tags => axe.run(document.querySelector('carillon-chat'),"
        " {runOnly: {type: 'tag', values: tags}, resultTypes: ['violations']})",
        list(TAGS),
    )
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


Story = Callable[[Stage], Awaitable[None]]


def play(
    folder: Path,
    story: Story,
    given: Catalogue | None = None,
    demo: bool = False,
    shop: Shop | None = None,
    **site: Any,
) -> None:
    """Play a story; the browser sees no error, and the site's strict policy refuses nothing."""

    async def played() -> None:
        async with asyncio.timeout(90), host_site() as host:
            settings = ChatSettings(sites={SITE: a_site(host.origin, **site)}, demo=demo)
            async with (
                chat_centre(folder, settings, given, shop=shop) as centre,
                chaos_proxy(urlsplit(centre.base).port or 0) as wire,
                async_chromium() as browser,
            ):
                host.widget = wire.origin
                stage = Stage(centre, host, wire, browser)
                await story(stage)
                assert stage.errors == []
                assert host.reports == []

    asyncio.run(played())


def with_site(settings: ChatSettings, **changes: Any) -> ChatSettings:
    """The settings with changes of the site."""
    site = msgspec.structs.replace(settings.sites[SITE], **changes)
    return msgspec.structs.replace(settings, sites={SITE: site})
