"""Acceptance 1, 2 and 32 to 38: everybody can use it, in every theme, language and width."""

import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped]  # has none
from playwright.async_api import Page, expect

from tests.agent_desktop.world import BILLING, MAIL, a_catalogue
from tests.journeys.desk.stage import FIELD, Stage, play

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = ((1440, 900), (1024, 768), (390, 844))
ROUTES = ("work", "board", "day", "settings")

CUT = """
() => [...document.querySelectorAll("button, label, th, dt, h1, h2, h3, .chip, .badge, .tab")]
  .filter((each) => each.checkVisibility() && !each.closest(".hidden-text") && each.clientWidth > 0)
  .filter((each) => getComputedStyle(each).clipPath === "none")
  .filter((each) => each.scrollWidth > each.clientWidth + 1)
  .map((each) => `${each.className}: ${each.textContent}`)
"""

RINGS = """
() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  const at = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 10));
  return {
    what: document.activeElement.outerHTML.slice(0, 120),
    wide: parseFloat(style.outlineWidth) >= 2 && style.outlineStyle !== "none",
    seen: at === null || document.activeElement.contains(at) || at.contains(document.activeElement)
      || at.closest("label") !== null,
  };
}
"""


async def axe(page: Page) -> list[str]:
    """What axe finds: violations, and what it could not decide without a reason of ours."""
    found: Any = await Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    wrong = found.response["violations"]
    # Two rules can never be decided by a machine here: text over the striped board, and a frame
    # without scripts, into which axe cannot look.
    undecided = [
        each
        for each in found.response["incomplete"]
        if each["id"] not in ("color-contrast", "frame-tested")
    ]
    return [
        f"{each['id']}: {node['html'][:160]}"
        for each in (*wrong, *undecided)
        for node in each["nodes"]
    ]


async def _open_all(stage: Stage, page: Page) -> None:
    """An open chat, a second one in the list, an offer over them."""
    await stage.taken(page)
    await stage.second_ring(page)
    await page.locator(FIELD).fill("a draft")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_01_axe_finds_nothing_on_any_route(tmp_path: Path, theme: str, language: str) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.evaluate(
            """([theme, language]) => fetch("/api/v1/me/settings", {
              method: "PUT",
              headers: { "Content-Type": "application/json", "X-Carillon": "1" },
              body: JSON.stringify({ theme, language }),
            })""",
            [theme, language],
        )
        await page.reload()
        await expect(page.locator("html")).to_have_attribute("lang", language)
        await _open_all(stage, page)
        found = []
        for size in SIZES:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            for route in ROUTES:
                if route == "work":
                    await page.locator(".work-row").first.evaluate("(each) => each.click()")
                else:
                    await page.evaluate(f"location.hash = '#/{route}'")
                await expect(page.locator("#main h1").first).to_be_attached()
                await page.wait_for_timeout(250)
                found += [f"{route} {size[0]} {each}" for each in await axe(page)]
                await page.evaluate("location.hash = '#/work'")
        assert found == []

    play(tmp_path, tell)


