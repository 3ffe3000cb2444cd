"""Audit lines as rows: each carries the digest of itself and the line before it."""

import asyncio
import hashlib
from collections.abc import Sequence

import msgspec
from sqlalchemy import RowMapping, insert, select

from agent_desktop.store.database import Database
from agent_desktop.store.schema import AUDIT
from router.model.ids import Instant

REASON_MAX = 2_000


class AuditLine(msgspec.Struct, frozen=True):
    """Who did what to what, when, from where, why."""

    number: int
    at: Instant
    actor: str
    role: str
    address: str
    action: str
    object: str
    reason: str
    chain: str = ""


class AuditRows:
    """The audit table, only ever appended to."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._one_at_a_time = asyncio.Lock()

    async def append(
        self,
        *,
        at: Instant,
        actor: str,
        role: str,
        address: str,
        action: str,
        on: str,
        reason: str,
    ) -> None:
        """Append a line, durably."""
        newest = select(AUDIT.c.number, AUDIT.c.chain).order_by(AUDIT.c.number.desc()).limit(1)
        async with self._one_at_a_time, self._database.begin() as connection:
            await self._database.lock(connection, "desk_audit")
            before = (await connection.execute(newest)).first()
            line = AuditLine(
                number=before.number + 1 if before else 1,
                at=at,
                actor=actor,
                role=role,
                address=address,
                action=action,
                object=on[:200],
                reason=reason[:REASON_MAX],
            )
            chained = msgspec.structs.replace(
                line, chain=_chain(before.chain if before else "", line)
            )
            await connection.execute(insert(AUDIT).values(msgspec.structs.asdict(chained)))

    async def lines(self, before: int, limit: int) -> Sequence[AuditLine]:
        """Lines before a number, newest first."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(AUDIT)
                .where(AUDIT.c.number < before)
                .order_by(AUDIT.c.number.desc())
                .limit(limit)
            )
            return [_line(row) for row in rows.mappings()]

    async def first_broken(self) -> int | None:
        """The first line that is missing or was changed."""
        chain, expected = "", 1
        async with self._database.reading() as connection:
            rows = await connection.execute(select(AUDIT).order_by(AUDIT.c.number))
            for row in rows.mappings():
                line = _line(row)
                if line.number != expected or line.chain != _chain(chain, line):
                    return expected
                chain, expected = line.chain, expected + 1
        return None


def _chain(before: str, line: AuditLine) -> str:
    body = msgspec.json.encode(msgspec.structs.replace(line, chain=before))
    return hashlib.sha256(body).hexdigest()


def _line(row: RowMapping) -> AuditLine:
    return AuditLine(**{str(name): value for name, value in row.items()})
