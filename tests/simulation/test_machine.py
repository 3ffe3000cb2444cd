"""Hypothesis wishes commands in any order and shrinks what breaks an invariant.

Run it longer by raising ``CARILLON_EXAMPLES``; without it the examples are the same each time.
"""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from router.core import apply, decide, new_state, next_deadline, restore, snapshot, state_digest
from router.model import commands
from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import (
    Announce,
    Catalogue,
    GiveUp,
    Overflow,
    Plan,
    PlanStep,
    PriorityClass,
    Queue,
    Relax,
    Rule,
    RuleSet,
    Widen,
)
from router.model.commands import Command, NewEntry
from router.model.content import Author
from router.model.errors import Refused
from router.model.events import Engaged, Event, Offered, WriterStarted
from router.model.ids import (
    AgentId,
    CaseId,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
    SkillName,
    SubjectId,
)
from router.model.interaction import OfferKind
from router.model.skills import Need, Requirement
from router.state.records import Interaction
from tests.simulation import invariants
from tests.simulation.naive import next_offer
from tests.support.floor import CHAT, MAIL, VOICE, a_catalogue, a_queue, an_agent

EXAMPLES = int(os.environ.get("CARILLON_EXAMPLES", "0"))
AGENTS = ("mia", "tom", "eva")
INTERACTIONS = tuple(f"i{number}" for number in range(6))
QUEUES = (QueueName("main"), QueueName("second"))
START = 1_700_000_000_000
LOAD = Capacity(
    slots={CHAT: 2, MAIL: 1, VOICE: 1}, total=3, interrupted_by={VOICE: (), CHAT: (MAIL, CHAT)}
)

agents = some.sampled_from(AGENTS).map(AgentId)
interactions = some.sampled_from(INTERACTIONS).map(InteractionId)
queues = some.sampled_from(QUEUES)
media = some.sampled_from((CHAT, MAIL, VOICE))
waits = some.sampled_from((0, 1, 999, 5_000, 30_000, 61_000, 900_000, 40_000_000))


def terms(name: str, mode: WrapUpMode, strategy: str) -> Queue:
    return a_queue(
        name,
        strategy=strategy,
        priority_class="gold" if name == "second" else "normal",
        plan="patience",
        wrap_up=dict.fromkeys((CHAT, MAIL, VOICE), WrapUpRule(mode, limit_ms=30_000)),
        last_agent_ms=10_000,
    )


def centre(mode: WrapUpMode, strategy: str, *, gone: str = "", lost: str = "") -> Catalogue:
    everybody = [
        an_agent(name, *QUEUES, skills={"es": level})
        for level, name in enumerate(AGENTS, start=1)
        if name != gone
    ]
    kept = [terms(name, mode, strategy) for name in QUEUES if name != lost]
    patience = (
        PlanStep(Announce("{position}"), after_ms=5_000, every_ms=20_000),
        PlanStep(Relax(Requirement()), after_ms=20_000),
        PlanStep(Widen(QUEUES), after_ms=30_000, when="position == 1"),
        PlanStep(Overflow(QUEUES[1]), after_ms=60_000, when="waiting > 2"),
        PlanStep(GiveUp(), after_ms=3_600_000),
    )
    fluent = Requirement(all_of=(Need(SkillName("es"), 2),))
    rules = RuleSet(
        default_queue=QUEUES[0],
        rules=(Rule("fluent", "interaction.medium == 'mail'", requirement=fluent),),
    )
    return a_catalogue(
        *everybody,
        *kept,
        version=f"{mode}-{strategy}-{gone}-{lost}",
        capacity=LOAD,
        rules=rules,
        plans={"patience": Plan("patience", patience)},
        classes={
            "normal": PriorityClass("normal"),
            "gold": PriorityClass("gold", rank=1, slope=0.5),
        },
    )


