"""The whole centre of the examples in one process, its desk's pages in a real browser."""

from __future__ import annotations

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Browser, Page, expect

import config
from config.centre import Site
from config.check import load
from router.model.commands import Arrive, NewEntry, Scalar
from router.model.content import CONTENT_SCHEMA, Content, MailHeaders
from router.model.ids import EntryId, InteractionId, Medium
from router.seals import Address
from tests.journeys.desk.stage import DEADLINE_S, STATIC, WIDE, go_ready, sign_in
from tests.support import loop
from tests.support.browser import async_chromium

EXAMPLE = Path(config.__file__).parent / "examples" / "centre"
MAIL, CHAT = Medium("mail"), Medium("chat")
ALWAYS = """
[hours.office]
every_day = ["00:00-24:00"]
[hours.shop]
every_day = ["00:00-24:00"]
[hours.always]
every_day = ["00:00-24:00"]
[holidays.berlin]
2026-12-25 = "Christmas Day"
"""


class House:
    """A running centre with its configuration, reports and people."""

    def __init__(self, site: Site, browser: Browser, origin: str, folder: Path) -> None:
        self.site = site
        self.browser = browser
        self.origin = origin
        self.folder = folder
        self.passwords: dict[str, str] = {}
        self.errors: list[str] = []

    async def learn_passwords(self) -> None:
        """The log-ins of a lab centre are shown at its first start and never again."""
        shown = await self.site.greeting()
        self.passwords = dict(re.findall(r"^    (\w+) +(\S{12,})(?: +\w+)?$", shown, re.MULTILINE))

    async def open(
        self, user: str, *, size: tuple[int, int] = WIDE, spy: str = "", **options: Any
    ) -> Page:
        """Somebody signs in at the page of a fresh browser profile."""
        page = await sign_in(
            self.browser, self.origin, user, self.passwords[user], size=size, spy=spy, **options
        )
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    async def ready(self, user: str, **more: Any) -> Page:
        """An agent at the page, ready."""
        page = await self.open(user, **more)
        return await go_ready(page)

    async def set(self, page: Page, **settings: Any) -> None:
        """The person of this page has these settings, and the page knows them."""
        await page.evaluate(
            """(settings) => fetch("/api/v1/me/settings", {
              method: "PUT",
              headers: { "Content-Type": "application/json", "X-Carillon": "1" },
              body: JSON.stringify(settings),
            })""",
            settings,
        )
        await page.reload()
        await expect(page.get_by_role("banner")).to_be_visible()

    async def arrive(
        self,
        medium: Medium = CHAT,
        text: str = "Where is my invoice?",
        sender: str = "ana@ruiz.example",
        name: str = "Ana Ruiz",
        content: Content | None = None,
        **attributes: Scalar,
    ) -> InteractionId:
        """A customer reaches the centre with first words; its rules decide about them."""
        centre = self.site.centre
        kind = "mail" if medium == MAIL else "chat"
        subject = await centre.stores.customers.resolve(Address(kind, sender), name)
        mail = MailHeaders(sender=sender, sender_name=name, subject=text)
        words = content or Content(text=text, mail=mail if medium == MAIL else None)
        plain = msgspec.json.encode(words)
        entry_id = EntryId(centre.ids.new())
        sealed = await centre.stores.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        interaction_id = InteractionId(centre.ids.new())
        await centre.hub.submit(
            Arrive(
                interaction_id=interaction_id,
                medium=medium,
                address="www" if medium == CHAT else "hello",
                subject=subject,
                attributes=attributes,
                entry=NewEntry(entry_id, sealed, len(words.files), len(plain)),
            )
        )
        return interaction_id


def _free_port() -> int:
    free = socket.create_server(("127.0.0.1", 0))
    with free:
        return int(free.getsockname()[1])


def _configured(folder: Path, origin: str, **files: str) -> Path:
    """The example centre in a folder of its own, always open, its doors where they are free."""
    shutil.copytree(EXAMPLE, folder)
    site = folder / "site.toml"
    listen = origin.removeprefix("http://")
    doors = (
        f'\n[desk]\nlisten = "{listen}"\norigin = "{origin}"\n[widget]\nlisten = "127.0.0.1:0"\n'
    )
    site.write_text(site.read_text(encoding="utf-8") + doors, encoding="utf-8")
    mail = folder / "channels" / "mail.toml"
    mail.write_text(
        mail.read_text(encoding="utf-8").replace("127.0.0.1:2525", "127.0.0.1:0"), encoding="utf-8"
    )
    agents = folder / "agents.toml"
    # Offers that ring as long as a journey lasts.
    patient = agents.read_text(encoding="utf-8").replace('offer = "25 s"', 'offer = "10 min"')
    for name, words in {"hours": ALWAYS, "agents": patient, **files}.items():
        (folder / f"{name}.toml").write_text(words, encoding="utf-8")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return folder


@asynccontextmanager
async def house(folder: Path, *flags: str, **files: str) -> AsyncIterator[House]:
    """A house that lives within the ``async with``."""
    assert (STATIC / "index.html").is_file(), "the pages are not built: run `make build`"
    origin = f"http://127.0.0.1:{_free_port()}"
    loaded = load(_configured(folder / "centre", origin, **files))
    assert not loaded.mistakes, [str(each) for each in loaded.mistakes]
    site = Site(loaded)
    await site.open()
    try:
        async with async_chromium("--autoplay-policy=no-user-gesture-required", *flags) as browser:
            made = House(site, browser, origin, folder)
            await made.learn_passwords()
            yield made
    finally:
        await site.close()


def live(folder: Path, tell: Callable[[House], Awaitable[None]], **files: str) -> None:
    """Run a journey in a house of its own; no page may have had an error of its own."""

    async def run() -> None:
        async with asyncio.timeout(DEADLINE_S), house(folder, **files) as made:
            await tell(made)
            assert made.errors == []

    loop.run(run())
