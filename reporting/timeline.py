"""What the history has of one interaction and one customer: queries over the kept rows.

All functions block and run on one of the history's threads (``Reading``).
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from reporting.life import life
from reporting.rows import EngagementRow, EntryRow, InteractionRow, StepRow, VisitRow
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.events import Event, Recorded
from router.model.ids import (
    AgentId,
    CaseId,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    Position,
    QueueName,
    SubjectId,
)
from router.model.past import Contact, Life, PastInteraction

PAGE_MAX = 200
"""Rows of one page at most."""
STEPS_MAX = 20_000
"""Facts of one interaction that its life is told from at most."""
SUBJECTS_MAX = 100
"""Merged cards of one customer that are looked at, at most."""

_fact = msgspec.json.Decoder(Event)


def interaction(reader: HistoryReader, interaction_id: InteractionId) -> PastInteraction | None:
    """An interaction, or None when there is none of this id."""
    row = reader.get(InteractionRow, interaction_id=interaction_id)
    return None if row is None else _told(reader, [row])[0]


def interaction_life(reader: HistoryReader, interaction_id: InteractionId) -> Life:
    """The pieces of an interaction's life, and the decisions about it."""
    table = TABLES[StepRow].c
    steps = reader.rows(
        StepRow,
        table.interaction_id == interaction_id,
        order=(table.position,),
        limit=STEPS_MAX,
    )
    return life(Recorded(Position(step.position), 0, _fact.decode(step.detail)) for step in steps)


def contacts(
    reader: HistoryReader, subjects: Sequence[SubjectId], before: Instant, limit: int
) -> tuple[PastInteraction, ...]:
    """A customer's interactions over all media, newest first. ``subjects``: all merged cards."""
    table = TABLES[InteractionRow].c
    rows = reader.rows(
        InteractionRow,
        table.subject.in_(list(subjects)[:SUBJECTS_MAX]),
        table.arrived_at < before,
        order=(table.arrived_at.desc(), table.interaction_id),
        limit=min(limit, PAGE_MAX),
    )
    return _told(reader, rows)


def counted(
    reader: HistoryReader, until: Instant, *, finished: bool, skip: int, limit: int
) -> tuple[int, tuple[PastInteraction, ...]]:
    """How many had arrived by a moment (or were finished by it), and some, newest first."""
    table = TABLES[InteractionRow].c
    moment = table.closed_at if finished else table.arrived_at
    rows = reader.rows(
        InteractionRow,
        moment <= until,
        order=(moment.desc(), table.interaction_id),
        limit=skip + min(limit, PAGE_MAX),
    )
    return reader.counts(InteractionRow, moment <= until), _told(reader, rows[skip:])


def entries(
    reader: HistoryReader,
    interaction_id: InteractionId,
    *,
    after: int,
    before: int,
    limit: int,
    with_files: bool,
) -> list[EntryRow]:
    """The last entries numbered between ``after`` and ``before``, in order."""
    table = TABLES[EntryRow].c
    conditions: list[Any] = [
        table.interaction_id == interaction_id,
        table.number > after,
        table.number < before,
    ]
    if with_files:
        conditions.append(table.files > 0)
    rows = reader.rows(
        EntryRow, *conditions, order=(table.number.desc(),), limit=min(limit, PAGE_MAX)
    )
    return rows[::-1]


def entry(
    reader: HistoryReader, interaction_id: InteractionId, entry_id: EntryId
) -> EntryRow | None:
    """One entry of an interaction."""
    row = reader.get(EntryRow, entry_id=entry_id)
    return row if row is not None and row.interaction_id == interaction_id else None


def last_contact(
    reader: HistoryReader, subjects: Sequence[SubjectId], before: Instant
) -> Contact | None:
    """The newest interaction of these customers before a moment."""
    found = reader.last_contact(subjects[:SUBJECTS_MAX], before)
    if found is None:
        return None
    interaction_id, medium, arrived = found
    return Contact(InteractionId(interaction_id), Medium(medium), Instant(arrived))


def _told(reader: HistoryReader, rows: Sequence[InteractionRow]) -> tuple[PastInteraction, ...]:
    """These interactions with the queues and agents they have had to do with."""
    ids = [row.interaction_id for row in rows]
    if not ids:
        return ()
    visits, engagements = TABLES[VisitRow].c, TABLES[EngagementRow].c
    entered: dict[str, int] = {}
    queues: dict[str, dict[str, None]] = {}
    agents: dict[str, dict[str, None]] = {}
    order = (visits.interaction_id, visits.visit)
    for visit in reader.rows(VisitRow, visits.interaction_id.in_(ids), order=order):
        entered[visit.interaction_id] = visit.entered_at
        _last(queues.setdefault(visit.interaction_id, {}), visit.queue)
    order = (engagements.interaction_id, engagements.started_at)
    for engaged in reader.rows(EngagementRow, engagements.interaction_id.in_(ids), order=order):
        _last(agents.setdefault(engaged.interaction_id, {}), engaged.agent_id)
    return tuple(
        PastInteraction(
            interaction_id=InteractionId(row.interaction_id),
            medium=Medium(row.medium),
            address=row.address,
            subject=SubjectId(row.subject),
            case_id=None if row.case_id is None else CaseId(row.case_id),
            arrived=Instant(row.arrived_at),
            entered=_instant(entered.get(row.interaction_id)),
            closed=_instant(row.closed_at),
            outcome=row.outcome,
            disposition=row.disposition,
            queues=tuple(QueueName(name) for name in queues.get(row.interaction_id, ())),
            agents=tuple(AgentId(name) for name in agents.get(row.interaction_id, ())),
            attributes=msgspec.json.decode(row.attributes),
            customer=msgspec.json.decode(row.customer),
            entries=row.entries,
            last_entry_at=_instant(row.last_entry_at),
        )
        for row in rows
    )


def _instant(at: int | None) -> Instant | None:
    return None if at is None else Instant(at)


def _last(names: dict[str, None], name: str) -> None:
    """Let the name stand last, once."""
    names.pop(name, None)
    names[name] = None
