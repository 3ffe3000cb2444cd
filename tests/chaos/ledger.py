"""Re-reads the log and keeps its own books, independent of the router's state."""

from collections import Counter
from typing import TypeVar

from router.model.events import (
    Arrived,
    Closed,
    Engaged,
    EngagementEnded,
    EntryAdded,
    Event,
    Offered,
    OfferEnded,
    WriterStarted,
)
from router.model.ids import AgentId, EntryId, InteractionId, OfferId, Position
from router.ports import EventLog

Name = TypeVar("Name", bound=str)


class Ledger:
    """What the log says, event by event; ``faults`` are sentences about what must not be."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._leads: dict[InteractionId, AgentId] = {}
        self._ringing: dict[InteractionId, OfferId] = {}
        self._work: Counter[AgentId] = Counter()
        self._closed: set[InteractionId] = set()
        self._epoch = 0
        self.read = Position(0)
        self.arrived: set[InteractionId] = set()
        self.entries: set[EntryId] = set()
        self.faults: list[str] = []

    async def catch_up(self, log: EventLog) -> None:
        """Read what is new. Raises StorageFailed when an event is missing or damaged."""
        while batch := await log.read(self.read):
            for record in batch:
                if record.epoch < self._epoch:
                    self._fault(record.position, f"epoch {record.epoch} after {self._epoch}")
                self._epoch = record.epoch
                self._enter(record.position, record.event)
            self.read = batch[-1].position

    def _enter(self, position: Position, event: Event) -> None:
        match event:
            case Arrived():
                self._once(position, event.interaction_id, self.arrived, "arrived")
            case EntryAdded():
                self._once(position, event.entry_id, self.entries, "was written")
            case Offered() | OfferEnded():
                self._enter_offer(position, event)
            case Engaged() | EngagementEnded():
                self._enter_engagement(position, event)
            case Closed():
                self._once(position, event.interaction_id, self._closed, "closed")
                if event.interaction_id in self._leads or event.interaction_id in self._ringing:
                    self._fault(position, f"{event.interaction_id} closed while with an agent")
            case WriterStarted() if event.epoch != self._epoch:
                self._fault(position, f"writer {event.epoch} in epoch {self._epoch}")
            case _:
                pass

    def _enter_offer(self, position: Position, event: Offered | OfferEnded) -> None:
        one = event.interaction_id
        if isinstance(event, Offered):
            if one in self._ringing or one in self._leads:
                self._fault(position, f"{one} was offered while taken")
            self._ringing[one] = event.offer_id
            self._take(position, event.agent_id)
        else:
            if self._ringing.pop(one, None) != event.offer_id:
                self._fault(position, f"{event.offer_id} ended and did not ring")
            self._work[event.agent_id] -= 1

    def _enter_engagement(self, position: Position, event: Engaged | EngagementEnded) -> None:
        one = event.interaction_id
        if isinstance(event, Engaged):
            if one in self._leads:
                self._fault(position, f"{one} is with two agents")
            self._leads[one] = event.agent_id
            self._take(position, event.agent_id)
        else:
            if self._leads.pop(one, None) != event.agent_id:
                self._fault(position, f"{event.agent_id} ended what they did not have")
            self._work[event.agent_id] -= 1

    def _take(self, position: Position, agent: AgentId) -> None:
        self._work[agent] += 1
        if self._work[agent] > self._slots:
            self._fault(position, f"{agent} has {self._work[agent]} at once")

    def _once(self, position: Position, one: Name, those: set[Name], what: str) -> None:
        if one in those:
            self._fault(position, f"{one} {what} twice")
        those.add(one)

    def _fault(self, position: Position, what: str) -> None:
        self.faults.append(f"at position {position}: {what}")
