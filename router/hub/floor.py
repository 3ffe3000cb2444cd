"""The Floor: the live state, to be looked at only. Every answer is a copy the caller may keep."""

from collections.abc import Collection, Sequence
from typing import Protocol

from router import core
from router.model.catalogue import Catalogue
from router.model.commands import Arrive
from router.model.explanation import ExpectedWait, WhyWaiting
from router.model.ids import AgentId, CaseId, Instant, InteractionId, Medium, Position, QueueName
from router.model.interaction import Phase
from router.model.views import (
    AgentView,
    Conservation,
    InteractionView,
    QueueView,
    SeatForecast,
)
from router.ports import Clock
from router.state.live import State


class Ending(Protocol):
    """Where the log ends, for these views."""

    @property
    def head(self) -> Position:
        """The position of the last event that is in them."""
        ...


class Views:
    """Answers as of the last decided command, at the clock's moment."""

    def __init__(self, state: State, clock: Clock, tail: Ending) -> None:
        self._state = state
        self._clock = clock
        self._ending = tail

    def interaction(self, interaction_id: InteractionId) -> InteractionView | None:
        """The interaction, or None when it is unknown or long finished."""
        return core.interaction_view(self._state, interaction_id, self._now())

    def open_in_case(self, case_id: CaseId) -> InteractionView | None:
        """The open interaction of a case, if there is one."""
        return core.open_in_case(self._state, case_id, self._now())

    def queue_for(self, arrival: Arrive) -> QueueName:
        """Which queue the rules would choose for an arrival now; nothing happens."""
        return core.queue_for(self._state, arrival, self._now())

    def agent(self, agent_id: AgentId) -> AgentView | None:
        """The agent, or None when the catalogue has no such agent."""
        return core.agent_view(self._state, agent_id, self._now())

    def agents(self) -> Sequence[AgentView]:
        """All agents of the catalogue."""
        return core.agents_view(self._state, self._now())

    def queues(self) -> Sequence[QueueView]:
        """All queues of the catalogue."""
        return core.queue_views(self._state, self._now())

    def waiting(self, queue: QueueName, limit: int = 100) -> Sequence[InteractionView]:
        """The first waiting interactions of a queue, in the order they will be offered."""
        return core.waiting_views(self._state, queue, self._now(), limit)

    def parked(self, agent_id: AgentId) -> Sequence[InteractionView]:
        """What an agent has laid aside."""
        return core.parked_views(self._state, agent_id, self._now())

    def why_waiting(self, interaction_id: InteractionId) -> WhyWaiting | None:
        """Why an interaction waits; None when it does not."""
        return core.why_waiting(self._state, interaction_id, self._now())

    def position_in_queue(self, interaction_id: InteractionId) -> int:
        """Its place in its queue, 1 is next; 0 when it does not wait."""
        return core.position_in_queue(self._state, interaction_id, self._now())

    def expected_wait(self, interaction_id: InteractionId) -> ExpectedWait | None:
        """An honest interval, or None when not known."""
        return core.expected_wait(self._state, interaction_id, self._now())

    def is_open(self, calendar: str) -> bool:
        """Whether business is open by this calendar now (no calendar: always)."""
        return core.is_open(self._state, calendar, self._now())

    def next_opening(self, calendar: str) -> Instant | None:
        """When business opens next by this calendar; None when it is open or none is known."""
        return core.next_opening(self._state, calendar, self._now())

    def in_phases(
        self, phases: Collection[Phase], queue: QueueName | None = None, limit: int = 100
    ) -> tuple[int, Sequence[InteractionView]]:
        """How many interactions are in these phases (of one queue or of all), and the oldest."""
        return core.in_phases(self._state, phases, queue, limit)

    def open_of(self, medium: Medium) -> int:
        """How many interactions of a medium have not finished."""
        return core.open_of(self._state, medium)

    def seat_forecast(
        self, agent_id: AgentId, queues: Sequence[QueueName] | None
    ) -> Sequence[SeatForecast]:
        """What it would do if the agent served these queues (None: their own), by queue."""
        return core.seat_forecast(self._state, agent_id, queues)

    def conservation(self) -> Conservation:
        """The conservation law's terms."""
        return core.conservation(self._state, self._now(), self._ending.head)

    def catalogue(self) -> Catalogue:
        """The catalogue in force."""
        return self._state.catalogue

    def _now(self) -> Instant:
        # A clock that was set back between two runs must not make time go backwards in the log.
        return max(self._clock.now(), self._state.now)
