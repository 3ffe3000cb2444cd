"""What breaks under a call: a node that dies, a centre that ends, settings that change."""

import asyncio
import os
import signal
from pathlib import Path

from router.model.agent import Presence
from router.model.events import (
    Arrived,
    Closed,
    CustomerLeft,
    Engaged,
    EngagementEnded,
    Held,
    PresenceChanged,
    SignedOut,
    WrapUpEnded,
)
from router.model.ids import AgentId
from router.model.interaction import Outcome
from router.model.recording import RecordingKind
from tests.channels.voice.town import PATIENCE_S, STRAIGHT, Town, caller, handset, town
from tests.channels.voice.town import until as until_true
from tests.support import loop
from tests.support.centre import accept_next, make_ready, running_centre, until

MIA = AgentId("mia")
PASSWORD = "0123456789abcdefghijkl"


def node_of(place: Town) -> int:
    """The process of the media node."""
    seats = place.voice._house.nodes._pool._seats
    return int(seats[0].process.pid)


def test_a_node_that_dies_loses_no_call(tmp_path: Path) -> None:
    """The far ends are told by a re-INVITE, the page describes itself anew; sound is back."""

    async def story() -> None:
        async with (
            town(tmp_path) as place,
            caller(place) as customer,
            caller(place, 700) as waiting,
        ):
            mia = place.page("mia")
            await make_ready(place.centre, "mia")
            customer.dial()
            await accept_next(place.centre, "mia")
            await until_true(lambda: customer.hears(440))
            waiting.dial(caller="+4930222")
            await until_true(waiting.hears_music)
            former = customer.phone.to
            os.kill(node_of(place), signal.SIGKILL)
            await until_true(lambda: customer.phone.to != former, "no re-INVITE came")
            customer.phone.packets.clear()
            waiting.phone.packets.clear()
            await until_true(lambda: customer.hears(440), "the agent is not heard again")
            await until_true(waiting.hears_music, "who waits hears nothing any more")
            assert await mia.hears(1_000)
            assert place.centre.hub.conservation().balances
            customer.call.hang_up()
            await until(place.centre, lambda r: isinstance(r.event, EngagementEnded))

    loop.run(story())


def test_a_centre_that_ends_hangs_up_and_nothing_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path) as place, handset(1_000, place.voice.port()) as customer:
            place.handsets.append(customer)
            customer.dial()
            await until_true(customer.hears_music)
            store = place.voice._house.store
            kept = await store.calls()
            assert len(kept) == 1
            await place.voice.stop()
            await until_true(lambda: customer.over, "no BYE came")
            left = (await until(place.centre, lambda r: isinstance(r.event, CustomerLeft))).event
            assert isinstance(left, CustomerLeft)
            assert left.reason == "restart"
            # As if the process had been killed: the row is there, and nobody hung up.
            await store.open()
            await store.begin_call(kept[0])
            await store.close()
        async with running_centre(tmp_path / "centre") as again:
            store = again.media.of("voice")._house.store  # type: ignore[union-attr,arg-type]  # The voice channel, by its name.
            assert not await store.calls(), "a call that was cut stands in the table"

    loop.run(story())


def test_a_recording_in_hand_when_the_centre_ends_is_kept_by_the_next(tmp_path: Path) -> None:
    """FILE-6: its key is kept sealed before it begins, so that nothing of it is lost."""

    async def story() -> None:
        async with town(tmp_path) as place, caller(place) as customer:
            customer.dial()
            await until_true(customer.hears_music)
            conversation = place.voice._conversations.all()[0]
            one, leg = conversation.interaction_id, conversation.customer.leg
            recorder = place.voice._recorder
            await recorder.begin(leg, one, conversation.subject, message=False)
            before = len(customer.phone.packets)
            await until_true(lambda: len(customer.phone.packets) > before + 50)
            await place.voice.stop()
        async with running_centre(tmp_path / "centre") as again:
            async with asyncio.timeout(PATIENCE_S):
                while not (kept := await again.stores.recordings.of(one)):  # noqa: ASYNC110 -- nobody tells
                    await asyncio.sleep(0.1)
            assert len(kept) == 1
            assert kept[0].duration_ms > 500

    loop.run(story())


