"""The browser as an agent's telephone: a real page, a real media node, a caller that hums."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, expect

from agent_desktop.audit import AuditQuestion
from agent_desktop.permissions import Role
from router.model.ids import AgentId, InteractionId, Medium
from router.model.recording import Recording, RecordingKind
from router.telephones import CallPhase
from tests.agent_desktop.world import CHAT
from tests.channels.voice.media.room import Phone
from tests.channels.voice.media.sounds import level_of, tone
from tests.channels.voice.media.test_pool import talk
from tests.journeys.desk.calls import (
    AGENT_HZ,
    CALLER_HZ,
    KEEP_PEERS,
    VOICE,
    SoundExchange,
    at_the_telephone,
    loudest,
    until,
)
from tests.journeys.desk.calls import call as calling
from tests.journeys.desk.stage import OFFER, Stage

TALKING = ".call-talking"
HIDE_THE_DEVICE = """
() => {
  const found = navigator.mediaDevices.enumerateDevices.bind(navigator.mediaDevices);
  navigator.mediaDevices.enumerateDevices = async () =>
    (await found()).filter((each) => !each.label.includes("Input 2"));
  navigator.mediaDevices.dispatchEvent(new Event("devicechange"));
}
"""


@asynccontextmanager
async def humming(caller: Phone) -> AsyncIterator[None]:
    """The caller talks, and keeps what it hears, as long as this goes on."""
    task = asyncio.create_task(talk([caller], 10**9))
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def hears_the_agent(caller: Phone, *, wanted: bool = True) -> None:
    """Wait until the caller hears the agent's tone in its last half second, or does not."""

    def hears() -> bool:
        last = caller.heard(25)
        return len(last) >= 4_000 and (level_of(last, AGENT_HZ) > 1_000) is wanted

    await until(hears)


async def hears_the_caller(page: Page) -> None:
    """Wait until the page hears the caller's tone."""
    for _ in range(10):
        if abs(await loudest(page) - CALLER_HZ) < 12:
            return
    raise AssertionError("the page does not hear the caller")


async def choose_the_second_microphone(page: Page) -> None:
    await page.evaluate("location.hash = '#/settings'")
    chooser = page.get_by_label("Microphone", exact=True)
    label = "Fake Audio Input 2"
    await chooser.select_option(label=label)
    await expect(page.locator('[data-strip="device"]')).to_contain_text(label)


def test_19_22_23_a_call_by_the_page_is_heard_both_ways_whatever_happens(tmp_path: Path) -> None:
    async def tell(stage: Stage, exchange: SoundExchange) -> None:
        page = await at_the_telephone(stage)
        caller = exchange.caller
        async with humming(caller):
            chat = await stage.taken(page, "A call", medium=VOICE)
            await expect(page.locator(TALKING)).to_be_visible()
            await expect(page.locator(".call-recording")).to_be_visible()
            await hears_the_agent(caller)
            await hears_the_caller(page)
            # F8 mutes while typing; who speaks on is told so, once.
            await page.locator("#composer-field").focus()
            await page.keyboard.press("F8")
            await expect(page.locator("#control-mute")).to_have_attribute("aria-pressed", "true")
            await hears_the_agent(caller, wanted=False)
            await expect(page.locator('[data-strip="muted"]')).to_contain_text("You are muted")
            await page.keyboard.press("F8")
            await expect(page.locator('[data-strip="muted"]')).to_have_count(0)
            await hears_the_agent(caller)
            # Another microphone, then that one is pulled out: the call was never touched.
            await choose_the_second_microphone(page)
            await page.evaluate(HIDE_THE_DEVICE)
            await expect(page.locator('[data-strip="device"]')).not_to_contain_text("Input 2")
            await expect(page.locator('[data-strip="call"]')).to_contain_text("Talking")
            await page.get_by_role("button", name="Show the call").click()
            # The socket is cut: the page says so, and the sound does not care.
            stage.line.sever()
            await expect(page.locator('[data-strip="line"]')).to_be_visible()
            caller.packets.clear()
            await hears_the_agent(caller)
            await hears_the_caller(page)
            await expect(page.locator(TALKING)).to_be_visible()
            stage.line.mend()
            await expect(page.locator('[data-strip="line"]')).to_have_count(0)
            # Held: neither hears the other. Shift+F8 is there from anywhere.
            await page.keyboard.press("Shift+F8")
            await expect(page.locator(".call-held")).to_be_visible()
            await hears_the_agent(caller, wanted=False)
            await page.keyboard.press("Shift+F8")
            await expect(page.locator(TALKING)).to_be_visible()
            await hears_the_agent(caller)
            # Keys are pressed by keyboard alone.
            await page.locator("#conversation-title").focus()
            await page.keyboard.press("d")
            await expect(page.get_by_role("region", name="Key pad")).to_be_focused()
            await page.keyboard.type("12#")
            await until(lambda: exchange.pressed == ["1", "2", "#"])
            await page.keyboard.press("Escape")
            await page.locator("#conversation-title").focus()
            await page.keyboard.press("Shift+E")
            await expect(page.locator("#control-mute")).to_have_count(0)
            await until(lambda: not exchange.states)
        await plays_the_recording(stage, page, chat)

    calling(tmp_path, tell)


