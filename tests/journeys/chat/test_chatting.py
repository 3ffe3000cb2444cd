"""A visitor in a real browser, on a foreign site with a strict policy, talks with the centre."""

import asyncio
from pathlib import Path

from playwright.async_api import FilePayload, expect

from router.model.content import Author
from tests.journeys.chat.stage import Stage, bubbles, button, play


def test_a_visitor_chats_from_the_button_to_the_rating(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        centre = stage.centre
        page = await stage.page()
        await stage.chatting(page, "Where is my order?")
        await page.get_by_text("You are next").wait_for()
        await centre.ready()
        chat = await centre.accept()
        await page.get_by_role("heading", name="Mia").wait_for()
        await centre.reply(chat, "Good morning, see https://example.test/o/1.")
        link = page.get_by_role("link", name="https://example.test/o/1")
        assert await link.get_attribute("rel") == "noopener noreferrer nofollow"
        centre.channel.typing(chat, "Mia", typing=True)
        await page.get_by_text("Mia is typing").wait_for()
        await stage.say(page, "Thank you")
        centre.channel.read(chat, 3)
        await page.get_by_text("Seen", exact=True).wait_for()
        await centre.end(chat)
        await page.get_by_role("radio", name="Very good").check()
        await page.get_by_label("Comment, if you like").fill("quick")
        await page.get_by_role("button", name="Send").click()
        await page.get_by_text("Thank you for telling us").first.wait_for()
        said = [content.text for content in await centre.contents(Author.CUSTOMER)]
        assert said == ["Where is my order?", "Thank you", "quick"]
        await page.get_by_role("button", name="Start a new chat").click()
        await page.get_by_label("Message").wait_for()

    play(tmp_path, story)


def test_row_40_a_reload_and_another_page_take_the_chat_up_without_loss_or_doubling(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page, "one")
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await stage.centre.reply(chat, "two")
        await expect(bubbles(page)).to_have_text(["one", "two"])
        await stage.say(page, "three")
        await page.reload()
        await expect(bubbles(page)).to_have_text(["one", "two", "three"])
        await page.get_by_role("link", name="Another page").click()
        await page.get_by_role("heading", name="Shop /other").wait_for()
        await expect(bubbles(page)).to_have_text(["one", "two", "three"])
        focused = await page.evaluate("document.activeElement.tagName")
        assert focused == "BODY", "a panel that stays open takes no focus"
        await stage.say(page, "four")
        assert await page.evaluate("Object.keys(localStorage)") == ["carillon-chat:k_7f"]
        assert "four" not in await page.evaluate("JSON.stringify(localStorage)")

    play(tmp_path, story)


def test_a_cut_line_loses_nothing_and_doubles_nothing(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page, "one")
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await page.get_by_role("heading", name="Mia").wait_for()
        stage.wire.sever()
        await page.get_by_text("Connecting; your text is kept").wait_for()
        await page.get_by_label("Your message").fill("said while cut")
        await page.keyboard.press("Enter")
        await page.get_by_text("Sending").wait_for()
        await stage.centre.reply(chat, "answered while cut")
        await page.get_by_label("Your message").fill("half a sent")
        stage.wire.mend()
        await expect(bubbles(page)).to_have_text(["one", "answered while cut", "said while cut"])
        await expect(page.get_by_label("Your message")).to_have_value("half a sent")
        said = [content.text for content in await stage.centre.contents()]
        assert said == ["one", "said while cut"]

    play(tmp_path, story)


def test_a_visitor_comes_back_to_a_centre_that_was_started_again(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page, "before")
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await page.get_by_role("heading", name="Mia").wait_for()
        await stage.centre.channel.stop()
        await page.get_by_text("Connecting; your text is kept").wait_for()
        await stage.centre.channel.start()
        await stage.centre.reply(chat, "after")
        await expect(bubbles(page)).to_have_text(["before", "after"], timeout=15_000)

    play(tmp_path, story)


def test_two_windows_of_one_visitor_show_the_same_chat(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        first = await stage.page()
        await stage.chatting(first, "hello")
        second = await stage.page("/other")
        await expect(bubbles(second)).to_have_text(["hello"])
        await stage.say(second, "from the other window")
        await expect(bubbles(first)).to_have_text(["hello", "from the other window"])

    play(tmp_path, story)


def test_a_closed_panel_counts_what_was_not_read_in_the_name_of_its_button(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        await page.evaluate(
            "window.told = []; carillon.on('message', (e) => told.push(e.unread)); 0"
        )
        await stage.chatting(page)
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await page.get_by_role("button", name="Minimise").click()
        await stage.centre.reply(chat, "one")
        await page.get_by_role("button", name="Chat, 1 new message").wait_for()
        await stage.centre.reply(chat, "two")
        await page.get_by_role("button", name="Chat, 2 new messages").wait_for()
        assert await page.evaluate("told") == [1, 2]
        await page.evaluate("carillon.open()")
        await page.get_by_role("button", name="Chat", exact=True).wait_for()
        await page.evaluate("carillon.close()")
        await expect(button(page)).to_have_attribute("aria-expanded", "false")

    play(tmp_path, story)


def test_a_file_goes_up_and_one_comes_down(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        centre = stage.centre
        page = await stage.page()
        await stage.chatting(page)
        await centre.ready()
        chat = await centre.accept()
        async with page.expect_file_chooser() as chosen:
            await page.get_by_role("button", name="Attach a file").click()
        chooser = await chosen.value
        file = FilePayload(name="note.txt", mimeType="text/plain", buffer=b"in the file")
        await chooser.set_files(file)
        await page.get_by_role("button", name="Remove note.txt").wait_for()
        await page.get_by_role("button", name="Send", exact=True).click()
        await page.get_by_role("button", name="Download note.txt").wait_for()
        content = (await centre.contents())[-1]
        view = centre.hub.interaction(chat)
        assert view is not None
        assert await centre.files.get(view.subject, content.files[0].file_id) == b"in the file"
        answer = await centre.files.put(view.subject, b"%PDF-1.7", "plan.pdf", "application/pdf")
        await centre.reply(chat, "", files=(answer,))
        async with page.expect_download() as coming:
            await page.get_by_role("button", name="Download plan.pdf").click()
        down = await coming.value
        assert down.suggested_filename == "plan.pdf"
        assert await asyncio.to_thread(Path(await down.path()).read_bytes) == b"%PDF-1.7"

    play(tmp_path, story)


def test_priv_5_a_card_number_is_asked_about_and_never_leaves_the_page_whole(
    tmp_path: Path,
) -> None:
    async def story(stage: Stage) -> None:
        page = await stage.page()
        frames: list[str] = []
        page.on(
            "websocket",
            lambda socket: socket.on("framesent", lambda frame: frames.append(str(frame))),
        )
        await stage.chatting(page)
        await page.get_by_label("Your message").fill("4111 1111 1111 1111")
        await page.keyboard.press("Enter")
        await page.get_by_text("This looks like a card number").wait_for()
        await page.get_by_role("button", name="Send so").click()
        await bubbles(page).filter(has_text="•••• •••• •••• 1111").wait_for()
        assert "4111 1111" not in "".join(frames)

    play(tmp_path, story)
