"""Debian's Chromium, driven by Playwright; no browser is downloaded."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Iterator

from playwright.async_api import Browser as AsyncBrowser
from playwright.async_api import async_playwright
from playwright.sync_api import Browser, sync_playwright

from tests.support.programs import where

QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    # Nothing but this machine exists; without this every start looks up its maker's hosts.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE 127.0.0.1",
)


def options() -> list[str]:
    """The command line of a browser in a test. Its sandbox cannot be had by root."""
    return [*QUIET, "--no-sandbox"] if os.geteuid() == 0 else list(QUIET)


@contextlib.contextmanager
def chromium(*more: str) -> Iterator[Browser]:
    """A browser for a test without an event loop of its own; give each person a new context.

    Playwright runs a loop in this thread meanwhile, so `asyncio.run` cannot be used inside.
    """
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=where("chromium"), args=[*options(), *more]
        )
        try:
            yield browser
        finally:
            browser.close()


@contextlib.asynccontextmanager
async def async_chromium(*more: str) -> AsyncIterator[AsyncBrowser]:
    """A browser for a test that serves the pages from the same event loop."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=where("chromium"), args=[*options(), *more]
        )
        try:
            yield browser
        finally:
            await browser.close()
