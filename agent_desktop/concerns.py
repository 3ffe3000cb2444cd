"""Which facts concern which agents, and as what kind of push. Pure.

The kinds a fact gives are a function of the facts alone, so that a server that starts anew makes
the very same sequence of pushes from the log.
"""

from collections.abc import Iterable

import msgspec

from router.model import events
from router.model.events import Event, Recorded
from router.model.ids import AgentId, InteractionId, Position
from router.model.interaction import OfferKind

Concern = tuple[AgentId, str]
"""An agent and the kind of push the fact is to them."""

PARKED = "parked"
WRAP_UP = "wrap_up"
NONE = "none"
UNKNOWN = "unknown"


LIFE = (
    events.Arrived
    | events.Queued
    | events.Engaged
    | events.EngagementEnded
    | events.Parked
    | events.WrapUpEnded
    | events.Closed
)
"""Facts after which it is known where an interaction is."""


class Involvement:
    """Who has which interaction in hand: ``lead``, ``consulted``, ``wrap_up`` or ``parked``."""

    def __init__(self) -> None:
        self._parts: dict[InteractionId, dict[AgentId, str]] = {}

    def put(self, interaction_id: InteractionId, agent_id: AgentId, part: str) -> None:
        """An agent has a part in an interaction from now on."""
        self._parts.setdefault(interaction_id, {})[agent_id] = part

    def drop(self, interaction_id: InteractionId, agent_id: AgentId) -> bool:
        """The agent's part is over; whether there was one."""
        parts = self._parts.get(interaction_id, {})
        found = parts.pop(agent_id, None) is not None
        if not parts:
            self._parts.pop(interaction_id, None)
        return found

    def parts(self, interaction_id: InteractionId) -> dict[AgentId, str]:
        """The agents with a part in an interaction."""
        return dict(self._parts.get(interaction_id, {}))

    def take(self, event: Event) -> list[Concern]:
        """Fold a fact in; whom it concerns, each agent once."""
        match event:
            case events.Offered():
                found = [(event.agent_id, "offered")]
                if event.kind == OfferKind.CONSULT:
                    found += self._all(event.interaction_id, "item", but=event.agent_id)
                return found
            case events.OfferEnded():
                found = [(event.agent_id, "offer_ended")]
                return found + self._all(event.interaction_id, "item", but=event.agent_id)
            case events.EntryAdded():
                named = [each for each in event.mentions if each != event.agent_id]
                others = self._all(event.interaction_id, "entry")
                told = [(each, kind) for each, kind in others if each not in named]
                return told + [(each, "mention") for each in named]
            case events.EntryMarked():
                return self._all(event.interaction_id, "entry_marked")
            case (
                events.SignedIn()
                | events.SignedOut()
                | events.PresenceChanged()
                | events.PresenceAsked()
                | events.DeskWasLost()
                | events.DeskCameBack()
                | events.SeatMoved()
                | events.SeatReturned()
            ):
                return [(event.agent_id, "presence")]
            case _:
                return self._take_work(event)

    def _take_work(self, event: Event) -> list[Concern]:
        match event:
            case events.Engaged():
                self.put(event.interaction_id, event.agent_id, event.role.value)
                return self._all(event.interaction_id, "item")
            case events.LeadChanged():
                self.put(event.interaction_id, event.to_agent, "lead")
                self.put(event.interaction_id, event.from_agent, "consulted")
                return self._all(event.interaction_id, "item")
            case events.EngagementEnded():
                return self._ended(event)
            case events.Parked():
                self.put(event.interaction_id, event.agent_id, PARKED)
                return self._all(event.interaction_id, "item")
            case events.WrapUpEnded():
                self.drop(event.interaction_id, event.agent_id)
                gone = [(event.agent_id, "item_gone")]
                return gone + self._all(event.interaction_id, "item")
            case events.Queued():
                return self._unparked(event.interaction_id)
            case events.Closed():
                return self._unparked(event.interaction_id)
            case (
                events.Held()
                | events.Retrieved()
                | events.WrapUpExtended()
                | events.DispositionSet()
                | events.AttributesSet()
                | events.SubjectLinked()
            ):
                return self._all(event.interaction_id, "item")
            case _:
                return []

    def _ended(self, event: events.EngagementEnded) -> list[Concern]:
        if event.wrap_up_until is not None:
            self.put(event.interaction_id, event.agent_id, WRAP_UP)
            return self._all(event.interaction_id, "item")
        self.drop(event.interaction_id, event.agent_id)
        others = self._all(event.interaction_id, "item")
        if event.how == "parked":
            return others  # The fact that it is parked follows at once and says the rest.
        return [(event.agent_id, "item_gone"), *others]

    def _unparked(self, interaction_id: InteractionId) -> list[Concern]:
        """Parked work leaves its agent when it is queued again or closed."""
        parts = self.parts(interaction_id)
        gone = [agent_id for agent_id, part in parts.items() if part == PARKED]
        for agent_id in gone:
            self.drop(interaction_id, agent_id)
        return [(agent_id, "item_gone") for agent_id in gone] + self._all(interaction_id, "item")

    def _all(
        self, interaction_id: InteractionId, kind: str, but: AgentId | None = None
    ) -> list[Concern]:
        return [
            (agent_id, kind) for agent_id in self._parts.get(interaction_id, ()) if agent_id != but
        ]


