"""The one loop of the process: asyncio on uvloop, with Twisted's reactor upon it."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop
from twisted.internet import asyncioreactor

Result = TypeVar("Result")


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run ``main`` to its end on a fresh loop that Twisted shares; once per process.

    Twisted has one reactor in a process and it belongs to one loop, so this must be called before
    anything imports ``twisted.internet.reactor``.
    """
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    install: Any = asyncioreactor.install
    install(loop)
    # Imported only now: the first import makes the reactor that stays.
    from twisted.internet import reactor

    started: Any = reactor
    started.startRunning(installSignalHandlers=False)
    try:
        return loop.run_until_complete(main)
    finally:
        _finish(loop)
        # Ends the reactor's threads (name look-ups); it stops the loop, so it comes last.
        started.fireSystemEvent("shutdown")
        asyncio.set_event_loop(None)
        loop.close()


def _finish(loop: asyncio.AbstractEventLoop) -> None:
    """Let what was cancelled end, and the threads of the loop."""
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
