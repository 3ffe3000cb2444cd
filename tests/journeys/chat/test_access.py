"""The widget by keyboard and screen reader, in every size, theme and language."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.journeys.chat.stage import Stage, axe, bubbles, button, play

STATIC = Path(__file__).parents[3] / "channels" / "chat" / "static"


def test_row_39_the_loader_is_small_stores_nothing_and_asks_nothing_before_it_is_opened(
    tmp_path: Path,
) -> None:
    import gzip

    assert len(gzip.compress((STATIC / "widget.js").read_bytes(), 9)) <= 3_000
    assert len(gzip.compress((STATIC / "panel.js").read_bytes(), 9)) <= 45_000

    async def story(stage: Stage) -> None:
        page = await stage.page()
        await button(page).wait_for()
        await page.wait_for_load_state("networkidle")
        asked = [url for url in stage.asked if url.startswith((stage.wire.origin, "ws"))]
        assert asked == [f"{stage.wire.origin}/widget.js"]
        stored = "[localStorage.length, sessionStorage.length, document.cookie]"
        assert await page.evaluate(stored) == [0, 0, ""]
        await stage.opened(page)
        assert await page.evaluate(stored) == [0, 0, ""], "nothing is kept before the first words"

    play(tmp_path, story)


def test_row_40_enter_opens_and_escape_returns_focus_to_the_button(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await button(page).focus()
        await page.keyboard.press("Enter")
        await expect(page.get_by_label("Name (if you like)")).to_be_focused()
        await expect(page.get_by_role("dialog", name="Chat")).to_be_visible()
        await expect(button(page)).to_have_attribute("aria-expanded", "true")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog", name="Chat")).to_be_hidden()
        await expect(button(page)).to_be_focused()
        await expect(button(page)).to_have_attribute("aria-expanded", "false")
        await page.get_by_label("Own field").focus()
        assert not await page.evaluate("document.querySelector('main').inert")

    play(tmp_path, story)


def test_row_40_the_log_says_new_words_only(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page, "old words")
        await page.add_init_script(
            """
            window.said = [];
            const seen = new WeakSet();
            setInterval(() => {
              const log = document.querySelector('carillon-chat')?.shadowRoot
                ?.querySelector('[role=log]');
              if (!log || seen.has(log)) return;
              seen.add(log);
              said.push('put in while ' + log.ariaLive + ': ' + log.querySelectorAll('p').length);
              new MutationObserver((records) => {
                if (log.ariaLive === 'polite')
                  for (const record of records)
                    for (const node of record.addedNodes) said.push(node.textContent);
              }).observe(log, { childList: true });
            }, 1);
            """
        )
        await page.reload()
        await expect(bubbles(page)).to_have_text(["old words"])
        log = page.get_by_role("log", name="Conversation")
        await expect(log).to_have_attribute("aria-live", "polite")
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await stage.centre.reply(chat, "new words")
        await bubbles(page).filter(has_text="new words").wait_for()
        said = " ".join(await page.evaluate("said.slice(1)"))
        assert "new words" in said
        assert "old words" not in said

    play(tmp_path, story)


def test_row_40_blocked_storage_is_told_and_the_chat_works(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        context = await stage.person()
        await context.add_init_script(
            "Object.defineProperty(window, 'localStorage',"
            " { get() { throw new DOMException('blocked', 'SecurityError'); } });"
        )
        page = await stage.page(context=context)
        await stage.opened(page)
        await page.get_by_text("this chat ends when you leave the page").wait_for()
        await page.get_by_label("Message").fill("hello")
        await page.get_by_role("button", name="Start chat").click()
        await expect(bubbles(page)).to_have_text(["hello"])

    play(tmp_path, story)


def test_row_40_the_rating_can_be_skipped(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page)
        await stage.centre.ready()
        await stage.centre.end(await stage.centre.accept())
        await page.get_by_role("button", name="Skip").click()
        await expect(page.get_by_role("group", name="How was it?")).to_be_hidden()
        await page.get_by_role("button", name="Start a new chat").wait_for()

    play(tmp_path, story)


@pytest.mark.parametrize("how", ["isComposing", "keyCode"])
def test_row_36_enter_belongs_to_the_input_method_while_it_composes(
    tmp_path: Path, how: str
) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page)
        box = page.get_by_label("Your message")
        await box.fill("zhongwen")
        fields = "{isComposing: true}" if how == "isComposing" else "{keyCode: 229}"
        await box.evaluate(
            "(box) => box.dispatchEvent(new KeyboardEvent('keydown',"
            f" {{key: 'Enter', bubbles: true, cancelable: true, composed: true, ...{fields}}}))"
        )
        await expect(box).to_have_value("zhongwen")
        await page.keyboard.press("Shift+Enter")
        await expect(box).to_have_value("zhongwen\n")
        await page.keyboard.press("Enter")
        await expect(bubbles(page)).to_have_text(["Hello", "zhongwen"])

    play(tmp_path, story)


def test_row_2_at_320_px_it_fills_the_screen_is_modal_and_gives_all_back(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        context = await stage.person(viewport={"width": 320, "height": 640})
        page = await stage.page(context=context)
        await button(page).click()
        await page.get_by_label("Message").wait_for()
        dialog = page.get_by_role("dialog", name="Chat")
        await expect(dialog).to_have_attribute("aria-modal", "true")
        assert await dialog.bounding_box() == {"x": 0, "y": 0, "width": 320, "height": 640}
        assert await page.evaluate("document.querySelector('main').inert")
        await _no_sideways(page)
        await page.get_by_label("Message").fill("hello " + "x" * 200)
        await page.get_by_role("button", name="Start chat").click()
        await bubbles(page).wait_for()
        await _no_sideways(page)
        await _big_enough(page)
        await page.get_by_role("button", name="Minimise").click()
        assert not await page.evaluate("document.querySelector('main').inert")
        await expect(button(page)).to_be_focused()

    play(tmp_path, story)


async def _no_sideways(page: Page) -> None:
    wide = await page.evaluate(
        "[...document.querySelector('carillon-chat').shadowRoot.querySelectorAll('*')]"
        ".filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1"
        " && !['INPUT', 'SELECT', 'svg'].includes(e.tagName)"
        " && getComputedStyle(e).overflowX !== 'visible').map(e => e.className || e.tagName)"
    )
    assert wide == []
    assert await page.evaluate("document.documentElement.scrollWidth") <= 320


async def _big_enough(page: Page) -> None:
    """Targets are 44 px, links within text aside."""
    small = await page.evaluate(
        "[...document.querySelector('carillon-chat').shadowRoot"
        ".querySelectorAll('button:not(.link), input:not([type=radio]), select, textarea')]"
        ".map(e => [e.ariaLabel ?? e.textContent, e.getBoundingClientRect()])"
        ".filter(([, r]) => r.width > 1 && (r.width < 44 || r.height < 44)).map(([name]) => name)"
    )
    assert small == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_row_1_axe_finds_nothing_in_any_state(tmp_path: Path, scheme: Any, language: str) -> None:
    async def story(stage: Stage) -> None:
        stage.host.attributes = f'data-site="k_7f" data-lang="{language}"'
        words = {"en": ("Start chat", "Message"), "zh-CN": ("开始咨询", "留言")}[language]
        context = await stage.person(color_scheme=scheme, viewport={"width": 390, "height": 740})
        page = await stage.page(context=context)
        assert await axe(page) == []
        await button(page).click()
        await page.get_by_role("button", name=words[0]).click()
        await page.locator(".wrong").wait_for()
        assert await axe(page) == []
        await page.get_by_label(words[1], exact=True).fill("hello")
        await page.get_by_role("button", name=words[0]).click()
        await bubbles(page).wait_for()
        assert await axe(page) == []
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await stage.centre.reply(chat, "see https://example.test/a")
        await page.locator(".bubble a").wait_for()
        await page.locator("header button").first.click()
        await page.locator(".menu").wait_for()
        assert await axe(page) == []
        await page.keyboard.press("Escape")
        await stage.centre.end(chat)
        await page.locator(".scores").wait_for()
        assert await axe(page) == []

    play(tmp_path, story)


@pytest.mark.parametrize(
    ("accent", "text", "outlined"),
    [("#ffd60a", "rgb(15, 18, 22)", True), ("#7a1f5c", "rgb(255, 255, 255)", False)],
)
def test_the_text_on_a_sites_accent_is_chosen_by_contrast(
    tmp_path: Path, accent: str, text: str, outlined: bool
) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.opened(page)
        header = page.locator("carillon-chat header")
        assert await header.evaluate("e => getComputedStyle(e).color") == text
        assert await button(page).evaluate("e => getComputedStyle(e).color") == text
        edge = await header.evaluate("e => getComputedStyle(e).borderBottomColor")
        assert (edge != "rgba(0, 0, 0, 0)") is outlined

    play(tmp_path, story, accent=accent)


def test_pseudo_words_show_that_nothing_is_cut_and_nothing_is_untranslated(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        stage.host.attributes = 'data-site="k_7f" data-lang="pseudo"'
        page = await stage.page()
        await button(page).click()
        await page.locator("#q-text").fill("hello")
        await page.locator("button.primary").click()
        await bubbles(page).wait_for()
        cut = await page.evaluate(
            "[...document.querySelector('carillon-chat').shadowRoot.querySelectorAll('button,p,h1')]"
            ".filter(e => e.clientWidth > 1 && e.scrollWidth > e.clientWidth)"
            ".map(e => e.textContent)"
        )
        assert cut == []
        raw = await page.locator("carillon-chat").evaluate("e => e.shadowRoot.textContent")
        for key in ("queue.", "form.", "composer.", "log."):
            assert key not in raw

    play(tmp_path, story)
