"""Look-ups by SQL: fixed statements, bound parameters, one row, a time limit (IVR-2)."""

import asyncio
import datetime
import decimal
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ivr.flow import SqlLookUp
from router.database import CONNECTIONS, database_url
from router.model.commands import Scalar
from router.model.errors import InvalidInput, StorageFailed

ROWS_MAX = 50
VALUE_MAX = 4_096

_GRACE_S = 1
"""How long an interrupted statement may take to end."""


class SqlSystems:
    """The databases that look-ups ask, opened when first asked. Close it when done."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._engines: dict[tuple[str, bool], AsyncEngine] = {}

    async def first_row(
        self, look_up: SqlLookUp, values: Mapping[str, str]
    ) -> dict[str, Scalar] | None:
        """The columns named in ``take`` of the first row; None when there is no row.

        Raises StorageFailed for a database that cannot be asked, refuses, is too slow, or whose
        row has no such column; InvalidInput for an address that is none.
        """
        engine = self._engine(look_up)
        parameters = {name: values.get(name, "") for name in look_up.asks()}
        limit_s = look_up.limit_ms / 1_000
        try:
            async with (
                asyncio.timeout(limit_s + _GRACE_S),
                engine.connect() as connection,
                _interrupted(connection, limit_s),
            ):
                found = await connection.execute(text(look_up.statement), parameters)
                rows = found.mappings().fetchmany(ROWS_MAX) if found.returns_rows else []
                if look_up.write:
                    await connection.commit()
        except TimeoutError:
            raise StorageFailed(f"it took longer than {look_up.limit_ms} ms") from None
        except (SQLAlchemyError, OSError) as error:
            raise StorageFailed(type(error).__name__) from None
        if not rows:
            return {} if look_up.write and not found.returns_rows else None
        missing = [name for name in look_up.take if name not in rows[0]]
        if missing:
            raise StorageFailed(f"the row has no column {missing[0]}")
        return {name: _scalar(rows[0][name]) for name in look_up.take}

    async def close(self) -> None:
        """Let go of every connection."""
        engines, self._engines = self._engines, {}
        for engine in engines.values():
            await engine.dispose()

    def _engine(self, look_up: SqlLookUp) -> AsyncEngine:
        if look_up.file:
            path = (self._folder / look_up.file).absolute()
            if not path.is_file():
                raise StorageFailed(f"there is no file {look_up.file}")
            url = f"sqlite:///file:{path}?mode=ro&uri=true"
        elif look_up.database is not None:
            url = look_up.database.reveal()
        else:
            raise InvalidInput("neither a database nor a file", field="database")
        key = (url, look_up.write)
        if key not in self._engines:
            self._engines[key] = _opened(url, write=look_up.write)
        return self._engines[key]


@asynccontextmanager
async def _interrupted(connection: AsyncConnection, limit_s: float) -> AsyncIterator[None]:
    """Stop a statement of SQLite in its thread; giving up waiting would leave it running.

    A server stops by itself when its client cancels.
    """
    raw = await connection.get_raw_connection()
    interrupt = getattr(raw.driver_connection, "interrupt", None)
    if interrupt is None:
        async with asyncio.timeout(limit_s):
            yield
        return
    tasks: list[asyncio.Task[None]] = []
    loop = asyncio.get_running_loop()
    timer = loop.call_later(limit_s, lambda: tasks.append(loop.create_task(interrupt())))
    try:
        yield
    finally:
        timer.cancel()
        await asyncio.gather(*tasks)


def _opened(url: str, *, write: bool) -> AsyncEngine:
    address = database_url(url, "database")
    pool: dict[str, Any] = {"pool_size": CONNECTIONS, "max_overflow": 0}
    if address.get_backend_name() == "sqlite":
        engine = create_async_engine(address, **pool)
        if not write:
            event.listen(engine.sync_engine, "connect", _only_reads)
        return engine
    settings = {} if write else {"default_transaction_read_only": "on"}
    return create_async_engine(
        address, pool_pre_ping=True, connect_args={"server_settings": settings}, **pool
    )


def _only_reads(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA query_only = ON")
    cursor.close()


def _scalar(value: object) -> Scalar:
    """A column as a value of a session; nothing for NULL."""
    match value:
        case None:
            return ""
        case bool() | int() | float():
            return value
        case str():
            return value[:VALUE_MAX]
        case decimal.Decimal():
            return float(value)
        case datetime.datetime() | datetime.date() | datetime.time():
            return value.isoformat()
        case _:
            raise StorageFailed(f"a column holds {type(value).__name__}, which nobody can say")
