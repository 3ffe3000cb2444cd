"""Take the pictures of README and manual: ``make pictures``.

The real programs do it: the demonstration centre runs with its simulated customers, an agent takes
what is offered at the desk, a manager looks at board and report. Nothing is staged, so names and
numbers differ each time.
"""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect

from tests.support.browser import chromium
from tests.support.programs import Running, free_port, speaks, start, wait_until
from tools.console import ROOT, say

FOLDER = ROOT / "docs" / "pictures"
SIZE = (1280, 800)
BYTES_MAX = 200_000
"""What a page of the manual may cost whoever opens it."""
PATIENCE_MS = 120_000
"""Customers come when they come."""
ITEMS = 3
ANSWER = "Let me look at that for you: one moment, please."
_COLOURS = (256, 128, 64)
_LOG_IN = re.compile(r"^    (\w+) +(\S+)  (?:agent|supervisor|manager|administrator)", re.MULTILINE)


def main() -> int:
    """Take every picture; exit code 1 where one does not fit."""
    expect.set_options(timeout=PATIENCE_MS)
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        centre = _centre(Path(folder), port)
        try:
            passwords = dict(_LOG_IN.findall(centre.said()))
            origin = f"http://127.0.0.1:{port}"
            with chromium() as browser:
                agent = _signed_in(browser, origin, "mia", passwords["mia"])
                _work(agent)
                manager = _signed_in(browser, origin, "max", passwords["max"])
                fits = [
                    _kept(agent, "desk"),
                    _kept(_at(manager, "board", manager.get_by_role("grid").first), "board"),
                    _kept(_at(manager, "reports", manager.get_by_role("grid")), "report"),
                ]
        finally:
            centre.stop()
    return 0 if all(fits) else 1


def _centre(folder: Path, port: int) -> Running:
    """The demonstration on ports from this one on, its greeting written."""
    command = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "config.main", "run", "--demo"]
    command += ["--ports", str(port), "--folder", str(folder / "centre")]
    output = folder / "output"
    output.mkdir()
    centre = start(command, folder=output, ready=lambda: speaks(port))
    wait_until(lambda: "stop with Ctrl+C" in centre.said(), "the greeting is written")
    return centre


def _signed_in(browser: Browser, origin: str, user: str, password: str) -> Page:
    context = browser.new_context(
        viewport={"width": SIZE[0], "height": SIZE[1]},
        locale="en-US",
        color_scheme="light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    page.goto(origin)
    page.get_by_label("Name").fill(user)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("banner")).to_be_visible()
    return page


def _work(page: Page) -> None:
    """The agent takes some customers, answers one, and looks at why that one was offered."""
    page.get_by_role("button", name="Go ready").click()
    rows = page.locator(".work-row")
    for number in range(1, ITEMS + 1):
        say(f"waiting for customer {number} of {ITEMS}")
        expect(page.locator("[data-offer]").first).to_be_visible()
        page.keyboard.press("F2")
        expect(rows.nth(number - 1)).to_be_visible()
    rows.first.click()
    expect(page.locator(".entry").first).to_be_visible()
    page.locator("#composer-field").fill(ANSWER)
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator(".entry-agent").first).to_be_visible()
    page.get_by_role("tab", name="Why").click()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)


def _at(page: Page, place: str, settled: Locator) -> Page:
    """A page that shows this place, what it reads come."""
    page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
    expect(settled).to_be_visible()
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    return page


def _kept(page: Page, name: str) -> bool:
    """Keep what the page shows; whether it is as small as it must be."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path = FOLDER / f"{name}.png"
    for colours in _COLOURS:
        shot.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= BYTES_MAX:
            break
    size = path.stat().st_size
    say(f"{path.relative_to(ROOT)}: {size} bytes")
    return size <= BYTES_MAX


if __name__ == "__main__":
    sys.exit(main())
