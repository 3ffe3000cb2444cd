"""Somebody calls, is greeted, waits, is answered, held, and hangs up; every sound is compared."""

import asyncio
from pathlib import Path
from typing import TypeVar

import numpy as np

from config.wiring import Centre
from router.model.commands import Hold, Retrieve, WrapUp
from router.model.events import (
    Closed,
    Engaged,
    EngagementEnded,
    Held,
    SelfServiceStepped,
)
from router.model.fact import Fact
from router.model.ids import AgentId, InteractionId
from router.model.interaction import Outcome
from tests.journeys.voice.line import (
    AGENT_HZ,
    CALLER_HZ,
    PATIENCE_S,
    agents_phone,
    caller,
    configured,
    heard_for,
    sound_in,
    until,
    voice_of,
)
from tests.support import loop
from tests.support.centre import make_ready, running_centre, words
from tests.support.centre import until as until_event

Kind = TypeVar("Kind", bound=Fact)
MIA = AgentId("mia")
RECORDED = """
[channels.voice.recording]
mode = "announce"
"""


def test_a_call_is_greeted_answered_held_recorded_and_in_the_history(tmp_path: Path) -> None:
    """FILE-6, PRIV-4: announced, recorded in stereo, sealed, and a note in the interaction."""

    async def story() -> None:
        folder = configured(tmp_path / "centre", more=RECORDED)
        hears = {name: tmp_path / name for name in ("agent", "caller")}
        async with running_centre(folder) as centre:
            voice = voice_of(centre)
            async with agents_phone(voice.port(), hears["agent"]):
                await until(lambda: bool(voice.telephones.devices(MIA)), "no registration")
                await make_ready(centre, "mia")
                async with caller(voice.port(), hears["caller"]):
                    engaged = await first(centre, Engaged)
                    one = engaged.interaction_id
                    await until(
                        lambda: (
                            heard_for(sound_in(hears["caller"]), AGENT_HZ) > 1
                            and heard_for(sound_in(hears["agent"]), CALLER_HZ) > 1
                        ),
                        "they do not hear each other",
                    )
                    await centre.hub.submit(Hold(one, MIA))
                    await until_event(centre, lambda r: isinstance(r.event, Held))
                    await asyncio.sleep(0.3)
                    before = heard_for(sound_in(hears["agent"]), CALLER_HZ)
                    length = len(sound_in(hears["caller"]))
                    await until(lambda: len(sound_in(hears["caller"])) > length + 8_000)
                    held = sound_in(hears["caller"])[length:]
                    assert heard_for(held, AGENT_HZ) < 0.3, "on hold the caller hears no agent"
                    assert int(abs(held).max()) > 300, "on hold there is music"
                    assert heard_for(sound_in(hears["agent"]), CALLER_HZ) - before < 0.5
                    await centre.hub.submit(Retrieve(one, MIA))
                    length = len(sound_in(hears["caller"]))
                    await until(lambda: heard_for(sound_in(hears["caller"])[length:], AGENT_HZ) > 1)
                ended = await first(centre, EngagementEnded)
                assert ended.how == "customer_left"
                assert ended.held_ms > 0
                await centre.hub.submit(WrapUp(one, MIA))
                closed = await first(centre, Closed)
                assert closed.outcome is Outcome.HANDLED
                stepped = await first(centre, SelfServiceStepped)
                assert (stepped.node, stepped.exit) == ("greeting", "queued")
                opening = (await words(centre, one))[0]
                assert opening.fields["caller"] == "+4930111"
                await check_recording(centre, one)
                await until(lambda: voice.calls == 0, "a conversation is left")
        heard = sound_in(hears["caller"])
        assert int(abs(heard[: 2 * 8_000]).max()) > 300, "nothing was said to the caller"

    loop.run(story())


async def first(centre: Centre, kind: type[Kind]) -> Kind:
    """The first event of a kind, waited for."""
    event = (await until_event(centre, lambda r: isinstance(r.event, kind))).event
    assert isinstance(event, kind)
    return event


async def check_recording(centre: Centre, one: InteractionId) -> None:
    """Left the caller, right what the caller heard."""
    async with asyncio.timeout(PATIENCE_S):
        while not (kept := await centre.stores.recordings.of(one)):  # noqa: ASYNC110 -- nobody tells
            await asyncio.sleep(0.1)
    assert kept[0].channels == ("customer", "agents")
    assert not kept[0].torn
    reader = await centre.stores.recordings.sound(kept[0])
    both = np.frombuffer(await reader.read(0, reader.size_bytes), "<i2")
    left, right = both[0::2], both[1::2]
    assert heard_for(left, CALLER_HZ) > 1.5
    assert heard_for(right, AGENT_HZ) > 1.5
    assert heard_for(left, AGENT_HZ) == 0
    assert heard_for(right, CALLER_HZ) == 0
