"""Effects: what a medium is told, once each, whatever way an interaction ends."""

from __future__ import annotations

import pytest

from router.core import decide, effects_of
from router.model import commands
from router.model.agent import WrapUpMode, WrapUpRule
from router.model.commands import Command, NewEntry
from router.model.content import Author
from router.model.effects import Connect, Deliver, Release, StopRinging
from router.model.events import CustomerLeft, SignedIn
from router.model.ids import AgentId, EntryId, Instant, InteractionId, QueueName
from router.model.interaction import Outcome
from tests.support.floor import CHAT, Floor, a_queue, an_agent

MIA, TOM = AgentId("mia"), AgentId("tom")
I1 = InteractionId("i1")


def floor_of(mode: WrapUpMode = WrapUpMode.MANDATORY) -> Floor:
    queues = a_queue("main", wrap_up={CHAT: WrapUpRule(mode)}), a_queue("second")
    floor = Floor(an_agent("mia"), an_agent("tom", "second"), *queues)
    floor.ready("mia")
    return floor


def releases(floor: Floor, *wishes: Command) -> list[Release]:
    """Every release that these wishes bring about."""
    found: list[Release] = []
    for wish in wishes:
        decided = decide(floor.state, wish, Instant(floor.now))
        found.extend(one for one in decided.effects if isinstance(one, Release))
    return found


END, DONE = commands.End(I1, MIA), commands.WrapUp(I1, MIA)
LEAVE = commands.CustomerLeave(I1)


@pytest.mark.parametrize(
    ("wishes", "outcome"),
    [
        ((END, DONE), Outcome.HANDLED),
        ((LEAVE, DONE), Outcome.HANDLED),
        ((commands.Discard(I1, "sue", "spam"),), Outcome.DISCARDED),
        ((commands.Transfer(I1, MIA, queue=QueueName("second")), LEAVE, DONE), Outcome.ABANDONED),
        ((commands.Park(I1, MIA, Instant(9_000_000)), LEAVE), Outcome.HANDLED),
        ((commands.Requeue(I1, "sue", QueueName("second")), LEAVE), Outcome.ABANDONED),
    ],
)
@pytest.mark.parametrize("mode", [WrapUpMode.MANDATORY, WrapUpMode.NONE])
def test_a_customer_who_was_engaged_is_released_once(
    wishes: tuple[Command, ...], outcome: Outcome, mode: WrapUpMode
) -> None:
    floor = floor_of(mode)
    floor.served("i1", "mia")
    if mode is WrapUpMode.NONE:
        wishes = tuple(wish for wish in wishes if wish is not DONE)
    assert [one.outcome for one in releases(floor, *wishes)] == [outcome]


def test_a_customer_who_was_never_engaged_is_released_once_too() -> None:
    floor = floor_of()
    floor.arrive("i1")
    assert [one.outcome for one in releases(floor, LEAVE, LEAVE)] == [Outcome.ABANDONED]


def test_an_accepted_ring_is_not_stopped_but_connected() -> None:
    floor = floor_of()
    floor.arrive("i1")
    effects = floor.accept("i1.1", "mia").effects
    assert effects == (Connect(I1, MIA, lead=True),)
    assert not any(isinstance(one, StopRinging) for one in effects)


def test_only_words_for_the_customer_are_delivered() -> None:
    floor = floor_of()
    floor.served("i1", "mia")

    def effects(author: Author, *, note: bool = False) -> list[str]:
        entry = NewEntry(EntryId(f"{author}-{note}"))
        agent = MIA if author is Author.AGENT else None
        added = commands.AddEntry(I1, author, entry, agent_id=agent, seen=9, note=note)
        return [one.entry_id for one in floor.do(added).effects if isinstance(one, Deliver)]

    assert effects(Author.AGENT) == ["agent-False"]
    assert effects(Author.SYSTEM) == ["system-False"]
    assert effects(Author.CUSTOMER) == []
    assert effects(Author.AGENT, note=True) == []
    assert effects(Author.SYSTEM, note=True) == []


def test_facts_that_concern_no_medium_have_no_effects() -> None:
    floor = floor_of()
    floor.arrive("i1")
    assert effects_of(floor.state, SignedIn(Instant(floor.now), TOM)) == ()
    assert effects_of(floor.state, CustomerLeft(Instant(floor.now), I1, 0)) == ()
