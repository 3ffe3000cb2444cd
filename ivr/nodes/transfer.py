"""``transfer``: connect the customer to a number outside."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.asks import Reach, Reached
from ivr.node import Finish, Go, Leading, Milliseconds, Steps, Visit, ask_for, speak


class Transfer(Leading, frozen=True, kw_only=True, tag="transfer"):
    """Ring ``number`` for ``ring_ms``; the dial policy holds here as everywhere (SIP-8)."""

    number: str
    busy: str
    failed: str
    ring_ms: Milliseconds = 30_000

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """The ways on when nobody answers there; a connected call leaves the flow."""
        yield "busy", self.busy
        yield "failed", self.failed

    @override
    def texts(self) -> Iterator[tuple[str, str]]:
        """The number may come from a look-up."""
        yield "number", self.number

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ring there."""
        yield from speak(self.opening(visit), barge_in=False)
        answer = yield from ask_for(Reach(visit.text(self.number), self.ring_ms), Reached)
        if answer.outcome == "connected":
            return Finish("transferred")
        if answer.outcome in ("busy", "no_answer"):
            return Go("busy", self.busy)
        return Go("failed", self.failed)
