"""Reading the history: everything one reader sees is of one moment."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa

from reporting.rows import EntryRow, InteractionRow
from reporting.store.tables import KEYS, TABLES, AnyRow, OneRow, projection
from router.model.content import Author

CHUNK = 1_000
"""Rows that a stream holds at a time."""


_interactions, _entries = TABLES[InteractionRow].c, TABLES[EntryRow].c
_LAST_CONTACT = (
    sa.select(_interactions.interaction_id, _interactions.medium, _interactions.arrived_at)
    .where(
        _interactions.subject.in_(sa.bindparam("subjects", expanding=True)),
        _interactions.arrived_at < sa.bindparam("before"),
    )
    .order_by(_interactions.arrived_at.desc(), _interactions.interaction_id)
    .limit(1)
)
_FIRST_WORDS = (
    sa.select(_entries.position)
    .where(_entries.interaction_id == sa.bindparam("interaction_id"), _entries.note.is_(False))
    .order_by(sa.case((_entries.author == sa.bindparam("customer"), 0), else_=1), _entries.number)
    .limit(1)
)
# These two are asked for with every ring, so they are built once.


@cache
def _row_with(table: sa.Table, key: tuple[str, ...], names: tuple[str, ...]) -> sa.Select[Any]:
    """The statement for a row by so much of its key, built once."""
    conditions = [table.c[name] == sa.bindparam(name) for name in names]
    order = [table.c[name].desc() for name in key if name not in names]
    return sa.select(table).where(*conditions).order_by(*order).limit(1)


class HistoryReader:
    """One snapshot of the history: what is written meanwhile is not seen."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def position(self) -> int:
        """How far into the log this snapshot holds; 0 for an empty history."""
        row = self._connection.execute(sa.select(projection.c.position)).first()
        return 0 if row is None else int(row[0])

    def complete_to(self) -> int:
        """The moment of the last event this snapshot holds; 0 for an empty history."""
        row = self._connection.execute(sa.select(projection.c["at"])).first()
        return 0 if row is None else int(row[0])

    def rows(
        self,
        kind: type[OneRow],
        *conditions: Any,
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[OneRow]:
        """The rows that meet all conditions (SQLAlchemy expressions over ``TABLES``)."""
        statement = sa.select(TABLES[kind]).where(*conditions).order_by(*order)
        if limit is not None:
            statement = statement.limit(limit)
        return [kind(*values) for values in self._connection.execute(statement)]

    def chunks(
        self, kind: type[OneRow], *conditions: Any, order: Sequence[Any]
    ) -> Iterator[list[OneRow]]:
        """The same a thousand rows at a time, for what may be more than fits in memory."""
        statement = sa.select(TABLES[kind]).where(*conditions).order_by(*order)
        found = self._connection.execution_options(yield_per=CHUNK).execute(statement)
        for partition in found.partitions():
            yield [kind(*values) for values in partition]

    def get(self, kind: type[OneRow], **key: Any) -> OneRow | None:
        """The row with this key; the last one when its end is left open."""
        statement = _row_with(TABLES[kind], tuple(KEYS[kind]), tuple(key))
        values = self._connection.execute(statement, key).first()
        return None if values is None else kind(*values)

    def last_contact(self, subjects: Sequence[str], before: int) -> tuple[str, str, int] | None:
        """The newest interaction of these customers before a moment: id, medium, arrival."""
        given = {"subjects": list(subjects), "before": before}
        row = self._connection.execute(_LAST_CONTACT, given).first()
        return None if row is None else (row[0], row[1], int(row[2]))

    def first_words(self, interaction_id: str) -> int | None:
        """Where in the log the customer's first entry stands, or the first that is no note."""
        given = {"interaction_id": interaction_id, "customer": Author.CUSTOMER.value}
        found = self._connection.execute(_FIRST_WORDS, given).scalar()
        return None if found is None else int(found)

    def distinct(self, kind: type[AnyRow], columns: Sequence[str], *conditions: Any) -> list[Any]:
        """The different values of some columns, in order."""
        chosen = [TABLES[kind].c[name] for name in columns]
        statement = sa.select(*chosen).where(*conditions).distinct().order_by(*chosen)
        return [tuple(values) for values in self._connection.execute(statement)]

    def counts(self, kind: type[AnyRow], *conditions: Any) -> int:
        """How many rows meet all conditions."""
        statement = sa.select(sa.func.count()).select_from(TABLES[kind]).where(*conditions)
        return int(self._connection.execute(statement).scalar_one())
