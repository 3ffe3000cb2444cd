"""Acceptance 32 and 35 to 37: no colour, no pointer, no motion is needed."""

import io
import itertools
from pathlib import Path

import msgspec
from PIL import Image, ImageChops
from playwright.async_api import Page, expect

from tests.agent_desktop.world import BILLING, MAIL, a_catalogue
from tests.journeys.desk.stage import FIELD, Stage, play

STEP = 48
"""Of 256 levels of grey: what is told apart at a glance."""
PLAINLY = [255 if level > STEP else 0 for level in range(256)]
MARKS = ("on_time", "soon", "late")


async def _open_all(stage: Stage, page: Page) -> None:
    """An open chat, a second one in the list, an offer over them."""
    await stage.taken(page)
    await stage.second_ring(page)
    await page.locator(FIELD).fill("a draft")


def grey(shot: bytes) -> Image.Image:
    """A picture as somebody who sees no colour sees it."""
    return Image.open(io.BytesIO(shot)).convert("L")


def share_that_differs(one: Image.Image, other: Image.Image) -> float:
    """How much of two small pictures differs plainly in brightness, of what either draws."""
    size = (min(one.width, other.width), min(one.height, other.height))
    a, b = one.resize(size), other.resize(size)
    ground = a.tobytes()[0]
    drawn = ImageChops.lighter(
        ImageChops.difference(a, Image.new("L", size, ground)),
        ImageChops.difference(b, Image.new("L", size, ground)),
    ).point(PLAINLY)
    changed = ImageChops.difference(a, b).point(PLAINLY)
    return changed.histogram()[255] / max(1, drawn.histogram()[255])


def test_32_every_promise_has_one_of_three_words_and_shapes(tmp_path: Path) -> None:
    """Ten seconds are promised: seven of them on time, three soon, then late."""
    catalogue = a_catalogue()
    queue = msgspec.structs.replace(catalogue.queues[BILLING], target_ms={MAIL: 10_000})
    quick = msgspec.structs.replace(catalogue, queues={**catalogue.queues, BILLING: queue})

    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia", device_scale_factor=3)
        await stage.taken(page, "Refund late", medium=MAIL, sender="b@ott.example", name="B. Ott")
        shots: dict[str, list[Image.Image]] = {"light": [], "dark": []}
        for state in MARKS:
            mark = page.locator(f".conversation-title .sla-{state}")
            await expect(mark).to_be_visible(timeout=12_000)
            assert await mark.locator(".sla-word").inner_text() == state.replace("_", " ")
            for scheme in ("light", "dark"):
                await page.emulate_media(color_scheme=scheme)
                shots[scheme].append(grey(await mark.locator("svg").screenshot()))
        for seen in shots.values():
            for one, other in itertools.combinations(seen, 2):
                assert share_that_differs(one, other) > 0.2
        await expect(page.locator(".conversation-title .clock")).to_contain_text("\u2212")

    play(tmp_path, tell, catalogue=quick)


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
