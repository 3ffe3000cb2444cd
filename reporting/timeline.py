"""The history of one interaction, one customer, one agent's day: queries over the kept rows.

All functions block and run on the history's thread (``Projector.run``).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from reporting.rows import (
    AgentStateRow,
    EngagementRow,
    EntryRow,
    InteractionRow,
    OfferRow,
    StepRow,
    VisitRow,
)
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.ids import AgentId, Instant, InteractionId, SubjectId

PAGE_MAX = 200
"""Rows of one page at most."""


class Segment(msgspec.Struct, frozen=True):
    """A piece of an interaction's life; the pieces without gaps make up the whole of it.

    ``kind`` is ``waiting``, ``ringing``, ``engaged`` or ``wrap_up``; ``outcome`` how it ended.
    """

    kind: str
    start: int
    end: int | None
    queue: str
    agent_id: str | None
    outcome: str


class Decided(msgspec.Struct, frozen=True):
    """Something that was decided or happened, with its facts (for offers: why this agent)."""

    position: int
    at: int
    kind: str
    agent_id: str | None
    facts: dict[str, Any]


class Journey(msgspec.Struct, frozen=True):
    """One interaction: its row, its messages' skeletons, its segments, its decisions."""

    interaction: InteractionRow
    entries: tuple[EntryRow, ...]
    segments: tuple[Segment, ...]
    decisions: tuple[Decided, ...]


class Contact(msgspec.Struct, frozen=True):
    """One line of a customer's timeline over all media; the summary is added by who may read."""

    interaction_id: str
    medium: str
    at: int
    ended: int | None
    queue: str
    agents: tuple[str, ...]
    outcome: str
    disposition: str


class Day(msgspec.Struct, frozen=True):
    """An agent's own figures from ``start`` on. Times in milliseconds."""

    start: int
    engagements: int
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int
    by_medium: dict[str, int]
    missed: int
    ready_ms: int
    not_ready_ms: int
    log: tuple[AgentStateRow, ...]


def journey(reader: HistoryReader, interaction_id: InteractionId) -> Journey | None:
    """Everything kept of one interaction, or None when there is none of that id."""
    table = TABLES[InteractionRow]
    rows = reader.rows(InteractionRow, table.c.interaction_id == interaction_id)
    if not rows:
        return None
    entries = _of(reader, EntryRow, interaction_id, "number")
    steps = _of(reader, StepRow, interaction_id, "position")
    return Journey(
        interaction=rows[0],
        entries=tuple(entries),
        segments=segments(
            _of(reader, VisitRow, interaction_id, "visit"),
            _of(reader, OfferRow, interaction_id, "offered_at"),
            _of(reader, EngagementRow, interaction_id, "started_at"),
        ),
        decisions=tuple(_decided(step) for step in steps),
    )


def segments(
    visits: Sequence[VisitRow],
    offers: Sequence[OfferRow],
    engagements: Sequence[EngagementRow],
) -> tuple[Segment, ...]:
    """The pieces of a life in the order they began. Pure."""
    found = [Segment("waiting", v.entered_at, v.ended_at, v.queue, None, v.result) for v in visits]
    found += [
        Segment("ringing", o.offered_at, o.ended_at, o.queue, o.agent_id, o.end) for o in offers
    ]
    for row in engagements:
        found.append(
            Segment("engaged", row.started_at, row.ended_at, row.queue, row.agent_id, row.how)
        )
        if row.ended_at is not None and row.wrap_up_ms != 0:
            ended = None if row.wrap_up_ms is None else row.ended_at + row.wrap_up_ms
            found.append(
                Segment("wrap_up", row.ended_at, ended, row.queue, row.agent_id, row.wrap_up_how)
            )
    order = ("waiting", "ringing", "engaged", "wrap_up")
    return tuple(sorted(found, key=lambda s: (s.start, order.index(s.kind))))


def contacts(
    reader: HistoryReader,
    subjects: Sequence[SubjectId],
    *,
    before: Instant | None = None,
    limit: int = 50,
) -> tuple[Contact, ...]:
    """A customer's interactions over all media, newest first. ``subjects``: all merged cards."""
    table = TABLES[InteractionRow]
    conditions: list[Any] = [table.c.subject.in_(list(subjects)[:100])]
    if before is not None:
        conditions.append(table.c.arrived_at < before)
    rows = reader.rows(
        InteractionRow,
        *conditions,
        order=(table.c.arrived_at.desc(), table.c.interaction_id),
        limit=min(limit, PAGE_MAX),
    )
    engagements = TABLES[EngagementRow]
    agents: dict[str, dict[str, None]] = {}
    ids = [row.interaction_id for row in rows]
    for engaged in reader.rows(EngagementRow, engagements.c.interaction_id.in_(ids)):
        agents.setdefault(engaged.interaction_id, {})[engaged.agent_id] = None
    return tuple(
        Contact(
            interaction_id=row.interaction_id,
            medium=row.medium,
            at=row.arrived_at,
            ended=row.closed_at,
            queue=row.queue,
            agents=tuple(agents.get(row.interaction_id, ())),
            outcome=row.outcome,
            disposition=row.disposition,
        )
        for row in rows
    )


def day(reader: HistoryReader, agent_id: AgentId, start: Instant, now: Instant) -> Day:
    """An agent's figures and state log since ``start`` (200 log lines, the last ones)."""
    engaged, offered, states = (TABLES[kind] for kind in (EngagementRow, OfferRow, AgentStateRow))
    rows = reader.rows(EngagementRow, engaged.c.agent_id == agent_id, engaged.c.started_at >= start)
    by_medium: dict[str, int] = {}
    for row in rows:
        by_medium[row.medium] = by_medium.get(row.medium, 0) + 1
    missed = reader.counts(
        OfferRow,
        offered.c.agent_id == agent_id,
        offered.c.offered_at >= start,
        offered.c.end == "no_answer",
    )
    spans = reader.rows(
        AgentStateRow,
        states.c.agent_id == agent_id,
        (states.c.ended_at.is_(None)) | (states.c.ended_at > start),
        order=(states.c.started_at, states.c.position),
    )
    return Day(
        start=start,
        engagements=len(rows),
        talk_ms=sum(row.talk_ms for row in rows),
        hold_ms=sum(row.hold_ms for row in rows),
        wrap_up_ms=sum(row.wrap_up_ms or 0 for row in rows),
        by_medium=by_medium,
        missed=missed,
        ready_ms=sum(_within(s, start, now) for s in spans if s.state == "ready"),
        not_ready_ms=sum(_within(s, start, now) for s in spans if s.state == "not_ready"),
        log=tuple(spans[-PAGE_MAX:]),
    )


def _within(span: AgentStateRow, start: int, now: int) -> int:
    return max(
        0, (span.ended_at if span.ended_at is not None else now) - max(span.started_at, start)
    )


def _of(reader: HistoryReader, kind: Any, interaction_id: str, order: str) -> list[Any]:
    table = TABLES[kind]
    rows: list[Any] = reader.rows(
        kind, table.c.interaction_id == interaction_id, order=(table.c[order],)
    )
    return rows


def _decided(step: StepRow) -> Decided:
    facts = msgspec.json.decode(step.detail)
    for known in ("type", "at", "interaction_id", "agent_id", "subject"):
        facts.pop(known, None)
    return Decided(step.position, step.at, step.kind, step.agent_id, facts)