FLOW = """
[flow.main]
start = "message"
[flow.main.node.message]
do = "voicemail"
queue = "general"
otherwise = "gone"
[flow.main.node.gone]
do = "hang_up"
"""


def test_a_message_waits_in_the_queue_with_its_sound(tmp_path: Path) -> None:
    """Hanging up is how people end a message; it is kept all the same."""

    async def story() -> None:
        entry = '[channels.voice.entries."*"]\nflow = "main"\n'
        async with town(tmp_path, entry, flow=FLOW) as place, caller(place) as customer:
            customer.dial()
            await until_true(lambda: customer.phone.to[1] != 9)
            await until_true(lambda: customer.phone.packets)
            customer.phone.press("5")
            await until_true(lambda: place.voice._recorder.going, "nothing is recorded")
            before = len(customer.phone.packets)
            await until_true(lambda: len(customer.phone.packets) > before + 75)
            customer.call.hang_up()
            waiting = place.centre.hub
            await until_true(lambda: len(waiting.waiting("general")) == 1)  # type: ignore[arg-type]  # A queue's name.
            view = waiting.waiting("general")[0]  # type: ignore[arg-type]  # As above.
            assert view.attributes["voicemail"] is True
            kept = await place.centre.stores.recordings.of(view.interaction_id)
            assert [each.kind for each in kept] == [RecordingKind.VOICEMAIL]
            assert kept[0].duration_ms > 1_000

    loop.run(story())


def test_an_agent_with_a_telephone_alone(tmp_path: Path) -> None:
    """Ready by a code, rung, on hold by the telephone's key, wrapped up by a code, signed out."""
    secret = tmp_path / "secret"
    secret.write_text(PASSWORD, encoding="ascii")
    secret.chmod(0o600)
    phones = f'\n[channels.voice.phones.100]\nagent = "mia"\npassword = "file:{secret}"\n'
    phones += f'[channels.voice.phones.101]\npassword = "file:{secret}"\n'

    async def story() -> None:
        async with (
            town(tmp_path, STRAIGHT + phones, networks="127.0.0.2/32") as place,
            handset(440, place.voice.port(), user="100", password=PASSWORD) as desk,
            handset(1_000, place.voice.port(), user="101", password=PASSWORD) as customer,
        ):
            place.handsets += [desk, customer]
            await until_true(lambda: bool(place.voice.telephones.devices(MIA)))
            desk.dial("*1", caller="100")
            ready = (
                await until(
                    place.centre,
                    lambda r: (
                        isinstance(r.event, PresenceChanged) and r.event.presence is Presence.READY
                    ),
                )
            ).event
            assert isinstance(ready, PresenceChanged)
            await until_true(lambda: desk.over)
            # It answers like any telephone: lifting the receiver takes the call.
            customer.dial("200", caller="101")
            await until(place.centre, lambda r: isinstance(r.event, Engaged))
            arrived = (await until(place.centre, lambda r: isinstance(r.event, Arrived))).event
            assert isinstance(arrived, Arrived)
            one = arrived.interaction_id
            await until_true(lambda: customer.hears(440) and desk.hears(1_000))
            desk.hold(on=True)
            await until(place.centre, lambda r: isinstance(r.event, Held))
            await until_true(customer.hears_music)
            desk.hold(on=False)
            await until_true(lambda: customer.hears(440))
            customer.call.hang_up()
            await until_true(lambda: desk.over)
            desk.dial("*4", caller="100")
            await until(place.centre, lambda r: isinstance(r.event, WrapUpEnded))
            closed = (await until(place.centre, lambda r: isinstance(r.event, Closed))).event
            assert isinstance(closed, Closed)
            assert (closed.interaction_id, closed.outcome) == (one, Outcome.HANDLED)
            await until_true(lambda: desk.over)
            desk.dial("*3", caller="100")
            await until(place.centre, lambda r: isinstance(r.event, SignedOut))

    loop.run(story())
