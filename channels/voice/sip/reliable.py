"""Responses before the answer that must arrive (100rel, RFC 3262), on both sides."""

import re
import secrets

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.message import Request, Response
from channels.voice.sip.transactions import GIVE_UP_MS, T1_MS
from router.model.ids import Instant

_RACK = re.compile(r"\s*([0-9]{1,10})\s+([0-9]{1,10})\s+(\S+)\s*")


class ReliableResponses:
    """Ours: one at a time is repeated until its PRACK; the next ones wait for it."""

    def __init__(self) -> None:
        self._number = secrets.randbelow(2**16) + 1
        self._waiting: list[Response] = []
        self._interval_ms = T1_MS
        self._end_at = Instant(0)
        self.repeat_at: Instant | None = None

    @property
    def pending(self) -> bool:
        """Whether one was sent that the other side did not confirm yet."""
        return bool(self._waiting)

    def send(self, response: Response, now: Instant) -> Response | None:
        """Number a response; returns it when it may leave now."""
        self._number += 1
        response.put("rseq", str(self._number))
        response.put("require", "100rel")
        self._waiting.append(response)
        return self._begin(now) if len(self._waiting) == 1 else None

    def repeat(self, now: Instant) -> Response | None:
        """The response to send once more; None when the other side is gone (give up)."""
        if now >= self._end_at:
            self.stop()
            return None
        self._interval_ms *= 2
        self.repeat_at = min(Instant(now + self._interval_ms), self._end_at)
        return self._waiting[0]

    def confirm(self, prack: Request, now: Instant) -> tuple[bool, Response | None]:
        """Whether a PRACK belongs to what was sent, and the response that may leave now.

        Raises BadMessage when it has no proper RAck.
        """
        hit = _RACK.fullmatch(prack.first("rack") or "")
        if hit is None:
            raise BadMessage("RAck is malformed", field="RAck")
        if not self._waiting:
            return False, None
        sent = self._waiting[0]
        number, method = sent.cseq
        if (int(hit[1]), int(hit[2]), hit[3]) != (int(sent.first("rseq") or 0), number, method):
            return False, None
        self._waiting.pop(0)
        self.repeat_at = None
        return True, self._begin(now) if self._waiting else None

    def stop(self) -> None:
        """Nothing is repeated any more."""
        self._waiting.clear()
        self.repeat_at = None

    def _begin(self, now: Instant) -> Response:
        self._interval_ms = T1_MS
        self.repeat_at = Instant(now + T1_MS)
        self._end_at = Instant(now + GIVE_UP_MS)
        return self._waiting[0]


class ReliableAcknowledgements:
    """Theirs: each is confirmed once and in order, for each place a call was forked to."""

    def __init__(self) -> None:
        self._latest: dict[str, int] = {}

    def rack(self, response: Response) -> str | None:
        """The RAck to send; None when it is no reliable response or comes out of order.

        Raises BadMessage when it has no proper RSeq.
        """
        if "100rel" not in response.tokens("require"):
            return None
        number = response.number("rseq", 0)
        branch = response.recipient.tag
        latest = self._latest.get(branch)
        if number == 0:
            raise BadMessage("RSeq is missing", field="RSeq")
        if latest is not None and number != latest + 1:
            return None
        self._latest[branch] = number
        return f"{number} {response.cseq[0]} {response.cseq[1]}"
