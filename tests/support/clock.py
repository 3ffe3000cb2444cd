"""Clocks that a test moves."""

from router.model.ids import Instant
from router.storage.system import SystemClock

START = Instant(1_795_000_000_000)


class StillClock:
    """The Clock port for tests: time passes when ``pass_ms`` says so."""

    def __init__(self, at: Instant = START) -> None:
        self.at = at

    def now(self) -> Instant:
        return self.at

    def pass_ms(self, milliseconds: int) -> None:
        self.at = Instant(self.at + milliseconds)


class LeapingClock:
    """The machine's clock, which a test can put forward; a ``still`` one moves only so."""

    def __init__(self, *, still: bool = False) -> None:
        self._machine: SystemClock | StillClock = StillClock() if still else SystemClock()
        self._ahead_ms = 0

    def now(self) -> Instant:
        return Instant(self._machine.now() + self._ahead_ms)

    def pass_ms(self, milliseconds: int) -> None:
        self._ahead_ms += milliseconds
