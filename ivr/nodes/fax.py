"""``fax``: take a fax from the caller; it waits in a queue like every other contact."""

from typing_extensions import override

from ivr.asks import FaxReceived, ReceiveFax
from ivr.node import Finish, Go, Steps, Taking, Visit, ask_for, speak


class Fax(Taking, frozen=True, kw_only=True, tag="fax"):
    """Answer with the tone of a fax machine and receive."""

    @override
    def steps(self, visit: Visit) -> Steps:
        """Receive."""
        yield from speak(self.opening(visit), barge_in=False)
        received = yield from ask_for(ReceiveFax(), FaxReceived)
        if received.pages:
            return Finish("fax", queue=self.queue)
        return Go("otherwise", self.otherwise)
