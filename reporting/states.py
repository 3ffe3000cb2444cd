"""What each agent was doing when: spans of states, folded from events. Pure."""

from collections.abc import Callable, Iterable
from typing import Any

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
        if self.engaged:
            states = self.engaged.values()
            for state in ("talking", "held", "wrap_up"):
                if state in states:
                    return state
        return self.presence

    def present(self, presence: str, reason: str, set_by: str) -> None:
        """The agent is ready or not from now on."""
        self.presence, self.reason, self.set_by = presence, reason, set_by


class AgentStates:
    """All agents' doings. Built from the open rows of a kept history, or empty for a new one.

    ``starts_kept`` engagements are remembered with their starts.
    """

    def __init__(
        self,
        spans: Iterable[AgentStateRow] = (),
        offers: Iterable[OfferRow] = (),
        engagements: Iterable[EngagementRow] = (),
        *,
        starts_kept: int = STARTS_KEPT,
    ) -> None:
        self._starts_kept = starts_kept
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

        None for one that began more than ``starts_kept`` engagements ago: its row is kept.
        """
        return self._starts.get((interaction_id, agent_id))

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        event: Any = recorded.event
        fold = _FOLDS.get(type(event))
        if fold is not None:
            doing = self._doing(event.agent_id)
            fold(self, doing, event)
            self._cut(doing, recorded)

    def _doing(self, agent_id: str) -> Doing:
        doing = self._agents.get(agent_id)
        if doing is None:
            doing = self._agents[agent_id] = Doing(agent_id)
        return doing

    def _sign_in(self, doing: Doing, event: events.SignedIn) -> None:
        doing.present(Presence.NOT_READY.value, SIGNED_IN, "")

    def _sign_out(self, doing: Doing, event: events.SignedOut) -> None:
        doing.present(Presence.OFFLINE.value, "", event.by)

    def _present(self, doing: Doing, event: events.PresenceChanged) -> None:
        doing.present(event.presence.value, event.reason, event.by)

    def _ring(self, doing: Doing, event: events.Offered) -> None:
        doing.offers.add(event.offer_id)

    def _ring_over(self, doing: Doing, event: events.OfferEnded) -> None:
        doing.offers.discard(event.offer_id)

    def _begin(self, doing: Doing, event: events.Engaged) -> None:
        doing.engaged[event.interaction_id] = "talking"
        starts = self._starts
        starts.pop((event.interaction_id, event.agent_id), None)
        starts[event.interaction_id, event.agent_id] = event.at
        if len(starts) > self._starts_kept:
            del starts[next(iter(starts))]

    def _hold(self, doing: Doing, event: events.Held) -> None:
        doing.engaged[event.interaction_id] = "held"

    def _retrieve(self, doing: Doing, event: events.Retrieved) -> None:
        doing.engaged[event.interaction_id] = "talking"

    def _finish(self, doing: Doing, event: events.EngagementEnded) -> None:
        doing.engaged.pop(event.interaction_id, None)
        if event.wrap_up_until is not None:
            doing.engaged[event.interaction_id] = "wrap_up"

    def _wrapped_up(self, doing: Doing, event: events.WrapUpEnded) -> None:
        doing.engaged.pop(event.interaction_id, None)

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


_FOLDS: dict[type[Any], Callable[[AgentStates, Doing, Any], None]] = {
    events.SignedIn: AgentStates._sign_in,
    events.SignedOut: AgentStates._sign_out,
    events.PresenceChanged: AgentStates._present,
    events.Offered: AgentStates._ring,
    events.OfferEnded: AgentStates._ring_over,
    events.Engaged: AgentStates._begin,
    events.Held: AgentStates._hold,
    events.Retrieved: AgentStates._retrieve,
    events.EngagementEnded: AgentStates._finish,
    events.WrapUpEnded: AgentStates._wrapped_up,
}
"""What each kind of event says of its agent; the others say nothing of what an agent is doing."""
