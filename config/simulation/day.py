"""One simulated day: customers, agents and faults around the production core, event by event."""

import heapq
import random
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import msgspec

from config.simulation.sampling import Arrivals
from config.simulation.scenario import Scenario
from reporting.history import HistoryFold
from reporting.rows import AgentStateRow, EngagementRow, InteractionRow, VisitRow
from reporting.states import AgentStates
from router import core
from router.core import State
from router.hub.collector import paused
from router.model import commands, events
from router.model.agent import Presence
from router.model.commands import Command
from router.model.errors import Refused
from router.model.events import Event, Recorded
from router.model.ids import HOUR_MS, AgentId, Instant, InteractionId, Medium, Position, SubjectId
from router.model.interaction import OfferEnd, Phase

START = Instant(1_704_096_000_000)
"""Every simulated day begins on Monday, 2024-01-01, at 08:00 UTC."""
SHIFT = "Shift"


class Broken(AssertionError):
    """The core broke a promise in a simulated day; the seed and the day repeat it."""


_Due = tuple[int, int, int, Callable[[], None]]
"""A moment, what goes first at one moment (smaller first), a running number, and what is done."""


class DayRows(msgspec.Struct, frozen=True):
    """What a day left in the history, and how many events it took."""

    interactions: tuple[InteractionRow, ...]
    visits: tuple[VisitRow, ...]
    engagements: tuple[EngagementRow, ...]
    agent_states: tuple[AgentStateRow, ...]
    events: int
    digest: str


class _Customer(msgspec.Struct):
    kind: Arrivals
    service_ms: int
    wrap_up_ms: int
    arrived: int