def test_01_axe_finds_nothing_on_the_sign_in_page(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await (await stage.browser.new_context()).new_page()
        for scheme in ("light", "dark"):
            await page.emulate_media(color_scheme=scheme)
            await page.goto(stage.centre.origin)
            await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
            assert await axe(page) == []

    play(tmp_path, tell)


def test_02_at_320_px_nothing_scrolls_sideways(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        wide = "document.documentElement.scrollWidth > innerWidth"
        page = await stage.open("mia", size=(320, 700))
        await page.evaluate("location.hash = '#/work'")
        await page.get_by_role("button", name="Go ready").click()
        await _open_all(stage, page)
        for route in ROUTES:
            await page.evaluate(f"location.hash = '#/{route}'")
            await page.wait_for_timeout(250)
            assert not await page.evaluate(wide), route
        await page.context.clear_cookies()
        await page.goto(stage.centre.origin)
        await page.reload()
        await expect(page.get_by_role("button", name="Sign in")).to_be_visible()
        assert not await page.evaluate(wide)

    play(tmp_path, tell)


def test_32_every_promise_has_one_of_three_words_and_shapes(tmp_path: Path) -> None:
    """Ten seconds are promised: seven of them on time, three soon, then late."""
    catalogue = a_catalogue()
    queue = msgspec.structs.replace(catalogue.queues[BILLING], target_ms={MAIL: 10_000})
    quick = msgspec.structs.replace(catalogue, queues={**catalogue.queues, BILLING: queue})

    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page, "Refund late", medium=MAIL, sender="b@ott.example", name="B. Ott")
        shapes = []
        for state in ("on_time", "soon", "late"):
            mark = page.locator(f".conversation-title .sla-{state}")
            await expect(mark).to_be_visible(timeout=12_000)
            assert await mark.locator(".sla-word").inner_text() == state.replace("_", " ")
            shapes.append(await mark.locator("svg").inner_html())
        assert len(set(shapes)) == 3
        await expect(page.locator(".conversation-title .clock")).to_contain_text("\u2212")

    play(tmp_path, tell, catalogue=quick)


def test_33_and_34_tab_reaches_everything_with_a_ring_and_f6_goes_through_the_regions(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.reload()
        await expect(page.locator(".entry").first).to_be_visible()
        await page.keyboard.press("Tab")
        assert (
            await page.evaluate("document.activeElement.textContent") == "Skip to the conversation"
        )
        for _ in range(45):
            await page.wait_for_timeout(20)
            ring = await page.evaluate(RINGS)
            assert ring["wide"], ring
            assert ring["seen"], ring
            await page.keyboard.press("Tab")
            if await page.evaluate("document.activeElement === document.body"):
                break
        await page.locator("#presence").focus()
        seen = []
        for _ in range(6):
            await page.keyboard.press("F6")
            seen.append(
                await page.evaluate(
                    "document.activeElement.closest('[data-region]').dataset.region"
                )
            )
        assert seen == ["rail", "work", "conversation", "composer", "side", "status"]

    play(tmp_path, tell)


def test_35_single_letters_keep_out_of_fields_and_a_taken_key_is_refused(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.locator(FIELD).focus()
        await page.keyboard.type("njt?")
        await expect(page.locator(FIELD)).to_have_value("njt?")
        await page.locator("#conversation-title").focus()
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.evaluate("location.hash = '#/settings'")
        await page.locator('[data-act="reply"]').click()
        await page.keyboard.press("n")
        await expect(
            page.locator(".mistake", has_text="n is already used: Write a note")
        ).to_be_visible()
        await page.locator('[data-act="reply"]').click()
        await page.keyboard.press("x")
        await expect(page.locator('[data-act="reply"]')).to_have_text("x")
        await page.get_by_label("Single keys outside text fields").uncheck()
        await page.locator("h1").first.click()
        await page.keyboard.press("g")
        await page.keyboard.press("w")
        await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()

    play(tmp_path, tell)


def test_36_enter_never_sends_while_an_input_method_composes(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.locator(FIELD).fill("nihao")
        for how in ("{ key: 'Enter', isComposing: true }", "{ key: 'Enter', keyCode: 229 }"):
            await page.evaluate(
                f"""() => document.querySelector("{FIELD}").dispatchEvent(
                  new KeyboardEvent(
                    "keydown", Object.assign({{ bubbles: true, cancelable: true }}, {how})))"""
            )
        await page.wait_for_timeout(500)
        await expect(page.locator(FIELD)).to_have_value("nihao")
        assert await page.locator(".entry-agent").count() == 0

    play(tmp_path, tell)


def test_37_with_reduced_motion_nothing_is_animated(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia", reduced_motion="reduce")
        await _open_all(stage, page)
        await page.get_by_role("button", name="Find", exact=True).hover()
        moving = "document.getAnimations().filter((each) => each.playState === 'running').length"
        assert await page.evaluate(moving) == 0

    play(tmp_path, tell)


@pytest.mark.parametrize("language", ["zh-CN", "pseudo"])
def test_38_no_label_is_cut_and_no_key_shows(tmp_path: Path, language: str) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.evaluate("location.hash = '#/settings'")
        await page.get_by_label("Language").select_option(value=language)
        await expect(page.locator("html")).to_have_attribute(
            "lang", "zh-CN" if language == "zh-CN" else "en"
        )
        await page.evaluate("location.hash = '#/work'")
        await _open_all(stage, page)
        for size in SIZES:
            await page.set_viewport_size({"width": size[0], "height": size[1]})
            for route in ROUTES:
                await page.evaluate(f"location.hash = '#/{route}'")
                await page.wait_for_timeout(250)
                assert await page.evaluate(CUT) == [], (route, size)
                text = await page.locator("body").inner_text()
                assert re.findall(r"\b(?:work|offer|composer|keys|settings)\.[a-z_]+\b", text) == []

    play(tmp_path, tell)
