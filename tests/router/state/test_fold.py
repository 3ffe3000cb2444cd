"""Folding: every event has a fold, illegal moves fail, and a log gives its state again."""

from __future__ import annotations

import typing

import pytest

from router.core import apply, new_state, state_digest
from router.core.decide import _HANDLERS
from router.model import commands, events
from router.model.agent import Presence
from router.model.catalogue import Limits
from router.model.commands import Command
from router.model.content import Author
from router.model.events import Closed, Engaged, Event, Offered, OfferEnded, Queued
from router.model.explanation import Explanation
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
)
from router.model.interaction import LEGAL_MOVES, OfferEnd, OfferKind, Outcome, Phase, Role
from router.model.skills import Requirement
from router.state.books import RECENT_KEYS
from router.state.fold import _FOLDS
from router.state.fold_interactions import remember_key
from router.state.moves import move
from tests.support.floor import Floor, a_queue, an_agent

I1 = InteractionId("i1")
NOW = Instant(1_000_000)


def test_every_event_has_a_fold_and_every_command_an_answer() -> None:
    assert set(_FOLDS) == set(typing.get_args(Event))
    assert set(_HANDLERS) == set(typing.get_args(Command))
    assert all(getattr(events, kind.__name__) is kind for kind in _FOLDS)
    assert all(kind.__module__ == commands.__name__ for kind in _HANDLERS)


def test_every_move_the_table_does_not_name_is_a_programmers_error() -> None:
    for before in Phase:
        for after in Phase:
            if after in LEGAL_MOVES[before]:
                continue
            floor = Floor()
            floor.arrive("i1", self_service=True)
            interaction = floor.state.interactions[I1]
            interaction.phase = before
            with pytest.raises(AssertionError, match="may not go"):
                move(floor.state, interaction, after, NOW)


def offered(number: int = 1) -> Offered:
    return Offered(
        NOW,
        OfferId(f"i1.{number}"),
        I1,
        AgentId("mia"),
        OfferKind.QUEUE,
        QueueName("main"),
        Medium("chat"),
        Instant(NOW + 1),
        Explanation("longest_idle", (), 0),
    )


@pytest.mark.parametrize(
    "impossible",
    [
        Closed(NOW, InteractionId("stranger"), Outcome.HANDLED),
        Engaged(NOW, I1, AgentId("mia"), Role.LEAD, QueueName("main"), Medium("chat"), 1, 0),
        offered(2),
        OfferEnded(NOW, OfferId("i1.9"), I1, AgentId("mia"), OfferEnd.ACCEPTED, 0),
        events.EntryAdded(NOW, I1, 9, EntryId("e"), Author.CUSTOMER, Medium("chat")),
        Queued(
            NOW,
            I1,
            QueueName("main"),
            7,
            NOW,
            Requirement(),
            "normal",
            0,
            1.0,
            0,
            "",
            "arrival",
            "",
            CatalogueVersion(""),
        ),
    ],
)
def test_an_event_that_cannot_have_happened_is_not_folded(impossible: Event) -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("i1")
    floor.accept("i1.1", "mia")
    with pytest.raises((AssertionError, ValueError)):
        apply(floor.state, impossible)


def test_a_log_folded_by_itself_waits_for_the_first_decision_to_be_matched() -> None:
    """After a crash between two appends nobody may have been offered what they could have."""
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("i1")
    replayed = new_state()
    for event in floor.log[:-1]:  # The offer was never written.
        apply(replayed, event)
    floor.state = replayed
    assert [type(event).__name__ for event in floor.do(commands.Tick()).events] == ["Offered"]


def test_source_keys_are_remembered_in_a_bounded_number() -> None:
    state = new_state()
    for number in range(RECENT_KEYS + 10):
        remember_key(state, f"k{number}", I1)
    remember_key(state, "", I1)
    assert len(state.keys) == len(state.key_order) == RECENT_KEYS
    assert "k9" not in state.keys
    assert "k10" in state.keys


def test_the_digest_tells_states_apart() -> None:
    floor, other = Floor(), Floor()
    assert state_digest(floor.state) == state_digest(other.state)
    floor.arrive("i1")
    assert state_digest(floor.state) != state_digest(other.state)


def test_the_oldest_finished_are_forgotten_but_not_while_somebody_wraps_them_up() -> None:
    floor = Floor(
        an_agent("mia"), a_queue("main"), a_queue("second"), limits=Limits(finished_kept=3)
    )
    floor.ready("mia")
    floor.served("i1", "mia")
    lead = AgentId("mia")
    floor.do(commands.Transfer(I1, lead, queue=QueueName("second")))
    floor.do(commands.CustomerLeave(I1))  # Finished, and mia still wraps it up.
    floor.do(commands.SetPresence(lead, Presence.NOT_READY))
    for number in range(5):
        floor.arrive(f"c{number}")
        floor.do(commands.CustomerLeave(InteractionId(f"c{number}")))
    assert set(floor.state.interactions) == {"i1", "c3", "c4"}
    floor.do(commands.WrapUp(I1, lead))
    for number in range(5, 9):
        floor.arrive(f"c{number}")
        floor.do(commands.CustomerLeave(InteractionId(f"c{number}")))
    assert set(floor.state.interactions) == {"c6", "c7", "c8"}
    assert floor.state.counters.finished == 10
