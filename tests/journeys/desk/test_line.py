"""Acceptance 18 and 20: a dead line and a second tab are ordinary states."""

from pathlib import Path

from playwright.async_api import expect

from tests.journeys.desk.stage import FIELD, OFFER, SPY_ON_SOUND, Stage, play


def test_18_after_a_cut_everything_comes_once_in_order_and_the_held_reply_goes_once(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        chat = await stage.taken(page)
        await stage.second_ring(page)
        await page.keyboard.press("F2")
        await expect(page.locator("#conversation-title")).to_contain_text("Tom Berg")
        await expect(page.locator(".entry-customer")).to_have_count(1)
        await page.locator(FIELD).fill("held while away")
        stage.line.sever()
        await expect(page.locator("[data-strip=line]")).to_contain_text(
            "Typing is kept", timeout=5_000
        )
        await page.locator(FIELD).focus()
        await page.keyboard.press("Control+Enter")
        for number in range(5):
            await stage.centre.says(chat, f"while away {number}")
        stage.line.mend()
        await expect(page.locator(".entry-agent .entry-text")).to_have_text(
            "held while away", timeout=30_000
        )
        await expect(page.locator("[data-strip=happened]")).to_contain_text(
            "happened while you were away"
        )
        await page.locator(f'[data-item="{chat}"]').click()
        await expect(page.get_by_text("while away 4")).to_be_visible()
        texts = await page.locator(".entry-customer .entry-text").all_inner_texts()
        assert [text for text in texts if text.startswith("while away")] == [
            f"while away {number}" for number in range(5)
        ]
        await page.wait_for_timeout(500)
        await page.locator(".work-row").filter(has_text="Tom Berg").click()
        await expect(page.locator(".entry-agent .entry-text")).to_have_count(1)

    play(tmp_path, tell)


def test_20_a_second_tab_only_reads_is_silent_and_takes_over_in_a_second(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        first = await stage.ready("mia")
        chat = await stage.taken(first)
        second = await first.context.new_page()
        await second.add_init_script(SPY_ON_SOUND)
        await second.goto(stage.address(chat))
        strip = second.locator("[data-strip=second_tab]")
        await expect(strip).to_contain_text("This one only reads")
        await expect(second.locator(FIELD)).to_have_attribute("readonly", "")
        await stage.second_ring(first)
        assert await second.locator(OFFER).count() == 0
        assert await second.evaluate("window.gains.length") == 0
        await second.wait_for_timeout(320)
        await strip.get_by_role("button", name="Use it here").click()
        await expect(second.locator(OFFER)).to_be_visible(timeout=1_000)
        await expect(first.locator("[data-strip=second_tab]")).to_be_visible(timeout=1_000)
        await expect(first.locator(OFFER)).to_have_count(0)

    play(tmp_path, tell)
