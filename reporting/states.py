"""What each agent was doing when: spans of states, folded from events. Pure."""

from collections.abc import Iterable

import msgspec

from reporting.rows import AgentStateRow, EngagementRow, OfferRow
from router.model import events
from router.model.agent import SIGNED_IN, Presence
from router.model.events import Recorded

STARTS_KEPT = 10_000
"""Engagements remembered at least, for a disposition that is set after wrap-up is over."""


class Doing(msgspec.Struct):
    """What one agent is doing now: presence, rings, and the state of each engagement."""

    agent_id: str
    presence: str = Presence.OFFLINE.value
    reason: str = ""
    set_by: str = ""
    offers: set[str] = msgspec.field(default_factory=set)
    engaged: dict[str, str] = msgspec.field(default_factory=dict)
    span: AgentStateRow | None = None

    def state(self) -> str:
        """The state a person reads, by rank."""
        if self.offers:
            return "offered"
        for state in ("talking", "held", "wrap_up"):
            if state in self.engaged.values():
                return state
        return self.presence


class AgentStates:
    """All agents' doings. Built from the open rows of a kept history, or empty for a new one."""

    def __init__(
        self,
        spans: Iterable[AgentStateRow] = (),
        offers: Iterable[OfferRow] = (),
        engagements: Iterable[EngagementRow] = (),
    ) -> None:
        self._agents: dict[str, Doing] = {}
        self._starts: dict[tuple[str, str], int] = {}
        self._changed: list[AgentStateRow] = []
        for span in spans:
            doing = self._doing(span.agent_id)
            doing.presence, doing.reason, doing.set_by = span.presence, span.reason, span.set_by
            doing.span = span
        for offer in offers:
            self._doing(offer.agent_id).offers.add(offer.offer_id)
        for row in engagements:
            self._starts[row.interaction_id, row.agent_id] = row.started_at
            if row.state != "ended":
                self._doing(row.agent_id).engaged[row.interaction_id] = row.state

    def drain(self) -> list[AgentStateRow]:
        """The spans that changed since the last drain, in order."""
        changed, self._changed = self._changed, []
        return changed

    def engagement_start(self, interaction_id: str, agent_id: str) -> int | None:
        """When the agent's last engagement with the interaction began: the key of its row.

        None for one that began more than ``STARTS_KEPT`` engagements ago: its row is kept.
        """
        return self._starts.get((interaction_id, agent_id))

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        for agent_id in self._fold(recorded):
            self._cut(self._doing(agent_id), recorded)

    def _doing(self, agent_id: str) -> Doing:
        return self._agents.setdefault(agent_id, Doing(agent_id))

    def _begin(self, event: events.Engaged) -> None:
        self._doing(event.agent_id).engaged[event.interaction_id] = "talking"
        self._starts.pop((event.interaction_id, event.agent_id), None)
        self._starts[event.interaction_id, event.agent_id] = event.at
        if len(self._starts) > STARTS_KEPT:
            del self._starts[next(iter(self._starts))]

    def _finish(self, event: events.EngagementEnded) -> None:
        engaged = self._doing(event.agent_id).engaged
        engaged.pop(event.interaction_id, None)
        if event.wrap_up_until is not None:
            engaged[event.interaction_id] = "wrap_up"

    def _fold(self, recorded: Recorded) -> tuple[str, ...]:
        event = recorded.event
        match event:
            case events.SignedIn():
                self._present(event.agent_id, Presence.NOT_READY, SIGNED_IN, "")
            case events.SignedOut():
                self._present(event.agent_id, Presence.OFFLINE, "", event.by)
            case events.PresenceChanged():
                self._present(event.agent_id, event.presence, event.reason, event.by)
            case events.Offered():
                self._doing(event.agent_id).offers.add(event.offer_id)
            case events.OfferEnded():
                self._doing(event.agent_id).offers.discard(event.offer_id)
            case events.Engaged():
                self._begin(event)
            case events.Held():
                self._doing(event.agent_id).engaged[event.interaction_id] = "held"
            case events.Retrieved():
                self._doing(event.agent_id).engaged[event.interaction_id] = "talking"
            case events.EngagementEnded():
                self._finish(event)
            case events.WrapUpEnded():
                self._doing(event.agent_id).engaged.pop(event.interaction_id, None)
            case _:
                return ()
        return (event.agent_id,)

    def _present(self, agent_id: str, presence: Presence, reason: str, set_by: str) -> None:
        doing = self._doing(agent_id)
        doing.presence, doing.reason, doing.set_by = presence.value, reason, set_by

    def _cut(self, doing: Doing, recorded: Recorded) -> None:
        """End the agent's span and begin the next one where something in it changed."""
        at, span = recorded.event.at, doing.span
        now = (doing.state(), doing.presence, doing.reason, doing.set_by)
        if span is not None:
            if (span.state, span.presence, span.reason, span.set_by) == now:
                return
            self._changed.append(msgspec.structs.replace(span, ended_at=at))
        doing.span = AgentStateRow(doing.agent_id, at, None, *now, recorded.position)
        self._changed.append(doing.span)
