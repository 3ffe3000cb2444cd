"""An agent's page as their telephone: it rings with its sound ready, holds, and gives calls on."""

import asyncio
from pathlib import Path

from router.model.agent import DEVICE_FAULT, Presence
from router.model.commands import (
    Accept,
    CompleteConsult,
    Consult,
    End,
    Hold,
    Retrieve,
    WrapUp,
)
from router.model.events import Closed, Engaged, EngagementEnded, Offered, OfferEnded
from router.model.ids import AgentId
from router.model.interaction import OfferEnd, Outcome
from router.telephones import CallKind, CallPhase, Device, PartyKind, Watching
from tests.channels.voice.town import Town, caller, town
from tests.channels.voice.town import until as until_true
from tests.support import loop
from tests.support.centre import accept_next, make_ready, until

MIA, TOM, SAM = AgentId("mia"), AgentId("tom"), AgentId("sam")


def is_of(kind: type) -> object:
    return lambda recorded: isinstance(recorded.event, kind)


def test_a_page_rings_talks_holds_and_hangs_up(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            mia = place.page("mia")
            await make_ready(place.centre, "mia")
            customer.dial()
            await until_true(lambda: mia.states and mia.state.phase is CallPhase.RINGING)
            assert mia.state.kind is CallKind.INCOMING
            assert mia.state.number == "+4930111"
            assert mia.state.device is Device.BROWSER
            await until_true(customer.hears_music, "no music while it rings")
            offered = await accept_next(place.centre, "mia")
            one = offered.interaction_id
            await until_true(lambda: mia.state.phase is CallPhase.TALKING)
            await until_true(lambda: customer.hears(440))
            assert await mia.hears(1_000)
            await place.voice.telephones.mute(MIA, mia.state.call_id, on=True)
            await until_true(lambda: not customer.hears(440))
            assert mia.state.muted
            await place.voice.telephones.mute(MIA, mia.state.call_id, on=False)
            await until_true(lambda: customer.hears(440))
            await place.centre.hub.submit(Hold(one, MIA))
            await until_true(lambda: mia.state.phase is CallPhase.HELD)
            await until_true(customer.hears_music, "no music on hold")
            assert not await mia.hears(1_000)
            await place.centre.hub.submit(Retrieve(one, MIA))
            await until_true(lambda: customer.hears(440))
            await place.voice.telephones.press(MIA, mia.state.call_id, "12#")
            await until_true(lambda: customer.phone.digits() == "12#")
            await place.centre.hub.submit(End(one, MIA))
            await until_true(lambda: customer.over)
            assert mia.state.phase is CallPhase.ENDED
            await place.centre.hub.submit(WrapUp(one, MIA))
            closed = (await until(place.centre, lambda r: isinstance(r.event, Closed))).event
            assert isinstance(closed, Closed)
            assert closed.outcome is Outcome.HANDLED
            await until_true(lambda: place.voice.calls == 0)

    loop.run(story())


async def talking(place: Town, agent: str) -> Engaged:
    """The agent takes the next call."""
    await accept_next(place.centre, agent)
    engaged = (
        await until(
            place.centre, lambda r: isinstance(r.event, Engaged) and r.event.agent_id == agent
        )
    ).event
    assert isinstance(engaged, Engaged)
    return engaged


def test_a_colleague_is_consulted_joined_and_takes_the_call(tmp_path: Path) -> None:
    """Warm transfer and conference; a supervisor listens, whispers and barges in."""

    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            mia, tom, sam = place.page("mia", 440), place.page("tom", 700), place.page("sam", 1_300)
            telephones = place.voice.telephones
            await make_ready(place.centre, "mia")
            customer.dial()
            one = (await talking(place, "mia")).interaction_id
            await until_true(lambda: customer.hears(440))
            await telephones.watch(SAM, one, Watching.LISTEN)
            await until_true(lambda: sam.states and sam.state.phase is CallPhase.TALKING)
            assert await sam.hears(1_000)
            assert await sam.hears(440)
            assert not customer.hears(1_300)
            assert [party.kind for party in mia.state.parties][-1] is PartyKind.SUPERVISOR
            await telephones.watch(SAM, one, Watching.WHISPER)
            assert await mia.hears(1_300)
            assert not customer.hears(1_300), "a whisper is for the agent alone"
            await telephones.watch(SAM, one, Watching.BARGE)
            await until_true(lambda: customer.hears(1_300))
            await telephones.stop_watching(SAM, one)
            assert sam.state.phase is CallPhase.ENDED
            await make_ready(place.centre, "tom")
            await place.centre.hub.submit(Consult(one, MIA, TOM))
            await until_true(lambda: tom.states and tom.state.kind is CallKind.CONSULT)
            await talking(place, "tom")
            await until_true(lambda: tom.state.phase is CallPhase.TALKING)
            assert await tom.hears(440)
            await until_true(customer.hears_music, "the customer hears music meanwhile")
            await telephones.gather(MIA, one, together=True)
            await until_true(lambda: customer.hears(440) and customer.hears(700))
            await place.centre.hub.submit(CompleteConsult(one, MIA))
            await until_true(lambda: mia.state.phase is CallPhase.ENDED)
            await until_true(lambda: customer.hears(700) and not customer.hears(440))
            customer.call.hang_up()
            await until_true(lambda: tom.state.phase is CallPhase.ENDED)
            assert tom.state.reason == "customer_left"

    loop.run(story())


def test_without_a_telephone_the_call_goes_on_to_somebody_else(tmp_path: Path) -> None:
    """The agent is not ready from then on, for the reason that their device is at fault."""

    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            blocked = place.page("mia")
            blocked.blocked = True
            await make_ready(place.centre, "mia")
            customer.dial()
            ended = (await until(place.centre, lambda r: isinstance(r.event, OfferEnded))).event
            assert isinstance(ended, OfferEnded)
            assert (ended.end, ended.reason) == (OfferEnd.DECLINED, "no_telephone")
            view = place.centre.hub.agent(MIA)
            assert view is not None
            assert (view.presence, view.reason) == (Presence.NOT_READY, DEVICE_FAULT)
            place.page("tom")
            await make_ready(place.centre, "tom")
            offered = (
                await until(
                    place.centre,
                    lambda r: isinstance(r.event, Offered) and r.event.agent_id == "tom",
                )
            ).event
            assert isinstance(offered, Offered)
            await place.centre.hub.submit(Accept(offered.offer_id, TOM))
            await until_true(lambda: customer.hears(440))

    loop.run(story())


def test_who_hangs_up_while_waiting_has_abandoned(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            customer.dial()
            await until_true(customer.hears_music)
            customer.call.hang_up()
            closed = (await until(place.centre, lambda r: isinstance(r.event, Closed))).event
            assert isinstance(closed, Closed)
            assert closed.outcome is Outcome.ABANDONED
            await until_true(lambda: place.voice.calls == 0)

    loop.run(story())


def test_a_page_that_is_cut_keeps_its_call_and_another_takes_the_sound(tmp_path: Path) -> None:
    """Rows 19 and 20: a socket that is cut ends nothing; sound moves when it is asked to."""

    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            telephones = place.voice.telephones
            first = place.page("mia")
            await make_ready(place.centre, "mia")
            customer.dial()
            await talking(place, "mia")
            await until_true(lambda: customer.hears(440))
            telephones.unplug(MIA, first)
            await asyncio.sleep(0.3)
            assert customer.hears(440), "sound is a line of its own"
            second = place.page("mia", 700, tab="another")
            assert second.state.phase is CallPhase.TALKING, "it is shown what goes on"
            await telephones.reconnect(MIA, second.state.call_id, second)
            await until_true(lambda: customer.hears(700))
            customer.call.hang_up()
            await until(place.centre, lambda r: isinstance(r.event, EngagementEnded))

    loop.run(story())