class SimulatedDay:
    """One day of a scenario; the same seed gives the same day, event for event."""

    def __init__(self, scenario: Scenario, seed: str) -> None:
        self._scenario = scenario
        self._random = random.Random(seed)  # noqa: S311  # nosec B311 - a simulation
        self._state: State = core.new_state()
        self._log: list[Event] = []
        self._keep_log = scenario.faults.crashes > 0
        self._count = 0
        self._due: list[_Due] = []
        self._coming: list[_Due] = []
        self._number = 0
        self._now = START
        self._end = START + scenario.day.length_ms
        self._customers: dict[InteractionId, _Customer] = {}
        self._group = {a: g for g in scenario.staff for a in scenario.agents(g)}
        # Every row stays in the fold until the end of the day, so there is nothing to look up.
        states = AgentStates(starts_kept=sys.maxsize)
        self._fold = HistoryFold(lambda kind, **key: None, states, None, steps=False)

    def run(self) -> DayRows:
        """Run the day to its end, and on until nobody waits where the scenario drains.

        The garbage collector rests for the day: next to nothing of what happens in it is garbage.
        """
        with paused():
            self._do(commands.ChangeCatalogue(catalogue=self._scenario.catalogue))
            self._staff_comes()
            self._customers_come()
            self._faults_come()
            while self._step():
                pass
        self._balance()
        return self._result()

    # -- time

    def _at(self, moment: int, action: Callable[[], None], rank: int = 0) -> None:
        self._number += 1
        heapq.heappush(self._due, (moment, rank, self._number, action))

    def _step(self) -> bool:
        """Do what is due next; False when the day is over."""
        deadline = core.next_deadline(self._state)
        due = self._due
        # Customers are many and known in order from the start: they need not stand in the heap.
        coming = bool(self._coming) and (not due or self._coming[-1] < due[0])
        first = self._coming[-1][0] if coming else due[0][0] if due else None
        if first is None and deadline is None:
            return False
        if first is None and not self._anybody_left():
            return False
        if deadline is not None and (first is None or deadline < first):
            self._now = Instant(max(self._now, deadline))
            if self._over():
                return False
            self._do(commands.Tick())
            return True
        moment, _, _, action = self._coming.pop() if coming else heapq.heappop(due)
        self._now = Instant(max(self._now, moment))
        if self._over():
            return False
        action()
        return True

    def _over(self) -> bool:
        if self._now < self._end:
            return False
        return not self._scenario.day.drain or not self._anybody_left()

    def _anybody_left(self) -> bool:
        law = core.conservation(self._state, self._now)
        return law.accepted > law.finished or self._now < self._end

    # -- deciding

    def _do(self, command: Command) -> None:
        try:
            decision = core.decide(self._state, command, self._now)
        except Refused:
            return
        self._note(decision.events)

    def _note(self, happened: Sequence[Event]) -> None:
        if self._keep_log:
            self._log += happened
        for event in happened:
            self._count += 1
            self._fold.apply(Recorded(Position(self._count), 1, event))
            react = _REACTIONS.get(type(event))
            if react is not None:
                react(self, event)

    def _leave(self, event: events.Closed) -> None:
        self._customers.pop(event.interaction_id, None)

    def _ring_over(self, event: events.OfferEnded) -> None:
        if event.end is OfferEnd.NO_ANSWER:
            self._at(self._now + 1_000, partial(self._present, event.agent_id))

    # -- customers

    def _customers_come(self) -> None:
        scenario = self._scenario
        for name, kind in scenario.arrivals.items():
            recorded = scenario.recorded[name]
            moments = kind.moments(self._random, scenario.day.length_ms, recorded)
            for number, moment in enumerate(moments):
                interaction_id = InteractionId(f"{name}-{number}")
                self._number += 1
                arrive = partial(self._arrive, interaction_id, kind)
                self._coming.append((START + moment, 2, self._number, arrive))
        self._coming.sort(reverse=True)

    def _arrive(self, interaction_id: InteractionId, kind: Arrivals) -> None:
        source = self._random
        self._customers[interaction_id] = _Customer(
            kind, kind.service.draw(source), kind.wrap_up.draw(source), self._now
        )
        if kind.patience is not None:
            patience = kind.patience.draw(source)
            self._at(self._now + patience, partial(self._lose_patience, interaction_id), rank=1)
        self._do(
            commands.Arrive(
                interaction_id=interaction_id,
                medium=Medium(kind.medium),
                address=kind.address,
                subject=SubjectId(interaction_id),
                attributes=dict(kind.attributes),
            )
        )

    def _lose_patience(self, interaction_id: InteractionId) -> None:
        if interaction_id not in self._customers:
            return
        view = core.interaction_view(self._state, interaction_id, self._now)
        if view is not None and view.phase in (Phase.WAITING, Phase.OFFERED):
            self._do(commands.CustomerLeave(interaction_id, "lost patience"))

    # -- agents

    def _staff_comes(self) -> None:
        scenario = self._scenario
        for agent_id in self._group:
            self._do(commands.SignIn(agent_id))
        changes = {START}
        for staff in scenario.staff.values():
            if staff.counts:
                changes.update(
                    Instant(START + n * staff.piece_ms) for n in range(len(staff.counts))
                )
            if staff.after is not None:
                changes.add(Instant(self._end))
        for moment in sorted(changes):
            self._at(moment, self._change_shift)

    def _change_shift(self) -> None:
        for agent_id in self._group:
            self._present(agent_id)

    def _present(self, agent_id: AgentId) -> None:
        """Be ready when on shift, else go when the work in hand is done."""
        view = core.agent_view(self._state, agent_id, self._now)
        if view is None or view.desk_lost:
            return
        wanted = Presence.READY if self._on_shift(agent_id) else Presence.NOT_READY
        if view.presence != wanted or (view.asked is not None and view.asked != wanted):
            reason = "" if wanted is Presence.READY else SHIFT
            self._do(commands.SetPresence(agent_id, wanted, reason))

    def _on_shift(self, agent_id: AgentId) -> bool:
        staff = self._scenario.staff[self._group[agent_id]]
        number = int(agent_id.rpartition("-")[2])
        return number <= staff.at(self._now - START, self._scenario.day.length_ms)

    def _ring(self, offered: events.Offered) -> None:
        staff = self._scenario.staff[self._group[offered.agent_id]]
        chance = self._random.random()
        if chance < staff.no_answer:
            return
        after = self._now + staff.answer.draw(self._random)
        answer: Command = commands.Accept(offered.offer_id, offered.agent_id)
        if chance < staff.no_answer + staff.decline:
            answer = commands.Decline(offered.offer_id, offered.agent_id)
        self._at(after, partial(self._do, answer))

    def _serve(self, engaged: events.Engaged) -> None:
        customer = self._customers[engaged.interaction_id]
        end = commands.End(engaged.interaction_id, engaged.agent_id)
        self._at(self._now + customer.service_ms, partial(self._do, end))

    def _wrap_up(self, ended: events.EngagementEnded) -> None:
        if ended.wrap_up_until is None:
            return
        customer = self._customers.get(ended.interaction_id)
        after = customer.wrap_up_ms if customer is not None else 0
        done = commands.WrapUp(ended.interaction_id, ended.agent_id)
        self._at(self._now + after, partial(self._do, done))

    # -- faults

    def _faults_come(self) -> None:
        faults, source = self._scenario.faults, self._random
        for an_hour, action in (
            (faults.crashes, self._crash),
            (faults.desks_lost, self._lose_desk),
        ):
            at = float(START)
            while an_hour > 0:
                at += source.expovariate(an_hour / HOUR_MS)
                if at >= self._end:
                    break
                self._at(int(at), action)

    def _crash(self) -> None:
        """The process dies: what is folded from the log must be what was in memory."""
        folded = core.new_state()
        for event in self._log:
            core.apply(folded, event)
        if core.state_digest(folded) != core.state_digest(self._state):
            raise Broken("the state is not the fold of the log")
        self._state = folded

    def _lose_desk(self) -> None:
        agent_id = self._random.choice(list(self._group))
        self._do(commands.DeskLost(agent_id))
        away = self._scenario.faults.desk_away.draw(self._random)

        def back() -> None:
            self._do(commands.DeskBack(agent_id))
            self._present(agent_id)

        self._at(self._now + away, back)

    # -- the end

    def _balance(self) -> None:
        law = core.conservation(self._state, self._now)
        if not law.balances:
            raise Broken(f"the conservation law is broken: {law}")

    def _result(self) -> DayRows:
        rows = self._fold.drain()

        def of(kind: type[Any]) -> tuple[Any, ...]:
            return tuple(row for row in rows if type(row) is kind)

        # A span is told when it begins and when it ends: the last word counts.
        spans = {row.position: row for row in of(AgentStateRow)}

        return DayRows(
            interactions=of(InteractionRow),
            visits=of(VisitRow),
            engagements=of(EngagementRow),
            agent_states=tuple(spans.values()),
            events=self._count,
            digest=core.state_digest(self._state),
        )


_REACTIONS: dict[type[Any], Callable[[SimulatedDay, Any], None]] = {
    events.Offered: SimulatedDay._ring,
    events.OfferEnded: SimulatedDay._ring_over,
    events.Engaged: SimulatedDay._serve,
    events.EngagementEnded: SimulatedDay._wrap_up,
    events.Closed: SimulatedDay._leave,
}
