"""The one loop of a test process that Twisted shares: run a coroutine on it with ``run``."""

import asyncio
import atexit
from collections.abc import Coroutine
from functools import partial
from threading import Thread
from typing import Any, TypeVar

from twisted.internet import asyncioreactor
from twisted.python.threadpool import ThreadPool

Result = TypeVar("Result")
_loops: list[asyncio.AbstractEventLoop] = []


def prepare() -> None:
    """Make the loop and put Twisted's reactor upon it; harmless when that is done.

    `tests/conftest.py` does so first of all: an import of Twisted's mail modules would install
    another reactor, which stays.
    """
    if _loops:
        return
    loop = asyncio.new_event_loop()
    install: Any = asyncioreactor.install
    install(loop)
    # Imported only now: the first import makes the reactor that stays.
    from twisted.internet import reactor

    # Threads of the reactor (name look-ups) must not keep the process at its end.
    pool: Any = ThreadPool
    pool.threadFactory = partial(Thread, daemon=True)
    start: Any = reactor
    start.startRunning(installSignalHandlers=False)
    _loops.append(loop)
    atexit.register(loop.close)


def run(main: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end on the process's one loop. A task that is left over fails the test.

    Twisted's reactor can be installed once in a process, so its loop stays for all tests of it.
    """
    prepare()
    result = _loops[0].run_until_complete(main)
    left = asyncio.all_tasks(_loops[0])
    for task in left:
        task.cancel()
    if left:
        _loops[0].run_until_complete(asyncio.gather(*left, return_exceptions=True))
    names = [task.get_name() for task in left]
    assert not names, f"still running at the end: {names}"
    return result