class Centre(RuleBasedStateMachine):
    """Two queues, three agents, six customers, and everything that can be wished of them."""

    def __init__(self) -> None:
        super().__init__()
        self.state = new_state()
        self.shadow = new_state()
        self.now = START
        self.entries = 0
        self.codes: set[str] = set()
        self.over = invariants.AfterClosed()
        self.assigned: set[tuple[str, str]] = set()
        self.arrivals = 0
        self.mode, self.strategy = WrapUpMode.MANDATORY, "longest_idle"

    def wish(self, command: Command) -> bool:
        before = state_digest(self.state)
        try:
            decision = decide(self.state, command, Instant(self.now))
        except Refused as refusal:
            self.codes.add(refusal.code)
            assert state_digest(self.state) == before
            return False
        for event in decision.events:
            self.see(event)
        if decision.events:
            assert next_offer(self.shadow, self.now) is None, "somebody idle could take one"
        return True

    def see(self, event: Event) -> None:
        if isinstance(event, Offered) and event.kind is OfferKind.QUEUE:
            expected = next_offer(self.shadow, self.now)
            assert (event.interaction_id, event.agent_id) == expected
        if isinstance(event, Engaged) and event.by:
            self.assigned.add((event.interaction_id, event.agent_id))
        apply(self.shadow, event)
        self.over.see(event)

    def entry(self) -> NewEntry:
        self.entries += 1
        return NewEntry(EntryId(f"e{self.entries}"))

    def lead_of(self, interaction_id: InteractionId) -> AgentId:
        interaction = self.state.interactions.get(interaction_id)
        lead = None if interaction is None else interaction.lead()
        return AgentId("mia") if lead is None else lead.agent_id

    def known(self, interaction_id: InteractionId) -> Interaction | None:
        return self.state.interactions.get(interaction_id)

    # What can be wished.

    @initialize(
        mode=some.sampled_from(WrapUpMode),
        strategy=some.sampled_from(("longest_idle", "best_skilled", "round_robin", "weighted")),
    )
    def open(self, mode: WrapUpMode, strategy: str) -> None:
        self.mode, self.strategy = mode, strategy
        self.wish(commands.ChangeCatalogue(centre(mode, strategy)))
        for name in AGENTS:
            self.wish(commands.SignIn(AgentId(name)))

    @rule(wait_ms=waits)
    def time_passes(self, wait_ms: int) -> None:
        end = self.now + wait_ms
        for _ in range(2_000):
            due = next_deadline(self.state)
            if due is None or due > end:
                break
            self.now = max(self.now, due)
            self.wish(commands.Tick())
            invariants.nothing_is_overdue(self.state, Instant(self.now))
        self.now = end

    @rule(interaction_id=interactions, medium=media, case=some.sampled_from((None, "c1", "c2")))
    def somebody_arrives(
        self, interaction_id: InteractionId, medium: Medium, case: str | None
    ) -> None:
        self.wish(
            commands.Arrive(
                interaction_id,
                medium,
                "site",
                SubjectId("s1"),
                case_id=None if case is None else CaseId(case),
                entry=self.entry(),
                last_agent=AgentId("tom"),
                self_service=medium == VOICE,
            )
        )

    @rule(interaction_id=interactions)
    def self_service_ends(self, interaction_id: InteractionId) -> None:
        self.wish(commands.Enqueue(interaction_id))

    @rule(interaction_id=interactions)
    def a_step_is_taken(self, interaction_id: InteractionId) -> None:
        self.wish(commands.NoteStep(interaction_id, "main", "menu", "1", 900))

    @rule(interaction_id=interactions)
    def the_customer_leaves(self, interaction_id: InteractionId) -> None:
        self.wish(commands.CustomerLeave(interaction_id))

    @rule(agent=agents, ready=some.booleans(), by=some.sampled_from(("", "sue")))
    def presence_changes(self, agent: AgentId, *, ready: bool, by: str) -> None:
        presence = Presence.READY if ready else Presence.NOT_READY
        self.wish(commands.SetPresence(agent, presence, by=by))

    @rule(agent=agents, force=some.booleans())
    def an_agent_signs_out(self, agent: AgentId, *, force: bool) -> None:
        self.wish(commands.SignOut(agent, force=force))

    @rule(agent=agents)
    def an_agent_signs_in(self, agent: AgentId) -> None:
        self.wish(commands.SignIn(agent))

    @rule(agent=agents, back=some.booleans())
    def a_desk_is_lost_or_found(self, agent: AgentId, *, back: bool) -> None:
        self.wish(commands.DeskBack(agent) if back else commands.DeskLost(agent))

    def rings(self) -> list[tuple[OfferId, AgentId]]:
        return [
            (offer, row.id) for row in self.state.agents.values() for offer in sorted(row.offers)
        ]

    @precondition(lambda self: bool(self.rings()))
    @rule(data=some.data(), takes=some.sampled_from((True, True, True, False)))
    def a_ring_is_answered(self, data: some.DataObject, *, takes: bool) -> None:
        offer, agent = data.draw(some.sampled_from(self.rings()))
        done = self.wish(commands.Accept(offer, agent) if takes else commands.Decline(offer, agent))
        assert done, "a ring that goes on can be answered"
        assert not self.wish(commands.Accept(offer, agent)), "and only once"

    @rule(interaction_id=interactions)
    def the_lead_ends(self, interaction_id: InteractionId) -> None:
        self.wish(commands.End(interaction_id, self.lead_of(interaction_id)))

    @rule(interaction_id=interactions, agent=agents, done=some.booleans())
    def wrap_up(self, interaction_id: InteractionId, agent: AgentId, *, done: bool) -> None:
        self.wish(commands.WrapUp(interaction_id, agent, done=done))
        self.wish(commands.ExtendWrapUp(interaction_id, agent))

    @rule(interaction_id=interactions, queue=queues, keep=some.booleans())
    def transfer_to_a_queue(
        self, interaction_id: InteractionId, queue: QueueName, *, keep: bool
    ) -> None:
        lead = self.lead_of(interaction_id)
        self.wish(commands.Transfer(interaction_id, lead, queue=queue, keep_age=keep))

    @rule(interaction_id=interactions, agent=agents)
    def transfer_to_a_person(self, interaction_id: InteractionId, agent: AgentId) -> None:
        lead = self.lead_of(interaction_id)
        self.wish(commands.Transfer(interaction_id, lead, to_agent=agent))

    @rule(interaction_id=interactions, agent=agents)
    def consult(self, interaction_id: InteractionId, agent: AgentId) -> None:
        self.wish(commands.Consult(interaction_id, self.lead_of(interaction_id), agent))

    @rule(interaction_id=interactions, complete=some.booleans(), agent=agents)
    def consulting_ends(
        self, interaction_id: InteractionId, agent: AgentId, *, complete: bool
    ) -> None:
        if complete:
            self.wish(commands.CompleteConsult(interaction_id, self.lead_of(interaction_id)))
        else:
            self.wish(commands.EndConsult(interaction_id, agent))

    @rule(interaction_id=interactions, wait_ms=waits)
    def park(self, interaction_id: InteractionId, wait_ms: int) -> None:
        until = Instant(self.now + wait_ms)
        self.wish(commands.Park(interaction_id, self.lead_of(interaction_id), until))

    @rule(interaction_id=interactions, agent=agents)
    def unpark(self, interaction_id: InteractionId, agent: AgentId) -> None:
        self.wish(commands.Unpark(interaction_id, agent))

    @rule(interaction_id=interactions, author=some.sampled_from(Author), seen=some.integers(0, 3))
    def words_are_added(self, interaction_id: InteractionId, author: Author, seen: int) -> None:
        writer = self.lead_of(interaction_id) if author is Author.AGENT else None
        self.wish(
            commands.AddEntry(interaction_id, author, self.entry(), agent_id=writer, seen=seen)
        )

    @rule(
        interaction_id=interactions,
        agent=agents,
        queue=queues,
        what=some.sampled_from(("assign", "requeue", "discard")),
    )
    def a_supervisor_decides(
        self, interaction_id: InteractionId, agent: AgentId, queue: QueueName, what: str
    ) -> None:
        kinds: dict[str, Command] = {
            "assign": commands.Assign(interaction_id, agent, "sue"),
            "requeue": commands.Requeue(interaction_id, "sue", queue),
            "discard": commands.Discard(interaction_id, "sue", "spam"),
        }
        self.wish(kinds[what])

    @rule(interaction_id=interactions, on=some.booleans())
    def hold(self, interaction_id: InteractionId, *, on: bool) -> None:
        lead = self.lead_of(interaction_id)
        kind = commands.Hold if on else commands.Retrieve
        self.wish(kind(interaction_id, lead))

    @rule(gone=some.sampled_from(("", "", *AGENTS)), lost=some.sampled_from(("", "", "second")))
    def the_catalogue_changes(self, gone: str, lost: str) -> None:
        changed = centre(self.mode, self.strategy, gone=gone, lost=lost)
        assert self.wish(commands.ChangeCatalogue(changed))

    @rule(epoch=some.integers(2, 9))
    def another_writer_takes_over(self, epoch: int) -> None:
        """As the hub does it: its event first, then a tick that ends the rings of the old one."""
        started = WriterStarted(Instant(self.now), max(self.state.epoch + 1, epoch))
        apply(self.state, started)
        self.see(started)
        self.wish(commands.Tick())
        assert not self.rings() or all(
            self.state.of_offer(offer) is not None for offer, _ in self.rings()
        )

    # What always holds.

    @invariant()
    def all_is_well(self) -> None:
        invariants.check(self.state)
        assert state_digest(self.state) == state_digest(self.shadow)
        assert snapshot(restore(snapshot(self.state))) == snapshot(self.state)
        assert Refused.code not in self.codes, "every refusal has a code of its own"

    @invariant()
    def nobody_has_more_than_fits_unless_assigned(self) -> None:
        for row in self.state.agents.values():
            if any((of, row.id) in self.assigned for of in row.interactions):
                continue
            used: dict[Medium, int] = {}
            for one in self.state.interactions.values():
                for part in one.engagements:
                    if part.agent_id == row.id and (not part.ended or part.wrap_up_blocks):
                        used[one.medium] = used.get(one.medium, 0) + 1
                for offer in (one.offer, one.consult):
                    if offer is not None and offer.agent_id == row.id:
                        used[one.medium] = used.get(one.medium, 0) + 1
            assert all(count <= LOAD.slots[medium] for medium, count in used.items())
            assert sum(used.values()) <= LOAD.total


TestCentre = Centre.TestCase
TestCentre.settings = settings(
    max_examples=EXAMPLES or 60,
    stateful_step_count=50,
    deadline=None,
    derandomize=not EXAMPLES,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
