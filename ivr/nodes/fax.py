"""``fax``: take a fax from the caller; it waits in a queue like every other contact."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.asks import FaxReceived, ReceiveFax
from ivr.node import Finish, Go, Prompted, Steps, Visit, ask_for, speak


class Fax(Prompted, frozen=True, kw_only=True, tag="fax"):
    """Answer with the tone of a fax machine and receive."""

    queue: str = ""
    otherwise: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """The way on when no page came; a fax ends the flow."""
        yield "otherwise", self.otherwise

    @override
    def waits(self) -> bool:
        """A fax takes its time."""
        return True

    @override
    def ends(self) -> bool:
        """A fax is an end."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Receive."""
        yield from speak(self.opening(visit), barge_in=False)
        received = yield from ask_for(ReceiveFax(), FaxReceived)
        if received.pages:
            return Finish("fax", queue=self.queue)
        return Go("otherwise", self.otherwise)
