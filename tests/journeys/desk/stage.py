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


class Line:
    """A way to the server that can be cut and mended while both ends live on."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._server: asyncio.Server | None = None
        self._pairs: set[asyncio.StreamWriter] = set()
        self._cut = False
        self.port = 0

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = int(self._server.sockets[0].getsockname()[1])

    def cut(self) -> None:
        """Every connection breaks, new ones are refused at once."""
        self._cut = True
        for writer in list(self._pairs):
            writer.transport.abort()

    def mend(self) -> None:
        self._cut = False

    async def close(self) -> None:
        self.cut()
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._cut:
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection("127.0.0.1", self._target)
        self._pairs |= {writer, back}
        try:
            await asyncio.gather(_pump(reader, back), _pump(there, writer))
        finally:
            self._pairs -= {writer, back}
            writer.close()
            back.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65_536):
            target.write(data)
            await target.drain()
    with contextlib.suppress(OSError):
        target.write_eof()


class Stage:
    """The centre, and a browser whose way to it is ``line``."""

    def __init__(self, centre: World, browser: Browser, line: Line) -> None:
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
        context = await self.browser.new_context(
            viewport={"width": size[0], "height": size[1]}, locale="en-US", **options
        )
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        page.on("pageerror", lambda error: print("page error:", error))  # noqa: T201 - for who reads a failure
        if spy:
            await page.add_init_script(spy)
        await page.goto(self.centre.origin)
        await page.get_by_label("Name").fill(user)
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("banner")).to_be_visible()
        return page

    async def ready(self, user: str, **more: Any) -> Page:
        """An agent at the page, ready."""
        page = await self.open(user, **more)
        await page.get_by_role("button", name="Go ready").click()
        await expect(page.locator("#presence")).to_contain_text("Ready")
        return page

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
        line = Line(port)
        await line.open()
        # The page's address stays the site's own; only the way there leads over the line.
        way = f"--host-resolver-rules=MAP 127.0.0.1:{port} 127.0.0.1:{line.port}"
        sound = "--autoplay-policy=no-user-gesture-required"
        try:
            async with async_chromium(way, sound, *flags) as browser:
                yield Stage(centre, browser, line)
        finally:
            await line.close()


def play(folder: Path, tell: Callable[[Stage], Awaitable[None]], **options: Any) -> None:
    """Run a journey on a stage of its own."""

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S), stage(folder, **options) as made:
            await tell(made)

    asyncio.run(run())
