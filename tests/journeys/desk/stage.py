"""A stage for the desk: a real centre, its built pages, a real browser, a line to cut."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from agent_desktop.permissions import Role
from router.model.commands import CustomerLeave, SetAttributes
from router.model.ids import InteractionId
from tests.agent_desktop.world import PASSWORD, World, world
from tests.support.browser import async_chromium
from tests.support.proxy import ChaosProxy, chaos_proxy
from tools.console import ROOT

STATIC = ROOT / "agent_desktop" / "static"
DEADLINE_S = 120.0
PATIENCE_MS = 10_000
expect.set_options(timeout=PATIENCE_MS)
WIDE = (1440, 900)
OFFER = "[data-offer]"
FIELD = "#composer-field"

# Kept by the page's own script policy: what Playwright runs does not count as the page's script.
SPY_ON_SOUND = """
(() => {
  window.gains = [];
  const make = AudioContext.prototype.createGain;
  AudioContext.prototype.createGain = function () {
    const node = make.call(this);
    window.gains.push(node);
    return node;
  };
})();
"""

REMEMBER_ALERTS = """
() => {
  window.alerts = [];
  const region = document.getElementById("announce-alert");
  new MutationObserver(() => {
    if (region.textContent !== "") window.alerts.push(region.textContent);
  }).observe(region, { childList: true, characterData: true, subtree: true });
}
"""


async def sign_in(
    browser: Browser,
    origin: str,
    user: str,
    password: str,
    *,
    size: tuple[int, int] = WIDE,
    spy: str = "",
    **options: Any,
) -> Page:
    """Somebody signs in at the page of a fresh browser profile."""
    options.setdefault("locale", "en-US")
    context = await browser.new_context(viewport={"width": size[0], "height": size[1]}, **options)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    if spy:
        await page.add_init_script(spy)
    await page.goto(origin)
    await page.get_by_label("Name").fill(user)
    await page.get_by_label("Password", exact=True).fill(password)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.get_by_role("banner")).to_be_visible()
    return page


async def go_ready(page: Page) -> Page:
    """The agent at this page becomes ready."""
    await page.get_by_role("button", name="Go ready").click()
    await expect(page.locator("#presence")).to_contain_text("Ready")
    return page


class Stage:
    """The centre, and a browser whose way to it is ``line``."""

    def __init__(self, centre: World, browser: Browser, line: ChaosProxy) -> None:
        self.centre = centre
        self.browser = browser
        self.line = line

    def address(self, interaction_id: InteractionId) -> str:
        """Where the desk shows one interaction."""
        return f"{self.centre.origin}/#/{'work'}/{interaction_id}"

    async def open(
        self,
        user: str,
        *,
        role: Role = Role.AGENT,
        teams: Sequence[str] = (),
        size: tuple[int, int] = WIDE,
        spy: str = "",
        **options: Any,
    ) -> Page:
        """Somebody signs in at the page of a fresh browser profile."""
        with contextlib.suppress(Exception):
            await self.centre.add_user(user, role, teams=teams)
        page = await sign_in(
            self.browser, self.centre.origin, user, PASSWORD, size=size, spy=spy, **options
        )
        page.on("pageerror", lambda error: print("page error:", error))  # noqa: T201 - for who reads a failure
        return page

    async def ready(self, user: str, **more: Any) -> Page:
        """An agent at the page, ready."""
        page = await self.open(user, **more)
        return await go_ready(page)

    async def offered(
        self, page: Page, text: str = "Where is my invoice?", **more: Any
    ) -> InteractionId:
        """A customer comes and rings at this page."""
        made = await self.centre.arrive(text=text, **more)
        await expect(page.locator(OFFER).first).to_be_visible()
        return made

    async def taken(
        self, page: Page, text: str = "Where is my invoice?", **more: Any
    ) -> InteractionId:
        """A customer who was offered and accepted; their conversation is on the screen."""
        made = await self.offered(page, text, **more)
        await page.keyboard.press("F2")
        await expect(page.locator("#conversation-title")).to_be_visible()
        await expect(page.locator(OFFER)).to_have_count(0)
        await expect(page.locator(".entry-text").first).to_be_visible()
        return made

    async def leave(self, interaction_id: InteractionId) -> None:
        """The customer goes away."""
        await self.centre.submit(CustomerLeave(interaction_id, "left"))

    async def change_attributes(self, interaction_id: InteractionId, **attributes: str) -> None:
        """The system learns something about an interaction."""
        await self.centre.submit(SetAttributes(interaction_id, dict(attributes)))

    async def second_ring(self, page: Page, **more: Any) -> InteractionId:
        """Somebody else rings while an item is open."""
        more.setdefault("sender", "tom@berg.example")
        more.setdefault("name", "Tom Berg")
        return await self.offered(page, **more)


@asynccontextmanager
async def stage(folder: Path, *, flags: Sequence[str] = (), **options: Any) -> AsyncIterator[Stage]:
    """A stage that lives within the ``async with``; its browser is started with these flags too."""
    assert (STATIC / "index.html").is_file(), "the pages are not built: run `make build`"
    shutil.copytree(STATIC, folder / "static")
    async with world(folder, **options) as centre:
        port = int(centre.origin.rpartition(":")[2])
        # The page's address stays the site's own; only the way there leads over the line.
        sound = "--autoplay-policy=no-user-gesture-required"
        async with chaos_proxy(port) as line:
            way = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{line.port}"
            async with async_chromium(way, sound, *flags) as browser:
                yield Stage(centre, browser, line)


def play(folder: Path, tell: Callable[[Stage], Awaitable[None]], **options: Any) -> None:
    """Run a journey on a stage of its own."""

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S), stage(folder, **options) as made:
            await tell(made)

    asyncio.run(run())