class Before(msgspec.Struct, frozen=True):
    """What a tail of the log tells of the moment before it.

    ``parts`` are those that existed; ``mentioned`` all pairs whose first fact is in the tail;
    ``doubtful`` the agents who may have taken parked work up again, of whom it cannot be told;
    ``clear_from`` the place behind which it is certain whose parked work left whom.
    """

    parts: tuple[tuple[InteractionId, AgentId, str], ...]
    mentioned: frozenset[tuple[InteractionId, AgentId]]
    doubtful: frozenset[AgentId]
    clear_from: Position


def before(tail: Iterable[Recorded]) -> Before:
    """Who had what in hand before a tail: those whose first fact in it is not a beginning."""
    first: dict[tuple[InteractionId, AgentId], str] = {}
    known: set[InteractionId] = set()
    clear_from = Position(0)
    for recorded in tail:
        event = recorded.event
        for interaction_id, agent_id, part in _parts_before(event):
            first.setdefault((interaction_id, agent_id), part)
        if isinstance(event, LIFE):
            if event.interaction_id not in known and _may_take_from_somebody(event):
                clear_from = recorded.position
            known.add(event.interaction_id)
    return Before(
        parts=tuple((*pair, part) for pair, part in first.items() if part not in (NONE, UNKNOWN)),
        mentioned=frozenset(first),
        doubtful=frozenset(pair[1] for pair, part in first.items() if part == UNKNOWN),
        clear_from=clear_from,
    )


def _may_take_from_somebody(event: Event) -> bool:
    """Whether the fact may be the end of somebody's parked work without naming them."""
    match event:
        case events.Queued():
            return event.reason == "requeue" or (
                event.reason == "unparked" and event.preferred is None
            )
        case events.Closed():
            return event.waited_ms is None
        case _:
            return False


def _parts_before(event: Event) -> Iterable[tuple[InteractionId, AgentId, str]]:
    """What a fact tells of the part its agents had just before it."""
    match event:
        case events.Engaged():
            part = NONE if event.offer_id is not None or event.by else UNKNOWN
            yield event.interaction_id, event.agent_id, part
        case events.EngagementEnded():
            yield event.interaction_id, event.agent_id, event.role.value
        case events.Held() | events.Retrieved():
            yield event.interaction_id, event.agent_id, "lead"
        case events.LeadChanged():
            yield event.interaction_id, event.from_agent, "lead"
            yield event.interaction_id, event.to_agent, "consulted"
        case events.Parked():
            yield event.interaction_id, event.agent_id, NONE
        case events.Queued():
            if event.reason == "unparked" and event.preferred is not None:
                yield event.interaction_id, event.preferred, PARKED
        case events.WrapUpExtended() | events.WrapUpEnded():
            yield event.interaction_id, event.agent_id, WRAP_UP
        case _:
            return
