"""The history's tables and queries, on SQLite or PostgreSQL through SQLAlchemy.

Everything here can be built again from the event log; nothing else is kept in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from reporting.rows import (
    AgentStateRow,
    EngagementRow,
    EntryRow,
    InteractionRow,
    OfferRow,
    StepRow,
    VisitRow,
)
from router.model.errors import StorageFailed

SCHEMA_VERSION = 1
"""Raised with each change of the tables: an older history is dropped and built again."""

metadata = sa.MetaData()
AnyRow = AgentStateRow | EngagementRow | EntryRow | InteractionRow | OfferRow | StepRow | VisitRow
OneRow = TypeVar("OneRow", bound=AnyRow)

_KEYS: dict[type[Any], tuple[str, ...]] = {
    InteractionRow: ("interaction_id",),
    VisitRow: ("interaction_id", "visit"),
    EngagementRow: ("interaction_id", "agent_id", "started_at"),
    OfferRow: ("offer_id",),
    EntryRow: ("entry_id",),
    StepRow: ("position",),
    AgentStateRow: ("agent_id", "started_at", "position"),
}
_NAMES: dict[type[Any], str] = {
    InteractionRow: "interactions",
    VisitRow: "visits",
    EngagementRow: "engagements",
    OfferRow: "offers",
    EntryRow: "entries",
    StepRow: "steps",
    AgentStateRow: "agent_states",
}


def _column(row: type[Any], field: msgspec.structs.FieldInfo) -> sa.Column[Any]:
    optional = type(None) in getattr(field.type, "__args__", ())
    plain = next((t for t in getattr(field.type, "__args__", ()) if t is not type(None)), None)
    kind = plain or field.type
    types: dict[Any, Any] = {int: sa.BigInteger, bool: sa.Boolean, str: sa.Text}
    return sa.Column(
        field.name, types[kind], primary_key=field.name in _KEYS[row], nullable=optional
    )


TABLES: dict[type[Any], sa.Table] = {
    row: sa.Table(name, metadata, *(_column(row, field) for field in msgspec.structs.fields(row)))
    for row, name in _NAMES.items()
}
_projection = sa.Table(
    "projection",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
_in_force = sa.Table(
    "catalogue_in_force",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("catalogue", sa.Text, nullable=False),
)
_visits = TABLES[VisitRow]
sa.Index("visits_by_entry", _visits.c.entered_at)
sa.Index(
    "interactions_by_subject", TABLES[InteractionRow].c.subject, TABLES[InteractionRow].c.arrived_at
)
sa.Index("interactions_by_arrival", TABLES[InteractionRow].c.arrived_at)
sa.Index("interactions_by_case", TABLES[InteractionRow].c.case_id)
sa.Index(
    "engagements_by_agent", TABLES[EngagementRow].c.agent_id, TABLES[EngagementRow].c.started_at
)
sa.Index("offers_by_interaction", TABLES[OfferRow].c.interaction_id)
sa.Index("offers_by_agent", TABLES[OfferRow].c.agent_id, TABLES[OfferRow].c.offered_at)
sa.Index("entries_by_interaction", TABLES[EntryRow].c.interaction_id)
sa.Index("steps_by_interaction", TABLES[StepRow].c.interaction_id)
sa.Index(
    "agent_states_by_agent", TABLES[AgentStateRow].c.agent_id, TABLES[AgentStateRow].c.started_at
)


class HistoryStore:
    """The tables, opened at a SQLAlchemy URL (``sqlite:///history.db``, ``postgresql+psycopg:``).

    All methods block and are called from one worker thread.
    """

    def __init__(self, url: str) -> None:
        self._engine = sa.create_engine(url)
        if self._engine.dialect.name == "sqlite":
            event.listen(self._engine, "connect", _tune_sqlite)
        self._insert: Any = (
            sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        )

    def open(self) -> int:
        """Make the tables where needed; the position the history stands at (0 when new)."""
        metadata.create_all(self._engine, tables=[_projection])
        with self._engine.begin() as connection:
            row = connection.execute(sa.select(_projection)).first()
        if row is not None and row.version != SCHEMA_VERSION:
            metadata.drop_all(self._engine)
            row = None
        metadata.create_all(self._engine)
        return 0 if row is None else int(row.position)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def reset(self) -> None:
        """Empty the history, so that it is built again from the first event."""
        metadata.drop_all(self._engine)
        metadata.create_all(self._engine)

    @contextmanager
    def writing(self, position: int) -> Iterator["HistoryWriter"]:
        """One transaction that takes the history to ``position``, or changes nothing.

        Raises StorageFailed when the database did not take it.
        """
        try:
            with self._engine.begin() as connection:
                yield HistoryWriter(connection, self._insert)
                values = {"name": "history", "position": position, "version": SCHEMA_VERSION}
                statement = self._insert(_projection).values(values)
                connection.execute(
                    statement.on_conflict_do_update(index_elements=["name"], set_=values)
                )
        except DBAPIError as error:
            raise StorageFailed(f"the history was not written: {error.orig}") from error

    def catalogue(self) -> str:
        """The catalogue in force where the history stands, as JSON; empty before the first."""
        with self._engine.connect() as connection:
            row = connection.execute(sa.select(_in_force.c.catalogue)).first()
        return "" if row is None else str(row[0])

    def rows(
        self,
        row: type[OneRow],
        *conditions: Any,
        order: Sequence[Any] = (),
        limit: int | None = None,
    ) -> list[OneRow]:
        """The rows that meet all conditions (SQLAlchemy expressions over ``TABLES``)."""
        statement = sa.select(TABLES[row]).where(*conditions).order_by(*order)
        if limit is not None:
            statement = statement.limit(limit)
        with self._engine.connect() as connection:
            return [row(*values) for values in connection.execute(statement)]

    def counts(self, row: type[AnyRow], *conditions: Any) -> int:
        """How many rows meet all conditions."""
        statement = sa.select(sa.func.count()).select_from(TABLES[row]).where(*conditions)
        with self._engine.connect() as connection:
            return int(connection.execute(statement).scalar_one())


class HistoryWriter:
    """Writes within one transaction of ``HistoryStore.writing``."""

    def __init__(self, connection: sa.Connection, insert: Any) -> None:
        self._connection = connection
        self._insert = insert

    def put(self, rows: Sequence[AnyRow]) -> None:
        """Insert rows of one type, or replace the ones with the same key."""
        if not rows:
            return
        kind = type(rows[0])
        table = TABLES[kind]
        statement = self._insert(table)
        names = [column.name for column in table.columns if not column.primary_key]
        statement = statement.on_conflict_do_update(
            index_elements=list(_KEYS[kind]),
            set_={name: statement.excluded[name] for name in names},
        )
        self._connection.execute(statement, [msgspec.structs.asdict(row) for row in rows])

    def put_catalogue(self, text: str) -> None:
        """Keep the catalogue in force, as JSON."""
        values = {"name": "history", "catalogue": text}
        statement = self._insert(_in_force).values(values)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["name"], set_=values)
        )

    def get(self, kind: type[OneRow], **key: Any) -> OneRow | None:
        """The row with this key."""
        table = TABLES[kind]
        conditions = [table.c[name] == value for name, value in key.items()]
        values = self._connection.execute(sa.select(table).where(*conditions)).first()
        return None if values is None else kind(*values)

    def select(self, kind: type[OneRow], *conditions: Any) -> list[OneRow]:
        """The rows that meet all conditions, as of this transaction."""
        statement = sa.select(TABLES[kind]).where(*conditions)
        return [kind(*values) for values in self._connection.execute(statement)]


def _tune_sqlite(connection: Any, _record: Any) -> None:
    """Fast and safe enough: a lost tail of the history is built again from the log."""
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA trusted_schema=OFF")
    cursor.close()
