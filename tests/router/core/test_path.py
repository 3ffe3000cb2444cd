"""One interaction's whole way, and what a log is worth."""

from __future__ import annotations

from router.core import (
    apply,
    conservation,
    effects_of,
    interaction_view,
    new_state,
    next_deadline,
    restore,
    snapshot,
    state_digest,
    why_waiting,
)
from router.model.agent import Presence
from router.model.catalogue import Disposition
from router.model.commands import AddEntry, End, NewEntry, SetPresence, SignIn, WrapUp
from router.model.content import Author
from router.model.effects import Effect
from router.model.events import Engaged
from router.model.ids import AgentId, EntryId, Instant, InteractionId
from router.model.interaction import Phase
from tests.support.floor import MAIL, Floor, a_queue, an_agent, names, one

MIA = AgentId("mia")


def served_mail() -> Floor:
    floor = Floor(an_agent("mia"), a_queue(dispositions=(Disposition("solved"),)))
    floor.do(SignIn(MIA))
    floor.arrive("m1", MAIL)
    floor.now += 5_000
    offered = one(floor.do(SetPresence(MIA, Presence.READY)), "Offered")
    floor.now += 2_000
    floor.accept(offered.offer_id, "mia")
    floor.do(
        AddEntry(InteractionId("m1"), Author.AGENT, NewEntry(EntryId("r1")), agent_id=MIA, seen=1)
    )
    floor.do(End(InteractionId("m1"), MIA))
    floor.do(WrapUp(InteractionId("m1"), MIA, "solved"))
    return floor


def test_a_mail_waits_is_offered_answered_and_finished() -> None:
    floor = served_mail()
    kinds = [type(event).__name__ for event in floor.log]
    assert kinds[-11:] == [
        "EntryAdded",
        "Queued",
        "PresenceChanged",
        "Offered",
        "OfferEnded",
        "Engaged",
        "EntryAdded",
        "EngagementEnded",
        "DispositionSet",
        "WrapUpEnded",
        "Closed",
    ]
    view = interaction_view(floor.state, InteractionId("m1"), Instant(floor.now))
    assert view is not None
    assert view.phase is Phase.FINISHED
    assert conservation(floor.state, Instant(floor.now)).balances
    assert next_deadline(floor.state) is None


def test_the_wait_runs_from_the_queue_to_the_answer() -> None:
    floor = served_mail()
    engaged = next(event for event in floor.log if isinstance(event, Engaged))
    assert engaged.waited_ms == 7_000


def test_the_state_is_the_fold_of_the_log_and_gives_the_same_effects() -> None:
    floor = served_mail()
    replayed = new_state()
    effects: list[Effect] = []
    for event in floor.log:
        apply(replayed, event)
        effects.extend(effects_of(replayed, event))
    assert state_digest(replayed) == state_digest(floor.state)
    assert [type(effect).__name__ for effect in effects] == [
        "Wait",
        "Ring",
        "Connect",
        "Deliver",
        "Disconnect",
        "Release",
    ]


def test_a_snapshot_restores_the_same_state() -> None:
    floor = served_mail()
    floor.arrive("m2", MAIL)
    assert state_digest(restore(snapshot(floor.state))) == state_digest(floor.state)


def test_why_an_interaction_waits_can_be_asked() -> None:
    floor = Floor(an_agent("mia"), an_agent("tom", "other"), a_queue("main"), a_queue("other"))
    floor.do(SignIn(MIA))
    floor.arrive("m1", MAIL)
    why = why_waiting(floor.state, InteractionId("m1"), Instant(floor.now))
    assert why is not None
    assert (why.position, why.matching_agents, why.available_agents) == (1, 1, 0)
    assert {refusal.code: refusal.count for refusal in why.refusals} == {"queue": 1, "not_ready": 1}


def test_nobody_answering_sends_it_back_to_its_place_and_the_agent_to_not_ready() -> None:
    floor = Floor(an_agent("mia"))
    floor.ready("mia")
    floor.arrive("m1", MAIL)
    decision = floor.later(60_000)
    assert names(decision) == ["OfferEnded", "PresenceChanged"]
    view = interaction_view(floor.state, InteractionId("m1"), Instant(floor.now))
    assert view is not None
    assert view.phase is Phase.WAITING
