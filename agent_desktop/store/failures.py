"""Failed log-ins, and what is locked because of them."""

from collections.abc import Sequence

from sqlalchemy import delete, func, insert, select

from agent_desktop.store.schema import FAILURES, LOCKS
from router.database import Database
from router.model.ids import Instant


class FailureRows:
    """The tables of failures and locks, by the digest of what they count against."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(
        self, identity: str, key: str, at: Instant, since: Instant
    ) -> tuple[int, Instant]:
        """Write a failure; how many there are since with it, and when the one before was (or 0).

        One transaction: of many tries at once each gets its own number, so none slips through
        uncounted.
        """
        async with self._database.writing() as connection:
            await self._database.lock(connection, key)
            found = (
                await connection.execute(
                    select(func.count(), func.max(FAILURES.c.at)).where(
                        FAILURES.c.key == key, FAILURES.c.at > since
                    )
                )
            ).one()
            await connection.execute(insert(FAILURES).values(id=identity, key=key, at=at))
        return found[0] + 1, Instant(found[1] or 0)

    async def take_back(self, identity: str) -> None:
        """Delete a failure that was none."""
        async with self._database.writing() as connection:
            await connection.execute(delete(FAILURES).where(FAILURES.c.id == identity))

    async def clear(self, key: str) -> None:
        """Forget the failures of a key, after its owner came in."""
        async with self._database.writing() as connection:
            await connection.execute(delete(FAILURES).where(FAILURES.c.key == key))

    async def lock(self, key: str, until: Instant) -> None:
        """Lock a key until a moment."""
        async with self._database.writing() as connection:
            await self._database.lock(connection, f"lock {key}")
            await connection.execute(delete(LOCKS).where(LOCKS.c.key == key))
            await connection.execute(insert(LOCKS).values(key=key, until=until))

    async def locked_until(self, keys: Sequence[str]) -> Instant:
        """The last moment until which one of these keys is locked; 0 when none is."""
        async with self._database.reading() as connection:
            found = (
                await connection.execute(
                    select(func.max(LOCKS.c.until)).where(LOCKS.c.key.in_(keys))
                )
            ).scalar()
        return Instant(found or 0)

    async def prune(self, before: Instant) -> None:
        """Delete failures and locks of the past."""
        async with self._database.writing() as connection:
            await connection.execute(delete(FAILURES).where(FAILURES.c.at < before))
            await connection.execute(delete(LOCKS).where(LOCKS.c.until < before))
