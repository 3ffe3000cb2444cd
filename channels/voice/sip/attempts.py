"""A call to a number that goes from trunk to trunk until one of them takes it."""

import logging
from typing import Protocol

import msgspec

from channels.voice.sip.calls import Call, Listener
from channels.voice.sip.happenings import CallEvent, EarlyMedia, Ended, Ringing
from channels.voice.sip.sdp import Description
from channels.voice.sip.trunks import Trunk

log = logging.getLogger(__name__)
_ELSEWHERE = frozenset({408, 500, 502, 503, 504})
"""What makes another trunk worth trying, while nothing was heard from the far side."""


class Caller(msgspec.Struct, frozen=True):
    """Who a call of ours says it is from; empty: the trunk's ``caller_id``."""

    number: str = ""
    name: str = ""


class Outgoing(Protocol):
    """What makes calls by trunks."""

    def full(self, trunk: Trunk) -> bool:
        """Whether a trunk has as many calls as it may."""
        ...

    def trunk_call(self, trunk: Trunk, attempt: "Attempt") -> Call:
        """Call by one trunk."""
        ...

    def mark_down(self, name: str) -> None:
        """A trunk did not answer."""
        ...


class Attempt:
    """A call that goes from trunk to trunk until one takes it. It stays one ``Call``."""

    def __init__(
        self,
        endpoint: Outgoing,
        number: str,
        description: Description | None,
        caller: Caller,
        headers: dict[str, str],
    ) -> None:
        self.number = number
        self.description = description
        self.caller = caller
        self.headers = headers
        self.left: list[Trunk] = []
        self.listener: Listener | None = None
        self._endpoint = endpoint
        self._call: Call | None = None
        self._heard = False

    def next_call(self) -> Call | None:
        """Try the next trunk that is not full; None when none is left."""
        while self.left:
            trunk = self.left.pop(0)
            if not self._endpoint.full(trunk):
                call = self._endpoint.trunk_call(trunk, self)
                if self._call is None:
                    self._call = call
                else:
                    self._call.become(call)
                return self._call
        return None

    def _elsewhere(self, call: Call, ended: Ended) -> bool:
        """Whether another trunk is worth trying."""
        nothing_heard = not self._heard and not getattr(call.leg, "answered", True)
        return nothing_heard and ended.by != "us" and ended.status in _ELSEWHERE

    def heard(self, call: Call, event: CallEvent) -> None:
        """What happens to the call of the trunk in hand."""
        if isinstance(event, Ringing | EarlyMedia):
            self._heard = True
        if isinstance(event, Ended) and self._elsewhere(call, event):
            self._endpoint.mark_down(call.peer.name)
            log.warning("Trunk %s did not take a call: %s", call.peer.name, event.status)
            if self.next_call() is not None:
                return
        if self.listener is not None:
            self.listener(self._call or call, event)
