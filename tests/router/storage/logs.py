"""A log that is open for the length of a test, and events to put into it."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from router.model.events import Event, SignedIn
from router.model.ids import AgentId, Instant
from router.ports import EventLog

Log = TypeVar("Log", bound=EventLog)


def signed_in(number: int) -> Event:
    """An event that is told from others by its number."""
    return SignedIn(at=Instant(number), agent_id=AgentId(f"agent-{number:04}"))


def with_opened(log: Log, use: Callable[[Log], Awaitable[None]]) -> None:
    """Use a log that is opened before and closed after."""

    async def run() -> None:
        await log.open()
        try:
            await use(log)
        finally:
            await log.close()

    asyncio.run(run())
