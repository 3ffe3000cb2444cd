"""An agent's own figures of the day, folded from the facts that name them. Pure.

Words as in the manual: talk without hold, hold, and wrap-up (ACW) of engagements that ended today;
``missed`` are rings that ran out (RONA).
"""

from collections.abc import Iterable

import msgspec

from router.model import events
from router.model.agent import Presence
from router.model.events import Recorded
from router.model.ids import AgentId, Instant
from router.model.interaction import OfferEnd, Role
from router.model.views import AgentView


class PresenceLine(msgspec.Struct, frozen=True):
    """One change of presence."""

    at: Instant
    presence: str
    reason: str
    set_by: str


class Day(msgspec.Struct, frozen=True):
    """The figures; durations in milliseconds."""

    engagements: int
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    by_medium: dict[str, int]
    missed: int
    ready_ms: int
    not_ready_ms: int
    log: tuple[PresenceLine, ...]


def figures(
    facts: Iterable[Recorded],
    agent_id: AgentId,
    since: Instant,
    now: Instant,
    view: AgentView | None,
) -> Day:
    """The day so far. The state before the first change of today is told by what stands now."""
    talk_ms = hold_ms = wrap_up_ms = missed = 0
    by_medium: dict[str, int] = {}
    log: list[PresenceLine] = []
    for recorded in facts:
        event = recorded.event
        if getattr(event, "agent_id", None) != agent_id:
            continue
        match event:
            case events.Engaged():
                if event.role == Role.LEAD:
                    by_medium[event.medium] = by_medium.get(event.medium, 0) + 1
            case events.EngagementEnded():
                talk_ms += event.talked_ms
                hold_ms += event.held_ms
            case events.WrapUpEnded():
                wrap_up_ms += event.wrap_up_ms
            case events.OfferEnded():
                missed += event.end == OfferEnd.NO_ANSWER
            case _:
                # Signing in is said by two facts of one moment; it is one line.
                log.extend(line for line in _presence(event) if [line] != log[-1:])
    ready_ms, not_ready_ms = _times(log, since, now, view)
    return Day(
        engagements=sum(by_medium.values()),
        talk_ms=talk_ms,
        hold_ms=hold_ms,
        wrap_up_ms=wrap_up_ms,
        by_medium=by_medium,
        missed=missed,
        ready_ms=ready_ms,
        not_ready_ms=not_ready_ms,
        log=tuple(log),
    )


def _presence(event: events.Event) -> Iterable[PresenceLine]:
    match event:
        case events.SignedIn():
            yield PresenceLine(event.at, Presence.NOT_READY.value, "signed_in", "")
        case events.SignedOut():
            yield PresenceLine(event.at, Presence.OFFLINE.value, "", event.by)
        case events.PresenceChanged():
            yield PresenceLine(event.at, event.presence.value, event.reason, event.by)
        case _:
            return


def _times(
    log: list[PresenceLine], since: Instant, now: Instant, view: AgentView | None
) -> tuple[int, int]:
    """Time spent ready and not ready; what was before the first line is known only if it lasts."""
    spans = {Presence.READY.value: 0, Presence.NOT_READY.value: 0, Presence.OFFLINE.value: 0}
    if not log:
        if view is not None:
            spans[view.presence.value] += now - max(since, view.since)
        return spans[Presence.READY.value], spans[Presence.NOT_READY.value]
    for line, after in zip(log, [*(each.at for each in log[1:]), now], strict=True):
        spans[line.presence] += max(0, after - line.at)
    return spans[Presence.READY.value], spans[Presence.NOT_READY.value]
