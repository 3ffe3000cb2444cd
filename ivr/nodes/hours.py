"""``hours``: one way when business is open, another when it is closed."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.node import Go, Node, Steps, Visit


class Hours(Node, frozen=True, kw_only=True, tag="hours"):
    """Ask the calendar named ``hours`` of the configuration; emergency closing counts."""

    calendar: str
    open: str
    closed: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """Open and closed."""
        yield "open", self.open
        yield "closed", self.closed

    @override
    def steps(self, visit: Visit) -> Steps:
        """Look at the clock."""
        if visit.is_open(self.calendar):
            return Go("open", self.open)
        yield from ()  # It asks nothing; a visit is a generator all the same.
        return Go("closed", self.closed)
