"""An agent's own day: what was begun, what ended, and how long they were ready."""

from reporting.rows import AgentStateRow, EngagementRow, OfferRow
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.agent import Presence
from router.model.ids import HOUR_MS, AgentId, Instant
from router.model.interaction import OfferEnd, Role
from router.model.past import AgentDay, PresenceLine

LINES_MAX = 200
"""Changes of presence that are told, the last ones."""
WRAP_UP_MAX_MS = 24 * HOUR_MS
"""Wrap-ups that ended in the day are looked for among engagements that ended this long before."""


def agent_day(reader: HistoryReader, agent_id: AgentId, since: Instant, until: Instant) -> AgentDay:
    """The figures from ``since`` to before ``until`` (now, while the day is not over)."""
    engaged = TABLES[EngagementRow].c
    begun = reader.rows(
        EngagementRow,
        engaged.agent_id == agent_id,
        engaged.started_at >= since,
        engaged.started_at < until,
        engaged.role == Role.LEAD.value,
    )
    ended = reader.rows(
        EngagementRow,
        engaged.agent_id == agent_id,
        engaged.ended_at >= since - WRAP_UP_MAX_MS,
        engaged.ended_at < until,
    )
    by_medium: dict[str, int] = {}
    for row in begun:
        by_medium[row.medium] = by_medium.get(row.medium, 0) + 1
    talked = [row for row in ended if (row.ended_at or 0) >= since]
    wrapped = [
        row.wrap_up_ms
        for row in ended
        if row.wrap_up_ms and since <= (row.ended_at or 0) + row.wrap_up_ms < until
    ]
    spans = _spans(reader, agent_id, since, until)
    return AgentDay(
        engagements=len(begun),
        talk_ms=sum(row.talk_ms for row in talked),
        hold_ms=sum(row.hold_ms for row in talked),
        wrap_up_ms=sum(wrapped),
        by_medium=by_medium,
        missed=_missed(reader, agent_id, since, until),
        ready_ms=_present(spans, Presence.READY),
        not_ready_ms=_present(spans, Presence.NOT_READY),
        log=_lines(spans, since)[-LINES_MAX:],
    )


def _missed(reader: HistoryReader, agent_id: str, since: int, until: int) -> int:
    offers = TABLES[OfferRow].c
    return reader.counts(
        OfferRow,
        offers.agent_id == agent_id,
        offers.ended_at >= since,
        offers.ended_at < until,
        offers.end == OfferEnd.NO_ANSWER.value,
    )


def _spans(
    reader: HistoryReader, agent_id: str, since: int, until: int
) -> list[tuple[int, AgentStateRow]]:
    """The agent's spans that reach into the day, each with its length within it."""
    states = TABLES[AgentStateRow].c
    mine = states.agent_id == agent_id
    # Each by an index of its own: the spans before the day are many and not looked at.
    ended = reader.rows(AgentStateRow, mine, states.ended_at > since)
    going_on = reader.rows(AgentStateRow, mine, states.ended_at.is_(None))
    spans = [span for span in (*ended, *going_on) if span.started_at < until]
    spans.sort(key=lambda span: (span.started_at, span.position))
    found = []
    for span in spans:
        end = until if span.ended_at is None else min(span.ended_at, until)
        found.append((max(0, end - max(span.started_at, since)), span))
    return found


def _present(spans: list[tuple[int, AgentStateRow]], presence: Presence) -> int:
    return sum(length for length, span in spans if span.presence == presence.value)


def _lines(spans: list[tuple[int, AgentStateRow]], since: int) -> tuple[PresenceLine, ...]:
    """The changes of presence within the day; what was before it is no change."""
    said = [(span.presence, span.reason, span.set_by) for _, span in spans]
    changed = [number == 0 or said[number - 1] != each for number, each in enumerate(said)]
    return tuple(
        PresenceLine(Instant(span.started_at), span.presence, span.reason, span.set_by)
        for (_, span), news in zip(spans, changed, strict=True)
        if news and span.started_at >= since
    )
