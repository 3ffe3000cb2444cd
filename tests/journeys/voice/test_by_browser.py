"""A SIP caller and an agent's browser at a running centre: what one says the other hears."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.async_api import Browser, Page, expect

from config.centre import Site
from config.check import load
from router.model.ids import AgentId
from tests.journeys.desk.calls import FLAGS, KEEP_PEERS, loudest, microphone
from tests.journeys.desk.stage import go_ready, sign_in
from tests.journeys.voice.line import (
    AGENT_HZ,
    CALLER_HZ,
    caller,
    configured,
    heard_for,
    sound_in,
    until,
    voice_of,
)
from tests.journeys.voice.test_a_call import RECORDED
from tests.support import loop
from tests.support.browser import async_chromium

TALKING = ".call-talking"


async def the_page_hears_the_caller(page: Page) -> None:
    for _ in range(20):
        if abs(await loudest(page) - CALLER_HZ) < 12:
            return
    raise AssertionError("the page does not hear the caller")


def test_a_sip_caller_and_a_browser_hear_each_other_and_the_recording_plays(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        folder = configured(tmp_path / "centre", more=RECORDED)
        (folder / "site.toml").write_text('[desk]\nlisten = "127.0.0.1:0"\n')
        (folder / "site.toml").chmod(0o600)
        loaded = load(folder)
        assert not loaded.mistakes, loaded.mistakes
        site = Site(loaded)
        await site.open()
        flags = (
            *FLAGS,
            "--autoplay-policy=no-user-gesture-required",
            f"--use-file-for-fake-audio-capture={microphone(tmp_path, AGENT_HZ)}",
        )
        try:
            async with async_chromium(*flags) as browser:
                await answers(site, browser, tmp_path / "caller")
        finally:
            await site.close()

    loop.run(story())


async def answers(site: Site, browser: Browser, hears: Path) -> None:
    shown = await site.greeting()
    found = re.search(r"(?m)^    mia +(\S{12,})", shown)
    assert found
    origin = f"http://127.0.0.1:{site.desk_port}"
    page = await sign_in(
        browser, origin, "mia", found[1], spy=KEEP_PEERS, permissions=["microphone"]
    )
    voice = voice_of(site.centre)
    await until(lambda: bool(voice.telephones.devices(AgentId("mia"))), "no page is plugged in")
    await go_ready(page)
    async with caller(voice.port(), hears):
        await expect(page.locator("[data-offer]")).to_be_visible(timeout=20_000)
        await page.keyboard.press("F2")
        await expect(page.locator(TALKING)).to_be_visible(timeout=20_000)
        await until(lambda: heard_for(sound_in(hears), AGENT_HZ) > 1, "the caller hears nobody")
        await the_page_hears_the_caller(page)
        await expect(page.locator(".call-recording")).to_be_visible()
        await page.keyboard.press("Shift+F8")
        await expect(page.locator(".call-held")).to_be_visible()
        length = len(sound_in(hears))
        await until(lambda: len(sound_in(hears)) > length + 16_000)
        assert heard_for(sound_in(hears)[length + 8_000 :], AGENT_HZ) == 0
        await page.keyboard.press("Shift+F8")
        length = len(sound_in(hears))
        await until(lambda: heard_for(sound_in(hears)[length:], AGENT_HZ) > 0.5, "still held")
        await page.locator("#conversation-title").focus()
        await page.keyboard.press("Shift+E")
        await expect(page.locator(TALKING)).to_have_count(0)
    await page.get_by_role("button", name="Listen").click(timeout=30_000)
    place = page.locator("[data-recording-place]")
    await expect(place).to_contain_text("00:01")
    await expect(page.get_by_text("Listened to: Mia")).to_be_visible()
