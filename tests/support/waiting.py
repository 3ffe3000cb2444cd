"""Waiting for what other tasks bring about."""

import asyncio
from collections.abc import Callable

PATIENCE_S = 30.0
"""How long a busy machine may take; nobody waits so long where nothing is wrong."""
LOOK_S = 0.002


async def soon(condition: Callable[[], bool], within_s: float = PATIENCE_S) -> None:
    """Let the loop run until something holds; fails when it does not in time."""
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - what is waited for has no event of its own
            await asyncio.sleep(LOOK_S)
