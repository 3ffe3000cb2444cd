"""The machine's own clock and randomness, as the ports the rest of Carillon takes them from."""

import secrets
import time
from collections.abc import Callable

from router.model.ids import Instant

_SLEW_SHARE = 200
"""Of the time that passes, one part in this many may be used to follow the wall clock (0.5 %)."""

_STEP_MS = 10_000
"""Behind the wall clock by more than this, the clock jumps forward instead of creeping."""


class SystemClock:
    """The Clock port on this machine's clocks: never runs backwards, follows the wall clock.

    Between two looks time passes as the monotonic clock says. When the wall clock was set, the
    difference is made up at 0.5 % of the time that passes, so no wait becomes negative and no
    deadline comes early; when we are behind by more than 10 s (the machine slept), at once.
    Constructor: ``SystemClock()``; the two sources in nanoseconds can be given for tests.
    """

    def __init__(
        self,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._wall_ns = wall_ns
        self._monotonic_ns = monotonic_ns
        self._at_ns = wall_ns()
        self._seen_ns = monotonic_ns()

    def now(self) -> Instant:
        """The current moment in milliseconds."""
        seen = self._monotonic_ns()
        passed = max(0, seen - self._seen_ns)
        self._seen_ns = seen
        expected = self._at_ns + passed
        behind = self._wall_ns() - expected
        if behind > _STEP_MS * 1_000_000:
            expected += behind
        else:
            most = passed // _SLEW_SHARE
            expected += max(-most, min(most, behind))
        self._at_ns = expected
        return Instant(expected // 1_000_000)


class RandomIds:
    """The Ids port: 128 bits from the operating system. Constructor: ``RandomIds()``."""

    def new(self) -> str:
        """128 random bits as 32 hexadecimal digits."""
        return secrets.token_hex(16)
