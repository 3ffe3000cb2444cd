"""The widget in odd surroundings: closed hours, a frame, hostile words, a page of ours."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Dialog, expect

from router.model.catalogue import Agent
from router.model.secret import Secret
from tests.channels.chat.centre import HELP, MAIL, MIA, catalogue
from tests.journeys.chat.host import host_site
from tests.journeys.chat.stage import Stage, axe, bubbles, button, play
from tests.support.payloads import xss_payloads


def test_in_closed_hours_a_form_becomes_a_mail_in_the_queue(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await button(page).click()
        await page.get_by_role("heading", name="We are away").wait_for()
        assert await axe(page) == []
        await page.get_by_role("button", name="Send").click()
        await expect(page.get_by_label("Message")).to_be_focused()
        await page.get_by_label("Message").fill("Please call me")
        await page.get_by_label("Mail address").fill("li@example.test")
        await page.get_by_role("button", name="Send").click()
        await page.get_by_text("We answer by mail to li@example.test").wait_for()
        (arrived,) = await stage.centre.arrived()
        assert (arrived.medium, arrived.address) == (MAIL, "help@example.test")

    play(tmp_path, story, calendar="shut")


def test_with_all_places_taken_the_form_comes_in_the_chats_place(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.chatting(await stage.page())
        page = await stage.page(context=await stage.person())
        await stage.opened(page)
        await page.get_by_label("Message").fill("me too")
        await page.get_by_role("button", name="Start chat").click()
        await page.get_by_text("More people are chatting than we can serve").wait_for()

    play(tmp_path, story, open_max=1)


def test_a_place_is_kept_by_mail(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page)
        await page.get_by_role("button", name="Leave a message, keep my place").click()
        await page.get_by_label("Mail address").fill("li@example.test")
        await page.get_by_role("button", name="Keep my place", exact=True).click()
        await page.locator(".log").get_by_text("Your place is kept").wait_for()

    play(tmp_path, story)


def test_a_transcript_is_mailed_after_the_code_came_back(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page)
        await page.get_by_role("button", name="More").click()
        await page.get_by_role("button", name="Send me this chat by mail").click()
        await page.get_by_label("Mail address").fill("li@example.test")
        await page.get_by_role("button", name="Send me a code").click()
        await page.get_by_label("Code", exact=True).fill("1")
        await page.get_by_role("button", name="Send the chat").click()
        await page.get_by_text("This is not the code").wait_for()
        code = stage.centre.mails[0].subject.rpartition(" ")[2]
        await page.get_by_label("Code", exact=True).fill(code)
        await page.get_by_role("button", name="Send the chat").click()
        await expect(page.get_by_label("Code", exact=True)).to_be_hidden()
        assert stage.centre.mails[1].text == "You: Hello\n"

    play(tmp_path, story)


def test_chat_2_in_a_frame_the_chat_is_taken_up_by_a_cookie_no_script_reads(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        # Browsers keep such cookies on this machine's own name alone without TLS.
        stage.host.widget = stage.host.widget.replace("127.0.0.1", "localhost")
        stage.host.attributes += ' data-mode="frame"'
        page = await stage.page()
        await button(page).click()
        frame = page.frame_locator("carillon-chat iframe")
        await frame.get_by_label("Message").fill("from the frame")
        await frame.get_by_role("button", name="Start chat").click()
        log = frame.locator(".log .bubble")
        await expect(log).to_have_text(["from the frame"])
        assert stage.context is not None

        async def cookie() -> Any:
            assert stage.context is not None
            kept = await stage.context.cookies()
            return next((each for each in kept if "carillon-chat" in each.get("name", "")), None)

        while (set_ := await cookie()) is None:
            await page.wait_for_timeout(20)
        assert (set_["name"], set_["httpOnly"], set_["secure"], set_["sameSite"]) == (
            "__Host-carillon-chat",
            True,
            True,
            "None",
        )
        inner = next(each for each in page.frames if "/frame/" in each.url)
        await inner.wait_for_function(
            "(JSON.parse(localStorage['carillon-chat:k_7f'] || '{}')).token === ''"
        )
        await page.reload()
        await expect(log).to_have_text(["from the frame"])
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await stage.centre.reply(chat, "into the frame")
        await expect(log).to_have_text(["from the frame", "into the frame"])
        await frame.get_by_label("Your message").press("Escape")
        await expect(button(page)).to_be_focused()

    play(tmp_path, story)


def test_chat_1_no_other_site_can_frame_the_panel(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        async with host_site() as evil:
            evil.widget = stage.centre.base
            evil.body = f'<iframe src="{stage.centre.base}/frame/k_7f"></iframe>'
            page = await (await stage.person()).new_page()
            refused: list[str] = []
            page.on("console", lambda message: refused.append(message.text))
            await page.goto(evil.origin)
            await page.wait_for_function("frames.length === 1")
            inner = page.frames[1]
            await inner.wait_for_load_state()
            assert inner.url.startswith("chrome-error:")
            assert any("frame-ancestors" in text for text in refused)

    play(tmp_path, story)


def test_attack_25_no_words_names_or_files_become_markup(tmp_path: Path) -> None:
    words = xss_payloads()
    assert len(words) >= 199
    name = "<img src=x onerror=alert(1)>Mia"

    async def story(stage: Stage) -> None:
        page = await stage.page()
        asked: list[str] = []
        dialogs: list[str] = []

        async def dismissed(dialog: Dialog) -> None:
            dialogs.append(dialog.message)
            await dialog.dismiss()

        page.on("dialog", dismissed)
        await stage.chatting(page, words[-1])
        page.on("request", lambda request: asked.append(request.url))
        await stage.centre.ready()
        chat = await stage.centre.accept()
        view = stage.centre.hub.interaction(chat)
        assert view is not None
        for text in words:
            await stage.centre.reply(chat, text)
        file = await stage.centre.files.put(view.subject, b"x", words[1][:150], "text/plain")
        await stage.centre.reply(chat, "the end", files=(file,))
        await bubbles(page).filter(has_text="the end").wait_for()
        await expect(bubbles(page)).to_have_count(len(words) + 2)
        shown = await bubbles(page).evaluate_all("all => all.slice(1, -1).map(e => e.textContent)")
        assert shown == words, "words are shown as they were said"
        odd = await page.evaluate(
            "[...document.querySelector('carillon-chat').shadowRoot.querySelectorAll('.log *')]"
            ".filter(e => /^(script|img|iframe|object|style|math)$/i.test(e.tagName)"
            " || [...e.attributes].some(a => a.name.startsWith('on') ||"
            " /^(javascript|data|vbscript):/i.test(a.value))).map(e => e.outerHTML)"
        )
        assert odd == []
        assert dialogs == []
        assert asked == [], "nothing was fetched for anybody's words"
        assert (await page.get_by_role("heading", level=1).all_text_contents())[-1] == name

    hostile = catalogue(agents={MIA: Agent(id=MIA, name=name, queues=(HELP,))})
    play(tmp_path, story, hostile)


def test_the_demonstration_page_shows_a_working_chat(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await (await stage.person()).new_page()
        await page.goto(f"{stage.centre.base}/demo")
        await stage.opened(page)
        await page.get_by_label("Message").fill("hello")
        await page.get_by_role("button", name="Start chat").click()
        await expect(bubbles(page)).to_have_text(["hello"])

    play(tmp_path, story, demo=True)


@pytest.mark.parametrize("known", [True, False])
def test_a_page_may_write_the_element_itself_and_vouch_for_its_visitor(
    tmp_path: Path, known: bool
) -> None:
    import jwt

    async def story(stage: Stage) -> None:
        stage.host.attributes = ""
        stage.host.body = '<carillon-chat site="k_7f" lang="zh-CN"></carillon-chat>'
        page = await stage.page()
        expires = stage.centre.clock.now() // 1000 + 100
        claims = {"aud": "k_7f", "sub": "4711", "jti": "1", "exp": expires, "name": "Li Wei"}
        token = jwt.encode(claims, "s" * 40, algorithm="HS256")
        if known:
            await page.evaluate("token => carillon.identify(token)", token)
        await button(page).click()
        await page.get_by_label("留言", exact=True).fill("您好")
        await page.get_by_role("button", name="开始咨询").click()
        await expect(bubbles(page)).to_have_text(["您好"])
        (arrived,) = await stage.centre.arrived()
        assert arrived.customer == {"verified": known}
        assert arrived.attributes["language"] == "zh-CN"

    play(tmp_path, story, identity_secret=Secret("env:SITE_KEY", "s" * 40))
