"""Python's garbage collector, told to leave the long-lived state alone.

A full collection walks every object it knows: with 100,000 open interactions that is a pause of
tens of milliseconds in the middle of routing, and it finds nothing, because the core builds no
cycles. Frozen objects are not walked. What is made later is still collected, in larger steps.
"""

import gc

_YOUNG = 50_000
_MIDDLE = 20
_OLD = 100


def settle() -> None:
    """Collect once, then freeze what is alive and let the collector run less often.

    For the process that routes, once the hub has recovered and the channels are up; it changes the
    whole process, so the hub does not do it by itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
