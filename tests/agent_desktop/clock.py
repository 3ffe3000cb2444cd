"""A clock that stands still until it is moved."""

from router.model.ids import Instant

START = Instant(1_795_000_000_000)


class StillClock:
    """The Clock port for tests: time passes when ``pass_ms`` says so."""

    def __init__(self, at: Instant = START) -> None:
        self._at = at

    def now(self) -> Instant:
        return self._at

    def pass_ms(self, milliseconds: int) -> None:
        self._at = Instant(self._at + milliseconds)
