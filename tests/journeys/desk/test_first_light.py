"""A chat and a mail from the ring to the end of wrap-up, by mouse and by keys."""

from pathlib import Path

from playwright.async_api import expect

from tests.agent_desktop.world import MAIL
from tests.journeys.desk.stage import FIELD, Stage, play


def test_a_chat_is_offered_accepted_answered_ended_and_wrapped_up(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        chat = await stage.taken(page, "Where is my invoice?\nIt is late.")
        await expect(page.locator("#conversation-title")).to_contain_text("Ana Ruiz")
        await page.locator(FIELD).fill("Good morning, it left today.")
        await page.keyboard.press("Enter")
        await expect(page.locator(".entry-agent .entry-text")).to_have_text(
            "Good morning, it left today."
        )
        await expect(page.locator(FIELD)).to_have_value("")
        await stage.centre.says(chat, "Thank you")
        await expect(page.get_by_role("log").get_by_text("Thank you")).to_be_visible()
        await page.get_by_role("button", name="End", exact=True).click()
        await page.get_by_label("Outcome (needed)").select_option(label="Solved")
        await page.get_by_role("button", name="Done").click()
        await expect(page.locator(".work-head")).to_have_text(["Just done 1"])

    play(tmp_path, tell)


def test_a_mail_is_answered_with_its_envelope_and_finished_by_keys(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page, "Refund late", medium=MAIL, sender="b@ott.example", name="B. Ott")
        await expect(page.locator(".address-chip bdi")).to_have_text("b@ott.example")
        await expect(page.get_by_label("Subject")).to_have_value("Re: Refund late")
        await page.locator("#conversation-title").focus()
        await page.keyboard.press("r")
        await expect(page.locator(FIELD)).to_be_focused()
        await page.keyboard.type("It is on its way.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".entry-agent .entry-text")).to_have_text("It is on its way.")

    play(tmp_path, tell)
