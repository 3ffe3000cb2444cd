"""The shapes of our tables, step by step: a module per store, numbered, never changed again."""

from collections.abc import Sequence

import msgspec


class Migration(msgspec.Struct, frozen=True):
    """One step: its number (1 is the first), what it is for, and its statements in order."""

    number: int
    name: str
    statements: tuple[str, ...]


def pending(migrations: Sequence[Migration], done: int) -> Sequence[Migration]:
    """The steps still to be made when ``done`` were, in order."""
    return [migration for migration in migrations if migration.number > done]


def newest(migrations: Sequence[Migration]) -> int:
    """The number of the last step."""
    return max(migration.number for migration in migrations)
