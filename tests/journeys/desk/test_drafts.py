"""Acceptance 15 to 17: typing is never lost, and a stale reply is stopped."""

from pathlib import Path

from playwright.async_api import expect

from tests.journeys.desk.stage import FIELD, Stage, play


def test_15_a_draft_survives_switches_a_reload_and_a_killed_tab(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        first = await stage.taken(page)
        await stage.second_ring(page)
        await page.keyboard.press("F2")
        await expect(page.locator("#conversation-title")).to_contain_text("Tom Berg")
        await page.locator(f'[data-item="{first}"]').click()
        await page.locator(FIELD).fill("half a thought")
        for _ in range(10):
            await page.locator(".work-row").filter(has_text="Tom Berg").click()
            await expect(page.locator(FIELD)).to_have_value("")
            await page.locator(f'[data-item="{first}"]').click()
            await expect(page.locator(FIELD)).to_have_value("half a thought")
        await page.reload()
        await expect(page.locator(FIELD)).to_have_value("half a thought")
        await page.locator(FIELD).press_sequentially(" more")
        await page.wait_for_timeout(300)
        again = await page.context.new_page()
        await page.close()
        await again.goto(stage.address(first))
        await expect(again.locator(FIELD)).to_have_value("half a thought more")

    play(tmp_path, tell)


def test_15_a_draft_is_on_another_machine_two_seconds_later(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        chat = await stage.taken(page)
        await page.locator(FIELD).fill("written at work")
        await expect(page.get_by_text("Draft saved")).to_be_visible(timeout=3_000)
        home = await stage.open("mia")
        await home.goto(stage.address(chat))
        await expect(home.locator(FIELD)).to_have_value("written at work")

    play(tmp_path, tell)


def test_16_news_while_typing_leave_value_caret_and_focus_alone(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        chat = await stage.taken(page)
        field = page.locator(FIELD)
        await field.fill("one two three")
        await field.evaluate("(each) => each.setSelectionRange(4, 7)")
        mark = "document.querySelector('#composer-field').dataset.same = 'yes'"
        await page.evaluate(mark)
        await stage.centre.says(chat, "something new")
        await expect(page.get_by_text("something new")).to_be_visible()
        await stage.change_attributes(chat, topic="refund")
        await page.wait_for_timeout(300)
        assert await field.evaluate(
            "(each) => [each.value, each.selectionStart, each.selectionEnd, each.dataset.same]"
        ) == ["one two three", 4, 7, "yes"]
        assert await page.evaluate("document.activeElement.id") == "composer-field"

    play(tmp_path, tell)


def test_17_a_reply_after_newer_words_is_stopped_until_its_writer_chooses(tmp_path: Path) -> None:
    """The newer words come while the desk is away, so that the writer cannot have seen them."""

    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        chat = await stage.taken(page)
        await page.locator(FIELD).fill("It leaves tomorrow.")
        stage.line.sever()
        await expect(page.get_by_role("banner")).to_contain_text("Reconnecting")
        await stage.centre.says(chat, "It has just arrived, thanks")
        await page.locator(FIELD).focus()
        await page.keyboard.press("Control+Enter")
        await expect(page.get_by_role("button", name="Do not send")).to_be_visible()
        stage.line.mend()
        strip = page.locator("[data-strip=stale]")
        await expect(strip).to_contain_text("the customer wrote at")
        await expect(page.locator(FIELD)).to_have_value("It leaves tomorrow.")
        await expect(page.locator("#announce-alert")).to_contain_text("Not sent")
        assert await page.locator(".entry-agent").count() == 0
        await page.wait_for_timeout(320)
        await strip.get_by_role("button", name="Send anyway").click()
        await expect(page.locator(".entry-agent .entry-text")).to_have_text("It leaves tomorrow.")
        await expect(page.locator(FIELD)).to_have_value("")

    play(tmp_path, tell)
