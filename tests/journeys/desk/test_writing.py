"""What is written to whom: envelopes with their chips, colleagues in notes, customers' cards."""

from pathlib import Path

from playwright.async_api import expect

from router.model.content import Content, MailHeaders
from tests.agent_desktop.world import CHAT, MAIL
from tests.journeys.desk.stage import FIELD, Stage, play

TO_ALL = Content(
    text="Please answer us all.",
    mail=MailHeaders(
        sender="b@ott.example",
        sender_name="B. Ott",
        to=("help@carillon.example", "eva@ott.example"),
        cc=("jo@ott.example",),
        subject="Refund late",
    ),
)


def test_a_reply_to_all_goes_to_everybody_once_and_chips_are_taken_away_by_keys(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page, medium=MAIL, sender="b@ott.example", content=TO_ALL)
        await page.get_by_role("button", name="Reply to all").click()
        await expect(page.locator("#mail-to")).to_be_focused()
        chips = page.locator(".address-chip bdi")
        await expect(chips).to_have_text(["b@ott.example", "eva@ott.example", "jo@ott.example"])
        await expect(page.get_by_role("button", name="Reply to all")).to_have_count(0)
        await page.keyboard.press("Backspace")
        await expect(page.locator("#mail-to")).to_have_value("eva@ott.example")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("tom@ott.example;nobody")
        await page.locator(FIELD).fill("To all of you.")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator("[data-strip=notice]")).to_contain_text(
            "nobody is not a mail address"
        )
        assert await page.locator(".entry-agent").count() == 0
        await page.get_by_role("button", name="Take nobody away").click()
        await page.wait_for_timeout(300)
        await page.reload()
        await expect(chips).to_have_text(["b@ott.example", "tom@ott.example", "jo@ott.example"])
        await expect(page.locator(FIELD)).to_have_value("To all of you.")
        await expect(page.get_by_role("banner")).to_contain_text("Online")
        await page.locator(FIELD).focus()
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".entry-agent .entry-text")).to_have_text("To all of you.")
        sent = page.locator(".entry-agent .mail-head")
        await expect(sent).to_contain_text("b@ott.example, tom@ott.example")
        await expect(sent).to_contain_text("jo@ott.example")

    play(tmp_path, tell)


def test_an_at_sign_in_a_note_names_a_colleague(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        await stage.open("tom")
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.locator("#conversation-title").focus()
        await page.keyboard.press("n")
        await expect(page.locator(FIELD)).to_be_focused()
        await page.keyboard.type("Ask @to")
        await expect(page.get_by_role("option").first).to_contain_text("Tom")
        await page.keyboard.press("Enter")
        await expect(page.locator(FIELD)).to_have_value("Ask @Tom ")
        await expect(page.locator(FIELD)).to_be_focused()
        await page.keyboard.type("about it")
        await page.keyboard.press("Control+Enter")
        await expect(page.locator(".entry-note .entry-text")).to_have_text("Ask @Tom about it")

    play(tmp_path, tell)


def test_a_customers_tier_and_fields_are_kept_and_show_on_the_next_offer(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.get_by_role("button", name="Edit card").click()
        await page.get_by_label("Tier").fill("gold")
        await page.get_by_role("button", name="Add a field").click()
        await page.get_by_label("Field", exact=True).fill("account")
        await page.get_by_label("Value", exact=True).fill("4711")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("button", name="Edit card")).to_be_focused()
        await expect(page.locator(".fields")).to_contain_text("4711")
        await stage.centre.arrive(text="And another thing")
        await expect(page.get_by_role("dialog", name="Ana Ruiz")).to_contain_text("gold")

    play(tmp_path, tell)


def test_an_agent_is_ready_for_one_medium_only(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.keyboard.press("p")
        await page.get_by_role("menuitemcheckbox", name="Chat").click()
        await expect(page.locator(".load")).to_contain_text("Chat: not ready")
        await page.keyboard.press("Escape")
        await stage.centre.arrive(medium=CHAT)
        await stage.centre.arrive(medium=MAIL, sender="b@ott.example", name="B. Ott")
        await expect(page.get_by_role("dialog", name="B. Ott")).to_be_visible()
        await expect(page.get_by_role("dialog", name="Ana Ruiz")).to_have_count(0)
        await page.keyboard.press("p")
        await page.get_by_role("menuitemcheckbox", name="Chat").click()
        await expect(page.get_by_role("dialog", name="Ana Ruiz")).to_be_visible()

    play(tmp_path, tell)
