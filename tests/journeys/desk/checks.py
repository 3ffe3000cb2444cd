"""What every page of the desk is asked: accessibility, cut labels, bare keys, foreign words."""

import re
from collections.abc import Iterable
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT  # type: ignore[import-untyped]  # has none
from playwright.async_api import Page

RUN = """
() => axe.run({
  runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
  resultTypes: ["violations", "incomplete"],
})
"""
CUT = """
() => [...document.querySelectorAll("button, label, th, dt, h1, h2, h3, .chip, .badge, .tab")]
  .filter((each) => each.checkVisibility() && !each.closest(".hidden-text") && each.clientWidth > 0)
  .filter((each) => getComputedStyle(each).clipPath === "none")
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.className}: ${each.textContent}`)
"""
WIDE = "document.documentElement.scrollWidth > innerWidth"
PAINTED = """
() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))
  .then(() => Promise.allSettled(document.getAnimations()
    .filter((each) => each instanceof CSSTransition).map((each) => each.finished)))
  .then(() => true)
"""
# All that is read or said: text, names and descriptions, but not what people wrote or named.
SAID = """
() => {
  const found = [];
  const given = "bdi, code, pre, [lang=en], .entry-text, option";
  const own = (each) => !each.closest(given);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (own(node.parentElement)) found.push(node.textContent);
  }
  for (const name of ["aria-label", "title", "placeholder", "alt", "aria-description"]) {
    for (const each of document.querySelectorAll(`[${name}]`)) {
      if (own(each)) found.push(each.getAttribute(name));
    }
  }
  return found;
}
"""
RAW_KEY = re.compile(
    r"\b(?:work|offer|composer|keys|settings|config|report|board|day|metric|audit|proposal"
    r"|move|past|wall|rows|law)\.[a-z_]+\b"
)
SENTENCE = re.compile(r"[A-Za-z]{2,}[,:]? [a-z]{2,}")
"""Two words of English, the second one not a name."""


async def painted(page: Page) -> None:
    """What was just changed on the page stands there, its transitions over."""
    await page.evaluate(PAINTED)


async def axe(page: Page) -> list[str]:
    """What axe finds: violations, and what it could not decide without a reason of ours."""
    if not await page.evaluate("typeof window.axe === 'object'"):
        await page.evaluate(AXE_SCRIPT)
    found: Any = await page.evaluate(RUN)
    # A mail's frame has no scripts, so that axe cannot look into it: nothing else stays undecided.
    undecided = [each for each in found["incomplete"] if each["id"] != "frame-tested"]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in (*found["violations"], *undecided)
        for node in each["nodes"]
    ]


async def awkward(page: Page) -> list[str]:
    """Labels that are cut, and keys of the catalogue that show."""
    shown = await page.locator("body").inner_text()
    return [*await page.evaluate(CUT), *RAW_KEY.findall(shown)]


async def english(page: Page, given: Iterable[str]) -> list[str]:
    """English sentences on a page of another language, but for words given by people."""
    found = []
    for said in await page.evaluate(SAID):
        own = said
        for words in given:
            own = own.replace(words, "")
        if SENTENCE.search(own):
            found.append(said.strip())
    return found
