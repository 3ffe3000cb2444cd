"""A clock that stands until a test moves it."""

from router.model.ids import Instant


class SetClock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.at = Instant(1_800_000_000_000)

    def now(self) -> Instant:
        return self.at

    def pass_ms(self, passed: int) -> None:
        self.at = Instant(self.at + passed)
