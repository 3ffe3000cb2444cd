"""Snapshots give the same state again, quickly, and bad ones are refused in words."""

from __future__ import annotations

import gc
import time

import msgspec
import pytest

from router.core import STATE_VERSION, decide, restore, snapshot, state_digest
from router.model import commands
from router.model.agent import Presence
from router.model.catalogue import Limits
from router.model.errors import InvalidInput
from router.model.ids import AgentId, Instant, InteractionId, OfferId
from router.state.snapshot import Saved
from tests.support.floor import CHAT, MAIL, Floor, an_agent, names

MIA = AgentId("mia")


def full() -> Floor:
    """One interaction in every phase, a wish, a lost desk and remembered keys."""
    floor = Floor(an_agent("mia"), an_agent("tom"), limits=Limits(finished_kept=5))
    floor.ready("mia")
    for name in ("done", "parked", "wrapped", "held"):
        floor.served(name, "mia", MAIL if name == "held" else CHAT)
        floor.now += 1_000
        if name != "held":
            floor.do(commands.End(InteractionId(name), MIA)) if name != "parked" else floor.do(
                commands.Park(InteractionId(name), MIA, Instant(floor.now + 60_000))
            )
        if name == "done":
            floor.do(commands.WrapUp(InteractionId(name), MIA))
    floor.do(commands.Hold(InteractionId("held"), MIA))
    floor.do(commands.SetPresence(MIA, Presence.NOT_READY))
    floor.arrive("flow", self_service=True, source_key="k")
    for number in range(3):
        floor.arrive(f"waiting{number}", MAIL)
    floor.ready("tom")
    floor.do(commands.DeskLost(MIA))
    return floor


def test_a_restored_state_equals_and_decides_alike() -> None:
    floor = full()
    data = snapshot(floor.state)
    copy = restore(data)
    assert state_digest(copy) == state_digest(floor.state)
    for command in (
        commands.Tick(),
        commands.DeskBack(MIA),
        commands.Accept(OfferId("waiting0.1"), AgentId("tom")),
        commands.End(InteractionId("held"), MIA),
        commands.WrapUp(InteractionId("wrapped"), MIA),
    ):
        floor.now += 1_000
        decided = decide(copy, command, Instant(floor.now))
        assert decided.events == floor.do(command).events
    assert snapshot(copy) == snapshot(floor.state)


def test_every_phase_survives() -> None:
    floor = full()
    copy = restore(snapshot(floor.state))
    phases = {of: one.phase for of, one in copy.interactions.items()}
    assert len(set(phases.values())) == 7
    assert phases == {of: one.phase for of, one in floor.state.interactions.items()}
    assert copy.parked == floor.state.parked


def test_bytes_that_are_no_snapshot_are_refused() -> None:
    good = snapshot(full().state)
    for bad in (b"", b"nonsense", good[:-1], good[: len(good) // 2], b"\x93\x01\x02"):
        with pytest.raises(InvalidInput) as refused:
            restore(bad)
        assert refused.value.field == "state"
    assert gc.isenabled()


def test_a_snapshot_of_another_version_is_refused_by_its_number() -> None:
    saved = msgspec.msgpack.decode(snapshot(full().state))
    saved[0] = STATE_VERSION + 1
    with pytest.raises(InvalidInput, match=f"version {STATE_VERSION + 1}") as refused:
        restore(msgspec.msgpack.encode(saved))
    assert refused.value.field == "version"
    assert Saved.__struct_fields__[0] == "version"


def test_many_waiting_are_restored_and_matched_in_little_cpu_time() -> None:
    """The benchmark measures it; here a cost that grew with the square would show."""

    floor = Floor(an_agent("mia"))
    for number in range(20_000):
        floor.arrive(f"i{number:05}")
    data = snapshot(floor.state)
    begun = time.process_time()
    copy = restore(data)
    decide(copy, commands.SignIn(MIA), Instant(floor.now))
    decision = decide(copy, commands.SetPresence(MIA, Presence.READY), Instant(floor.now))
    assert time.process_time() - begun < 3
    assert names(decision) == ["PresenceChanged", "Offered", "Offered", "Offered"]
