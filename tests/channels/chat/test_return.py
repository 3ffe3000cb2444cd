"""Coming back: after a break, after a restart, after the end; and going without a word."""

import asyncio
import itertools
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from channels.chat.departures import reason_to_leave
from channels.chat.records import Conversation
from channels.chat.rooms import Room
from router.model.catalogue import Announce, OfferCallback, Plan, PlanStep, Queue
from router.model.commands import Tick
from router.model.effects import (
    Connect,
    Deliver,
    Disconnect,
    Effect,
    HoldCustomer,
    RetrieveCustomer,
    Wait,
)
from router.model.events import Closed, CustomerLeft
from router.model.ids import EntryId, Instant, InteractionId, Position, SubjectId
from router.model.interaction import Outcome
from tests.channels.chat.centre import (
    HELP,
    MIA,
    ChatCentre,
    catalogue,
    chat_centre,
    settings,
    tell,
)
from tests.channels.chat.client import once
from tests.support.clock import StillClock
from tests.support.waiting import soon


def test_after_a_restart_a_visitor_resumes_with_nothing_lost_or_doubled(tmp_path: Path) -> None:
    async def story() -> None:
        clock = StillClock()
        lost = once()
        async with chat_centre(tmp_path, clock=clock) as centre:
            await centre.ready()
            async with centre.visitor() as visitor:
                await visitor.start("one")
                chat = await centre.accept()
                await centre.reply(chat, "two")
                await visitor.until_said("two")
                await visitor.send("say", id=lost, text="three")
                await soon(lambda: (centre.hub.interaction(chat) or _none()).entries == 3)
        async with chat_centre(tmp_path, clock=clock) as centre:
            await centre.reply(chat, "four")
            async with centre.visitor(token=visitor.token, after=visitor.seq) as back:
                back.items = visitor.items
                assert (await back.wish("say", id=lost, text="three"))["type"] == "done"
                await back.until_said("four")
                assert sorted(back.texts) == ["four", "one", "three", "two"]
            async with centre.visitor(token=visitor.token) as again:
                await again.until_said("four")
                assert again.texts == back.texts, "every window shows the same order"

    asyncio.run(story())


def _none() -> Any:
    raise AssertionError("the interaction is gone")


