"""What a page may never do for a stranger's words: dialogs, requests elsewhere, reports."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Page

HOST = re.compile(r"(?:https?:|[\"'(=\s])//([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")

# The page itself may have no script but its own, no handler and no address that runs.
ACTIVE = """
() => [...document.querySelectorAll("body *")]
  .filter((each) => /^(script|object|embed|base|meta|style|link|math|applet)$/i.test(each.tagName)
    || (each.tagName === "IMG" && !each.src.startsWith(location.origin))
    || (each.tagName === "IFRAME" && !each.sandbox.value.startsWith("allow-popups"))
    || [...each.attributes].some((attribute) => /^on/i.test(attribute.name)
      || (/^(href|src|action|formaction|srcdoc|xlink:href|data)$/i.test(attribute.name)
        && /^\\s*(javascript|data|vbscript):/i.test(attribute.value))))
  .map((each) => each.outerHTML.slice(0, 200))
"""

WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`);
});
"""


class Canary:
    """A listener that the hosts named in some words lead to."""

    def __init__(self, words: Iterable[str]) -> None:
        self.hits: list[str] = []
        self.dialogs: list[str] = []
        self.port = 0
        self._hosts = sorted({host for text in words for host in HOST.findall(text)})

    @property
    def flag(self) -> str:
        """The browser's flag for that; every other host is found nowhere."""
        led = [f"MAP {host} 127.0.0.1:{self.port}" for host in self._hosts]
        return "--host-resolver-rules=" + ", ".join(
            [*led, "MAP * ~NOTFOUND", "EXCLUDE localhost", "EXCLUDE 127.0.0.1"]
        )

    def watch(self, page: Page) -> None:
        """Note what this page and its frames ask people."""

        async def dismissed(dialog: Any) -> None:
            self.dialogs.append(dialog.message)
            await dialog.dismiss()

        page.on("dialog", dismissed)
        page.context.on("page", lambda opened: self.dialogs.append(f"opened {opened.url}"))

    async def hit(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Somebody came here."""
        first = await reader.readline()
        self.hits.append(first[:200].decode("latin-1"))
        writer.close()


@asynccontextmanager
async def canary(words: Iterable[str]) -> AsyncIterator[Canary]:
    """A canary that lives within the ``async with``."""
    made = Canary(words)
    server = await asyncio.start_server(made.hit, "127.0.0.1", 0)
    made.port = int(server.sockets[0].getsockname()[1])
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
