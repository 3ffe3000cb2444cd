"""Sessions, their sockets' tickets, and devices that somebody has signed in from."""

from collections.abc import Sequence

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from agent_desktop.store.schema import DEVICES, META, SESSIONS, TICKETS
from router.database import Database
from router.model.ids import Instant

DEVICES_OF_A_USER = 20
_REVISION = "revision"


class SessionRow(msgspec.Struct):
    """One signed-in browser. ``confirmed``: when the password was last typed."""

    token_hash: str
    user: str
    created: Instant
    last_active: Instant
    expires: Instant
    confirmed: Instant
    address: str


class SessionRows:
    """The tables of sessions, tickets and devices. All tokens come as SHA-256 digests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, session: SessionRow, at_most: int) -> None:
        """Keep a new session; beyond ``at_most`` of its user the oldest ones end."""
        mine = SESSIONS.c.user == session.user
        async with self._database.writing() as connection:
            await connection.execute(insert(SESSIONS).values(msgspec.structs.asdict(session)))
            rows = await connection.execute(
                select(SESSIONS.c.token_hash)
                .where(mine, SESSIONS.c.token_hash != session.token_hash)
                .order_by(SESSIONS.c.created.desc())
                .offset(at_most - 1)
            )
            old = [row.token_hash for row in rows]
            if old:
                await connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash.in_(old)))
                await announce_change(self._database, connection)

    async def get(self, token_hash: str) -> SessionRow | None:
        """The session with this token, expired or not."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(SESSIONS).where(SESSIONS.c.token_hash == token_hash)
            )
            found = rows.mappings().first()
        return _session(found) if found else None

    async def of_user(self, user: str) -> list[SessionRow]:
        """A user's sessions, newest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(SESSIONS).where(SESSIONS.c.user == user).order_by(SESSIONS.c.created.desc())
            )
            return [_session(row) for row in rows.mappings()]

    async def touch(self, token_hash: str, **values: int) -> None:
        """Set ``last_active``, ``confirmed`` or ``expires``."""
        async with self._database.writing() as connection:
            await connection.execute(
                update(SESSIONS).where(SESSIONS.c.token_hash == token_hash).values(**values)
            )

    async def end(self, token_hash: str) -> None:
        """Forget a session and its tickets; every process is told."""
        async with self._database.writing() as connection:
            await connection.execute(delete(SESSIONS).where(SESSIONS.c.token_hash == token_hash))
            await connection.execute(delete(TICKETS).where(TICKETS.c.session_hash == token_hash))
            await announce_change(self._database, connection)

    async def revision(self) -> int:
        """Grows whenever a user or session was ended, by this process or another."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(META.c.value).where(META.c.name == _REVISION))
            return int(found.scalar() or 0)

    async def living(self, token_hashes: Sequence[str]) -> set[str]:
        """Which of these sessions still stand."""
        living: set[str] = set()
        async with self._database.reading() as connection:
            for start in range(0, len(token_hashes), 500):
                rows = await connection.execute(
                    select(SESSIONS.c.token_hash).where(
                        SESSIONS.c.token_hash.in_(token_hashes[start : start + 500])
                    )
                )
                living.update(row.token_hash for row in rows)
        return living

    async def add_ticket(self, ticket_hash: str, session_hash: str, expires: Instant) -> None:
        """Keep a ticket for one socket; spent and late ones of the session go."""
        async with self._database.writing() as connection:
            await connection.execute(delete(TICKETS).where(TICKETS.c.expires < expires - 60_000))
            await connection.execute(
                insert(TICKETS).values(
                    ticket_hash=ticket_hash, session_hash=session_hash, expires=expires
                )
            )

    async def spend_ticket(self, ticket_hash: str, now: Instant) -> str | None:
        """The session a ticket was given to; it is gone afterwards, so a second try finds None."""
        async with self._database.writing() as connection:
            rows = await connection.execute(
                delete(TICKETS)
                .where(TICKETS.c.ticket_hash == ticket_hash)
                .returning(TICKETS.c.session_hash, TICKETS.c.expires)
            )
            found = rows.first()
        return found.session_hash if found and found.expires >= now else None

    async def add_device(self, token_hash: str, user: str, expires: Instant) -> None:
        """Remember a device its owner has signed in from; the oldest of many go."""
        async with self._database.writing() as connection:
            await connection.execute(delete(DEVICES).where(DEVICES.c.token_hash == token_hash))
            await connection.execute(
                insert(DEVICES).values(token_hash=token_hash, user=user, expires=expires)
            )
            rows = await connection.execute(
                select(DEVICES.c.token_hash)
                .where(DEVICES.c.user == user)
                .order_by(DEVICES.c.expires.desc())
                .offset(DEVICES_OF_A_USER)
            )
            old = [row.token_hash for row in rows]
            await connection.execute(delete(DEVICES).where(DEVICES.c.token_hash.in_(old)))

    async def knows_device(self, token_hash: str, user: str, now: Instant) -> bool:
        """Whether this user has signed in from this device before."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(DEVICES.c.user).where(
                    DEVICES.c.token_hash == token_hash,
                    DEVICES.c.user == user,
                    DEVICES.c.expires > now,
                )
            )
            return rows.first() is not None

    async def prune(self, now: Instant) -> None:
        """Delete what has expired."""
        async with self._database.writing() as connection:
            await connection.execute(delete(SESSIONS).where(SESSIONS.c.expires < now))
            await connection.execute(delete(TICKETS).where(TICKETS.c.expires < now))
            await connection.execute(delete(DEVICES).where(DEVICES.c.expires < now))


async def announce_change(database: Database, connection: AsyncConnection) -> None:
    """Within a transaction: tell every desk process to look at its sessions again."""
    first = database.insert(META).values(name=_REVISION, value=1)
    await connection.execute(
        first.on_conflict_do_update(index_elements=["name"], set_={"value": META.c.value + 1})
    )


def _session(row: RowMapping) -> SessionRow:
    return SessionRow(
        token_hash=row["token_hash"],
        user=row["user"],
        created=Instant(row["created"]),
        last_active=Instant(row["last_active"]),
        expires=Instant(row["expires"]),
        confirmed=Instant(row["confirmed"]),
        address=row["address"],
    )
