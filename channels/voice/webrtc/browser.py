"""A browser's end of a leg: which address it has by ICE, and its handshake, off the tick.

We are lite (RFC 8445, section 2.5): we answer checks and never send any. An address counts once a
check from it proved to know our password; the one last nominated is where sound goes. DTLS from any
other address is dropped without an answer and without a trace in the session (RTP-5).
"""

import contextlib
import datetime
import queue
import secrets
import threading
import time
from collections.abc import Callable

from channels.voice.malformed import MalformedPacket
from channels.voice.webrtc import dtls, stun
from channels.voice.webrtc.srtp import SrtpPair
from channels.voice.webrtc.stun import Address

VALID_ADDRESSES_MAX = 8
CONSENT_S = 30.0
"""Without a check for so long the browser is gone (RFC 7675)."""
WAITING_MAX = 4_096
_AGAIN_S = 0.25

SendTo = Callable[[bytes, Address], None]
Outcome = Callable[["SrtpPair | str"], None]


class BrowserEnd:
    """One browser. ``password`` has 192 random bits."""

    def __init__(self, identity: dtls.Identity) -> None:
        self.identity = identity
        self.ufrag = secrets.token_urlsafe(6).replace("-", "+").replace("_", "/")
        self.password = secrets.token_urlsafe(24).replace("-", "+").replace("_", "/")
        self.remote: Address | None = None
        self.checks = self.forged = self.stray = 0
        self.checked_s = 0.0
        self.handshake: Handshaking | None = None
        self._valid: dict[Address, None] = {}

    def check(self, data: bytes, source: Address, now_s: float) -> bytes | None:
        """The answer to a STUN message; None when it deserves none."""
        try:
            check = stun.read_check(data, self.ufrag, self.password)
        except MalformedPacket:
            self.forged += 1
            return None
        if check.controlled:
            return stun.role_conflict(check, self.password)
        self.checks += 1
        self.checked_s = now_s
        if source not in self._valid and len(self._valid) >= VALID_ADDRESSES_MAX:
            self._valid.pop(next(iter(self._valid)))
        self._valid[source] = None
        if check.nominates or self.remote is None:
            self.remote = source
        return stun.success(check, source, self.password)

    def is_valid(self, source: Address) -> bool:
        """Whether a check from this address held; others are counted."""
        if source in self._valid:
            return True
        self.stray += 1
        return False

    def close(self) -> None:
        """Give up a handshake that is under way."""
        if self.handshake is not None:
            self.handshake.given_up = True


class Handshaking:
    """A handshake that the worker carries on; ``outcome`` is called once, in its thread."""

    def __init__(
        self, identity: dtls.Identity, fingerprint: str, send: SendTo, outcome: Outcome
    ) -> None:
        self.identity = identity
        self.fingerprint, self.send, self.outcome = fingerprint, send, outcome
        self.made: dtls.Handshake | None = None
        self.remote: Address | None = None
        self.begun_s: float | None = None
        self.ended = self.given_up = False


class HandshakeWorker:
    """The thread of a node in which all handshakes happen: some milliseconds each, off the tick."""

    def __init__(self, identity: dtls.Identity) -> None:
        self.identity = identity
        self._queue: queue.Queue[tuple[Handshaking, bytes, Address] | None] = queue.Queue(
            WAITING_MAX
        )
        self._open: set[Handshaking] = set()
        self._thread = threading.Thread(target=self._run, name="handshakes", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def renew(self, now: datetime.datetime) -> None:
        """A fresh certificate for legs to come, once this one has half its day behind it."""
        if now > self.identity.expires - dtls.LIFETIME / 2:
            self.identity = dtls.new_identity(now)

    def stop(self) -> None:
        """End; handshakes that are under way come to nothing."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(5)

    def give(self, handshaking: Handshaking, datagram: bytes, source: Address) -> None:
        """Hand over a DTLS datagram. When too many wait it is dropped: DTLS sends again."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait((handshaking, datagram, source))

    def _run(self) -> None:
        while True:
            try:
                job = self._queue.get(timeout=_AGAIN_S if self._open else None)
            except queue.Empty:
                self._send_again()
                continue
            if job is None:
                return
            self._receive(*job)
            self._send_again()

    def _receive(self, handshaking: Handshaking, datagram: bytes, source: Address) -> None:
        if handshaking.given_up:
            return
        if handshaking.made is None:
            handshaking.made = dtls.Handshake(handshaking.identity.context, handshaking.fingerprint)
            handshaking.begun_s = time.monotonic()
            self._open.add(handshaking)
        handshaking.remote = source
        try:
            answers = handshaking.made.receive(datagram)
        except dtls.Failed as problem:
            self._end(handshaking, str(problem))
            return
        for answer in answers:
            handshaking.send(answer, source)
        if handshaking.made.keys is not None and not handshaking.ended:
            self._end(handshaking, handshaking.made.keys)

    def _send_again(self) -> None:
        now_s = time.monotonic()
        for handshaking in list(self._open):
            if handshaking.given_up or handshaking.made is None or handshaking.remote is None:
                self._open.discard(handshaking)
            elif now_s - (handshaking.begun_s or now_s) > dtls.DEADLINE_S:
                self._end(handshaking, f"no handshake within {dtls.DEADLINE_S:.0f} s")
            else:
                for answer in handshaking.made.again():
                    handshaking.send(answer, handshaking.remote)

    def _end(self, handshaking: Handshaking, outcome: SrtpPair | str) -> None:
        self._open.discard(handshaking)
        handshaking.ended = True
        handshaking.given_up = isinstance(outcome, str)
        handshaking.outcome(outcome)