async def plays_the_recording(stage: Stage, page: Page, place: InteractionId) -> None:
    """The recording of a call is played from its timeline, by keyboard."""
    view = stage.centre.hub.interaction(place)
    assert view is not None
    writer = await stage.centre.recordings.store(
        Recording(
            recording_id="r1",
            interaction_id=place,
            subject=view.subject,
            kind=RecordingKind.CALL,
            began=stage.centre.clock.now(),
            rate_hz=8_000,
            channels=("customer", "agents"),
        )
    )
    sound = tone(CALLER_HZ, 20_000).repeat(2)
    await writer.write(sound.tobytes())
    await writer.keep()
    await page.evaluate(f"location.hash = '#/timeline/{place}'")
    await page.get_by_role("button", name="Listen").press("Enter")
    position = page.locator("[data-recording-place]")
    await expect(position).to_contain_text("00:01")
    await expect(page.get_by_text("Listened to: Mia")).to_be_visible()
    await page.get_by_label("Speed").select_option("2")
    await page.get_by_label("Heard").select_option(label="Customer")
    await page.get_by_label("Place in the recording").focus()
    await page.keyboard.press("End")
    await expect(position).to_contain_text("00:20 / 00:20")


def test_21_a_blocked_microphone_takes_calls_away_and_nothing_else(tmp_path: Path) -> None:
    async def tell(stage: Stage, exchange: SoundExchange) -> None:
        page = await stage.open("mia", permissions=[])
        await page.get_by_role("button", name="Go ready").click()
        notice = page.locator('[data-strip="microphone"]')
        await expect(notice).to_contain_text("microphone")

        def free() -> dict[Medium, int]:
            view = stage.centre.hub.agent(AgentId("mia"))
            assert view is not None
            return dict(view.free)

        await until(lambda: free().get(VOICE, 0) == 0 and free().get(CHAT, 0) == 3)
        await stage.offered(page)
        await page.keyboard.press("F2")
        await expect(page.locator(OFFER)).to_have_count(0)
        # The browser tells the page: nothing has to be pressed.
        await page.context.grant_permissions(["microphone"])
        await expect(notice).to_have_count(0)
        await until(lambda: AgentId("mia") in exchange.pages)

    calling(tmp_path, tell)


def test_20_a_call_stays_where_it_is_and_a_reload_takes_it_up_again(tmp_path: Path) -> None:
    async def tell(stage: Stage, exchange: SoundExchange) -> None:
        page = await at_the_telephone(stage)
        async with humming(exchange.caller):
            await stage.taken(page, "A call", medium=VOICE)
            await hears_the_agent(exchange.caller)
            other = await page.context.new_page()
            await other.goto(stage.centre.origin)
            await other.get_by_role("button", name="Use it here").click()
            await expect(other.locator('[data-strip="call"]')).to_be_visible()
            exchange.caller.packets.clear()
            await hears_the_agent(exchange.caller)
            assert await other.evaluate("document.querySelectorAll('audio').length") == 0
            # Another page's end of it is lost with that page; here it is taken up again.
            await page.close(run_before_unload=False)
            (call_id,) = exchange.states
            exchange.tell(call_id, phase=CallPhase.LOST)
            await other.locator(".work-row").first.click()
            await other.get_by_role("button", name="Take the sound again").click()
            await expect(other.locator(TALKING)).to_be_visible()
            exchange.caller.packets.clear()
            await hears_the_agent(exchange.caller)

    calling(tmp_path, tell)


def test_a_supervisor_whispers_from_the_board_and_leaves(tmp_path: Path) -> None:
    async def tell(stage: Stage, exchange: SoundExchange) -> None:
        sue = await stage.open(
            "sue", role=Role.SUPERVISOR, spy=KEEP_PEERS, permissions=["microphone"]
        )
        mia = await at_the_telephone(stage)
        place = await stage.taken(mia, "A call", medium=VOICE)
        await until(lambda: AgentId("sue") in exchange.pages)
        await expect(mia.locator(TALKING)).to_be_visible()
        await sue.evaluate("location.hash = '#/board'")
        grid = sue.get_by_role("grid", name="Agents")
        await grid.get_by_role("row", name=re.compile("^Mia")).get_by_role("rowheader").focus()
        await sue.keyboard.press("ArrowRight")
        await sue.keyboard.press("Enter")
        form = sue.get_by_role("form", name="State of Mia")
        await form.get_by_role("button", name="Whisper").click()
        part = sue.locator('[data-strip="watch"]')
        await expect(part).to_contain_text("In the call of Mia")
        whisper = part.get_by_role("button", name="Whisper")
        await expect(whisper).to_have_attribute("aria-pressed", "true")
        lines = (await stage.centre.audit.read(AuditQuestion(action="monitor"))).entries
        assert [(line.actor, line.action) for line in lines] == [("sue", "monitor.whisper")]
        assert str(place) in lines[0].object
        await part.get_by_role("button", name="Leave").click()
        await expect(part).to_have_count(0)

    calling(tmp_path, tell)
