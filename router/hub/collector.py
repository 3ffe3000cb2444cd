"""Python's garbage collector, told to leave the long-lived state alone.

A full collection walks every object it knows: with 100,000 open interactions that is a pause of
half a second in the middle of routing, and it finds nothing, because the core builds no cycles.
Measured while such a state is folded, the collector takes two thirds of the time.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_YOUNG, _MIDDLE, _OLD = 1_000, 10, 20_000
"""How many new objects, and younger collections, make the next one. The first two are small,
because a collection stops everything for a tenth of a microsecond and more for each object it
looks at. The old generation's turn comes after 200 million new objects: minutes apart under the
highest load, else days."""

_LARGE = 5_000

_SWITCH_S = 0.001
"""How long a thread that works in Python may go on while another one waits. A ring goes through
half a dozen threads, and each of them would wait five milliseconds where Python decides."""


@contextmanager
def paused() -> Iterator[None]:
    """Collect nothing within the block."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def keep(interactions: int) -> None:
    """Freeze what is alive, if a state of so many interactions is among it and worth it."""
    if interactions >= _LARGE:
        gc.freeze()


def settle() -> None:
    """Freeze what is alive, let the collector walk the old generation rarely, and threads give way
    soon.

    For the process that routes, once the hub has started and the channels are up. It changes the
    whole process, so the hub does not do it by itself.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
    sys.setswitchinterval(_SWITCH_S)
