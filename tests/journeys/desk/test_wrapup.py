"""Acceptance 24: wrap-up running out is said, can be put off, and loses nothing."""

import re
from pathlib import Path

import msgspec
from playwright.async_api import expect

from router.model.agent import WrapUpRule
from router.model.catalogue import Catalogue
from tests.agent_desktop.world import BILLING, CHAT, a_catalogue
from tests.journeys.desk.stage import REMEMBER_ALERTS, Stage, play


def hurried() -> Catalogue:
    """Wrap-up of 22 seconds, put off by 10 at a time."""
    catalogue = a_catalogue()
    rule = WrapUpRule(limit_ms=22_000, extension_ms=10_000, extensions=10)
    queue = msgspec.structs.replace(catalogue.queues[BILLING], wrap_up={CHAT: rule})
    return msgspec.structs.replace(catalogue, queues={**catalogue.queues, BILLING: queue})


def test_24_the_end_of_wrap_up_is_said_more_time_adds_and_afterwards_all_is_editable(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.evaluate(REMEMBER_ALERTS)
        await page.get_by_role("button", name="End", exact=True).click()
        tray = page.get_by_role("region", name="Wrap-up", exact=True)
        await expect(tray).to_be_visible()
        await expect(page.locator("[data-strip=wrapup].strip-soon")).to_be_visible(timeout=5_000)
        await expect(page.locator("#announce-alert")).to_contain_text("More time is next")
        clock = tray.locator(".wrapup-left .clock")
        await expect(clock).to_have_text(re.compile("00:1."))
        await tray.get_by_role("button", name="More time").click()
        await expect(page.locator("#announce-status")).to_contain_text("More time was added")
        await expect(clock).to_have_text(re.compile("00:2."))
        # Time passes for the whole centre; the desk learns of it by its facts alone.
        await expect(page.locator(".work-head")).to_have_text(["Just done 1"], timeout=40_000)
        await expect(page.get_by_text("can still be changed for 15 minutes")).to_be_visible()
        await expect(tray.get_by_label("Outcome")).to_be_enabled()
        await tray.get_by_label("Outcome").select_option(label="Solved")
        await tray.get_by_role("button", name="Save outcome").click()
        await expect(page.locator("[data-strip=notice].strip-late")).to_have_count(0)

    play(tmp_path, tell, catalogue=hurried())
