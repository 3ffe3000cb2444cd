"""A visitor is served by a flow in a real browser: by keyboard, buttons and a hidden field."""

from pathlib import Path

from playwright.async_api import expect

from tests.channels.chat.flows import Shop
from tests.journeys.chat.stage import Stage, axe, bubbles, play


def test_ivr_4_a_visitor_chooses_by_keyboard_and_answers_a_pin_that_is_never_shown(
    tmp_path: Path,
) -> None:
    shop = Shop()

    async def story(stage: Stage) -> None:
        page = await stage.page()
        await stage.chatting(page)
        choices = page.get_by_role("group", name="Choose an answer")
        await expect(choices.get_by_role("button")).to_have_text(["My order", "A person", "9"])
        assert await axe(page) == []
        await choices.get_by_role("button", name="My order").press("Enter")
        await expect(page.get_by_label("Your message")).to_be_focused()
        await expect(choices).to_have_count(0)
        await bubbles(page).filter(has_text="Your account?").wait_for()
        await stage.say(page, "4711")
        hidden = page.get_by_label("Your answer, hidden")
        await expect(hidden).to_have_attribute("type", "password")
        assert await axe(page) == []
        await hidden.fill("0815")
        await page.keyboard.press("Enter")
        await bubbles(page).filter(has_text="It is on its way.").wait_for()
        assert "0815" not in await page.content()
        await page.reload()
        await expect(choices.get_by_role("button")).to_have_count(3)
        await expect(bubbles(page).filter(has_text="A hidden answer")).to_have_count(1)
        await choices.get_by_role("button", name="A person").press("Enter")
        await page.get_by_text("You are next").wait_for()
        await expect(choices).to_have_count(0)
        await stage.centre.ready()
        chat = await stage.centre.accept()
        await stage.centre.reply(chat, "Mia here")
        await bubbles(page).filter(has_text="Mia here").wait_for()
        assert [each.values for each in shop.asked] == [{"account": "4711", "pin": "0815"}]

    play(tmp_path, story, shop=shop, flow="shop")
