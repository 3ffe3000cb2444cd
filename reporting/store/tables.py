"""The history's tables, made from its rows: one table a kind of row, one column a field."""

import zlib
from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa

from reporting.rows import (
    AgentStateRow,
    EngagementRow,
    EntryRow,
    FlowStepRow,
    InteractionRow,
    OfferRow,
    StepRow,
    VisitRow,
)
from router.model.events import Event

FOLD_VERSION = 1
"""Raised when the same facts give other rows."""

metadata = sa.MetaData()
AnyRow = (
    AgentStateRow
    | EngagementRow
    | EntryRow
    | FlowStepRow
    | InteractionRow
    | OfferRow
    | StepRow
    | VisitRow
)
OneRow = TypeVar("OneRow", bound=AnyRow)

KEYS: dict[type[Any], tuple[str, ...]] = {
    InteractionRow: ("interaction_id",),
    VisitRow: ("interaction_id", "visit"),
    EngagementRow: ("interaction_id", "agent_id", "started_at"),
    OfferRow: ("offer_id",),
    EntryRow: ("entry_id",),
    StepRow: ("position",),
    FlowStepRow: ("position",),
    AgentStateRow: ("agent_id", "started_at", "position"),
}
"""The primary key of each kind of row."""
_NAMES: dict[type[Any], str] = {
    InteractionRow: "interactions",
    VisitRow: "visits",
    EngagementRow: "engagements",
    OfferRow: "offers",
    EntryRow: "entries",
    StepRow: "steps",
    FlowStepRow: "flow_steps",
    AgentStateRow: "agent_states",
}


def _column(row: type[Any], field: msgspec.structs.FieldInfo) -> sa.Column[Any]:
    optional = type(None) in getattr(field.type, "__args__", ())
    plain = next((t for t in getattr(field.type, "__args__", ()) if t is not type(None)), None)
    kind = plain or field.type
    types: dict[Any, Any] = {int: sa.BigInteger, bool: sa.Boolean, str: sa.Text}
    return sa.Column(
        field.name, types[kind], primary_key=field.name in KEYS[row], nullable=optional
    )


TABLES: dict[type[Any], sa.Table] = {
    row: sa.Table(name, metadata, *(_column(row, field) for field in msgspec.structs.fields(row)))
    for row, name in _NAMES.items()
}
projection = sa.Table(
    "projection",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
    sa.Column("version", sa.Integer, nullable=False),
)
in_force = sa.Table(
    "catalogue_in_force",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("catalogue", sa.Text, nullable=False),
)


def _index(name: str, row: type[Any], *columns: str) -> None:
    sa.Index(name, *(TABLES[row].c[column] for column in columns))


_index("visits_by_entry", VisitRow, "entered_at")
_index("interactions_by_subject", InteractionRow, "subject", "arrived_at")
_index("interactions_by_arrival", InteractionRow, "arrived_at")
_index("interactions_by_case", InteractionRow, "case_id")
_index("engagements_by_agent", EngagementRow, "agent_id", "started_at")
_index("engagements_by_agent_end", EngagementRow, "agent_id", "ended_at")
_index("engagements_by_state", EngagementRow, "state")
_index("offers_by_interaction", OfferRow, "interaction_id")
_index("offers_by_agent", OfferRow, "agent_id", "ended_at")
_index("entries_by_interaction", EntryRow, "interaction_id", "number")
_index("steps_by_interaction", StepRow, "interaction_id", "position")
_index("flow_steps_by_end", FlowStepRow, "left_at", "position")
_index("agent_states_by_end", AgentStateRow, "agent_id", "ended_at")


def _index_of_open(name: str, row: type[Any], column: str) -> None:
    """An index of the few rows that have not ended, which are read at each start."""
    table = TABLES[row]
    still_open = table.c.ended_at.is_(None)
    sa.Index(name, table.c[column], sqlite_where=still_open, postgresql_where=still_open)


_index_of_open("offers_open", OfferRow, "offer_id")
_index_of_open("agent_states_open", AgentStateRow, "agent_id")


def shape_of(kinds: Sequence[type[Any]], facts: Any) -> int:
    """A number for the shape of these rows and of the facts that are kept as JSON in steps."""
    rows = [
        [kind.__name__, KEYS[kind], kind.__struct_fields__, _indexes(TABLES[kind])]
        for kind in kinds
    ]
    shapes = [FOLD_VERSION, rows, _without_words(msgspec.json.schema(facts))]
    return zlib.crc32(msgspec.json.encode(shapes, order="deterministic")) & 0x7FFF_FFFF


def _indexes(table: sa.Table) -> list[str]:
    return sorted(str(index.name) for index in table.indexes)


def _without_words(schema: Any) -> Any:
    """A JSON schema without what it says to people."""
    if isinstance(schema, list):
        return [_without_words(each) for each in schema]
    if isinstance(schema, dict):
        return {
            name: _without_words(value)
            for name, value in schema.items()
            if name != "description" or not isinstance(value, str)
        }
    return schema


SCHEMA_VERSION = shape_of(list(TABLES), Event)
"""A history of another version is dropped and built again from the log."""