def test_a_start_whose_answer_was_lost_begins_one_chat(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        wish = once()
        async with centre.visitor() as visitor:
            await visitor.send("start", id=wish, text="hello")
        await soon(lambda: bool(list(centre.channel._parts.rooms)))
        async with centre.visitor(token=visitor.token) as back:
            if "conversation" not in back.welcome:
                back.token = visitor.token
            assert (await back.wish("start", id=wish, text="hello"))["type"] == "done"
            await back.until_said("hello")
        assert len(await centre.arrived()) == 1

    tell(tmp_path, story)


def test_a_new_chat_after_the_end_is_the_same_customer_who_had_mia(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start("first", name="Li Wei")
            await centre.end(await centre.accept())
            await visitor.until_item("ended")
        async with centre.visitor(token=visitor.token, fresh=True) as again:
            assert "conversation" not in again.welcome
            assert again.token != visitor.token
            await again.start("second")
        first, second = await centre.arrived()
        assert first.subject == second.subject
        assert second.last_agent == MIA

    tell(tmp_path, story)


def test_fresh_does_not_leave_a_chat_that_goes_on(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
        async with centre.visitor(token=visitor.token, fresh=True) as again:
            assert again.welcome["conversation"]["state"] == "waiting"

    tell(tmp_path, story)


def test_who_waits_and_is_away_too_long_has_left(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            centre.clock.pass_ms(3_600_000)
            await centre.channel.look()
            assert (await visitor.wish("say", text="patient"))["type"] == "done"
        await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
        centre.clock.pass_ms(119_000)
        await centre.channel.look()
        assert _left(await centre.events()) == []
        centre.clock.pass_ms(2_000)
        await centre.channel.look()
        assert _left(await centre.events()) == ["away"]
        async with centre.visitor(token=visitor.token) as back:
            assert (await back.until_item("ended"))["reason"] == "away"

    tell(tmp_path, story)


def test_chat_4_a_chat_in_which_nobody_says_anything_for_half_an_hour_ends(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            await visitor.until_item("joined")
            centre.clock.pass_ms(29 * 60_000)
            await centre.reply(chat, "still looking")
            await visitor.until_said("still looking")
            centre.clock.pass_ms(29 * 60_000)
            await centre.channel.look()
            assert _left(await centre.events()) == []
            centre.clock.pass_ms(60_000)
            await centre.channel.look()
            assert (await visitor.until_item("ended"))["reason"] == "idle"

    tell(tmp_path, story)


def _left(events: Any) -> list[str]:
    return [event.reason for event in events if isinstance(event, CustomerLeft)]


def test_a_day_after_the_end_nothing_of_a_chat_is_kept_here(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            await visitor.wish("leave")
        centre.clock.pass_ms(86_400_001)
        await centre.channel.look()
        async with centre.visitor(token=visitor.token) as back:
            assert "conversation" not in back.welcome

    tell(tmp_path, story)


@given(
    state=st.sampled_from(["starting", "waiting", "talking", "ended"]),
    away_ms=st.one_of(st.none(), st.integers(0, 10**7)),
    silent_ms=st.integers(0, 10**7),
    kept=st.booleans(),
)
@hypothesis_settings(max_examples=200)
def test_nobody_who_keeps_their_place_or_is_here_while_waiting_is_sent_away(
    state: str, away_ms: int | None, silent_ms: int, kept: bool
) -> None:
    now = Instant(10**8)
    conversation = Conversation(
        interaction_id=InteractionId("1" * 32),
        site="s",
        token_digest="d",
        start_id="i",
        subject=SubjectId("s"),
        language="en",
        state=state,
        last_seq=1,
        last_at=Instant(now - silent_ms),
        mail_box=b"box" if kept else None,
    )
    room = Room(conversation, now)
    room.away_since = None if away_ms is None else Instant(now - away_ms)
    reason = reason_to_leave(room, now, 120_000, 1_800_000)
    if kept or state == "ended":
        assert reason == ""
    elif state == "talking":
        assert reason == ("idle" if silent_ms >= 1_800_000 else "")
    else:
        assert reason == ("away" if away_ms is not None and away_ms >= 120_000 else "")


def test_effects_that_come_again_at_any_later_place_of_their_decision_change_nothing(
    tmp_path: Path,
) -> None:
    """The hub hands effects over at their decision's first place, after a crash at their own."""

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            await visitor.until_item("waiting")
            chat = (await centre.arrived())[0].interaction_id
            entry = EntryId("e" * 32)
            effects: list[tuple[Effect, int, int]] = [
                (Wait(chat, "help"), 1_000, 1_002),
                (Connect(chat, MIA), 1_010, 1_011),
                (Deliver(chat, entry, None, MIA), 1_020, 1_020),
                (HoldCustomer(chat, MIA), 1_030, 1_030),
                (RetrieveCustomer(chat, MIA), 1_031, 1_031),
                (Disconnect(chat, MIA), 1_040, 1_042),
                (Wait(chat, "billing"), 1_040, 1_043),
                (Connect(chat, MIA), 1_050, 1_051),
            ]
            for effect, first, _ in effects:
                await centre.channel.perform(effect, Position(first))
            once_shown = await _kinds(centre, visitor.token)
            for effect, _, own in effects:
                await centre.channel.perform(effect, Position(own))
            for (effect, first, _), (later, _, own) in itertools.pairwise(effects):
                await centre.channel.perform(effect, Position(first))
                await centre.channel.perform(later, Position(own))
            assert await _kinds(centre, visitor.token) == once_shown
            assert once_shown == [
                "said",
                "waiting",
                "joined",
                "message",
                "held",
                "retrieved",
                "left",
                "waiting",
                "joined",
            ]

    tell(tmp_path, story)


async def _kinds(centre: ChatCentre, token: str) -> list[str]:
    async with centre.visitor(token=token) as visitor:
        await visitor.until("caught_up")
        return visitor.kinds


def test_a_plan_tells_who_waits_and_offers_to_keep_the_place(tmp_path: Path) -> None:
    steps = (
        PlanStep(Announce("You are number {position}."), after_ms=1_000),
        PlanStep(Announce("About {low_minutes} minutes."), after_ms=1_000),
        PlanStep(OfferCallback("Leave us your address?"), after_ms=1_000),
    )

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            centre.clock.pass_ms(1_500)
            await centre.hub.submit(Tick())
            while visitor.kinds.count("notice") < 2:
                await visitor.receive()
            notices = [item for item in visitor.items if item["kind"] == "notice"]
            assert [(item["text"], item["may_keep"]) for item in notices] == [
                ("You are number 1.", False),
                ("Leave us your address?", True),
            ], "what is not known is not said"

    plans = {"calm": Plan("calm", steps)}
    tell(tmp_path, story, given=catalogue(plans=plans, queues={HELP: Queue(HELP, plan="calm")}))


def test_a_full_queue_ends_the_chat_with_its_reason(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as first, centre.visitor() as second:
            await first.start()
            await second.start()
            assert (await second.until_item("ended"))["outcome"] == "queue_full"
        ends = [event.outcome for event in await centre.events() if isinstance(event, Closed)]
        assert ends == [Outcome.QUEUE_FULL]

    tell(tmp_path, story, given=catalogue(queues={HELP: Queue(HELP, limit=1)}))


def test_settings_change_under_a_chat_that_goes_on(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            gone = msgspec.structs.replace(settings(), sites={}, characters_max=100)
            await centre.channel.reconfigure(gone)
            assert (await visitor.wish("say", text="still here"))["type"] == "done"
            assert (await visitor.wish("say", text="x" * 101))["code"] == "too_long"

    tell(tmp_path, story)
