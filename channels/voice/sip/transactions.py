"""The four transaction machines (RFC 3261, 17, with RFC 6026): repeat until heard, absorb repeats.

A machine is given messages and the time, returns what is to be done, and says by ``deadline`` when
it wants to be called again. ``over`` says when it may be forgotten.
"""

from enum import Enum

import msgspec

from channels.voice.sip.message import Headers, Message, Request, Response, respond
from router.model.ids import Instant

T1_MS = 500
T2_MS = 4_000
T4_MS = 5_000
GIVE_UP_MS = 64 * T1_MS
"""Nobody waits longer than this for a response or an ACK: 32 s."""
TRYING_MS = 200
"""When nothing was said by then, a 100 stops the other side from repeating its INVITE."""


class Transmit(msgspec.Struct, frozen=True):
    """Send this to the transaction's other side."""

    message: Message


class Deliver(msgspec.Struct, frozen=True):
    """Give this to whoever uses the transaction."""

    message: Message


class Failed(msgspec.Struct, frozen=True):
    """It came to nothing: nobody answered in time, or what was sent could not leave."""

    why: str


Action = Transmit | Deliver | Failed
TIMEOUT, UNSENT = "timeout", "transport"


class State(Enum):
    """Where a machine stands; the names of the RFC."""

    TRYING = "trying"
    PROCEEDING = "proceeding"
    COMPLETED = "completed"
    CONFIRMED = "confirmed"
    ACCEPTED = "accepted"
    OVER = "over"


class _Machine:
    """What the four have in common: a state, and moments to repeat and to end at."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        self.request = request
        self.reliable = reliable
        self.state = State.TRYING
        self._interval_ms = T1_MS
        self._repeat_at: Instant | None = None
        self._end_at: Instant | None = None

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self.state is State.OVER

    @property
    def deadline(self) -> Instant | None:
        """When ``timer`` is to be called; None when nothing is waited for."""
        if self._repeat_at is None or self._end_at is None:
            return self._end_at if self._repeat_at is None else self._repeat_at
        return min(self._repeat_at, self._end_at)

    def transport_failed(self) -> list[Action]:
        """What was sent could not leave."""
        if self.over:
            return []
        self._finish()
        return [Failed(UNSENT)]

    def _finish(self) -> None:
        self.state = State.OVER
        self._repeat_at = self._end_at = None

    def _linger(self, state: State, now: Instant, wait_ms: int) -> None:
        """Stay for a while to absorb repeats, or end at once where there can be none."""
        self.state = state
        self._repeat_at = None
        self._end_at = Instant(now + wait_ms)
        if wait_ms == 0:
            self._finish()

    def _begin(self, now: Instant) -> None:
        self._end_at = Instant(now + GIVE_UP_MS)
        self._repeat_at = None if self.reliable else Instant(now + T1_MS)


class ClientInvite(_Machine):
    """INVITE from us (17.1.1). A failure is acknowledged here, a success by whoever called."""

    def start(self, now: Instant) -> list[Action]:
        """Send it."""
        self._begin(now)
        return [Transmit(self.request)]

    def receive(self, response: Response, now: Instant) -> list[Action]:
        """A response that matches."""
        if response.status < 200:
            if self.state not in {State.TRYING, State.PROCEEDING}:
                return []
            self.state = State.PROCEEDING
            self._repeat_at = self._end_at = None
            return [Deliver(response)]
        if response.status < 300:
            if self.state in {State.COMPLETED, State.OVER}:
                return []
            if self.state is not State.ACCEPTED:
                self._linger(State.ACCEPTED, now, GIVE_UP_MS)
            return [Deliver(response)]
        if self.state in {State.ACCEPTED, State.OVER}:
            return []
        ack = Transmit(acknowledgement(self.request, response))
        if self.state is State.COMPLETED:
            return [ack]
        self._linger(State.COMPLETED, now, 0 if self.reliable else GIVE_UP_MS)
        return [ack, Deliver(response)]

    def timer(self, now: Instant) -> list[Action]:
        """What the passing of time asks for."""
        if self._end_at is not None and now >= self._end_at:
            failed = self.state is State.TRYING
            self._finish()
            return [Failed(TIMEOUT)] if failed else []
        if self._repeat_at is None or now < self._repeat_at:
            return []
        self._interval_ms *= 2
        self._repeat_at = Instant(now + self._interval_ms)
        return [Transmit(self.request)]


class ClientOther(_Machine):
    """Any other request from us (17.1.2)."""

    def start(self, now: Instant) -> list[Action]:
        """Send it."""
        self._begin(now)
        return [Transmit(self.request)]

    def receive(self, response: Response, now: Instant) -> list[Action]:
        """A response that matches."""
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []
        if response.status < 200:
            self.state = State.PROCEEDING
            if not self.reliable:
                self._interval_ms = T2_MS
            return [Deliver(response)]
        self._linger(State.COMPLETED, now, 0 if self.reliable else T4_MS)
        return [Deliver(response)]

    def timer(self, now: Instant) -> list[Action]:
        """What the passing of time asks for."""
        if self._end_at is not None and now >= self._end_at:
            failed = self.state is not State.COMPLETED
            self._finish()
            return [Failed(TIMEOUT)] if failed else []
        if self._repeat_at is None or now < self._repeat_at:
            return []
        self._interval_ms = min(self._interval_ms * 2, T2_MS)
        self._repeat_at = Instant(now + self._interval_ms)
        return [Transmit(self.request)]


class ServerInvite(_Machine):
    """INVITE from others (17.2.1). A success is repeated by whoever answered (RFC 6026)."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable)
        self.state = State.PROCEEDING
        self._latest: Response | None = None

    def start(self, now: Instant) -> list[Action]:
        """Give it to the user; a 100 goes out by itself when the user says nothing for 200 ms."""
        self._repeat_at = Instant(now + TRYING_MS)
        return [Deliver(self.request)]

    def receive(self, request: Request, now: Instant) -> list[Action]:
        """A repeat of the INVITE, or the ACK to our refusal."""
        if request.method == "ACK":
            if self.state is State.COMPLETED:
                self._linger(State.CONFIRMED, now, 0 if self.reliable else T4_MS)
            return []
        if self._latest is None:
            # Whoever repeats wants to hear something now.
            return self._try()
        if self.state in {State.PROCEEDING, State.COMPLETED}:
            return [Transmit(self._latest)]
        return []

    def respond(self, response: Response, now: Instant) -> list[Action]:
        """Send a response of the user; a second final one of another kind is not sent."""
        if response.status < 200:
            if self.state is not State.PROCEEDING:
                return []
            self._repeat_at = None
        elif response.status < 300:
            if self.state is State.PROCEEDING:
                self._linger(State.ACCEPTED, now, GIVE_UP_MS)
            elif self.state is not State.ACCEPTED:
                return []
        else:
            if self.state is not State.PROCEEDING:
                return []
            self.state = State.COMPLETED
            self._begin(now)
        self._latest = response
        return [Transmit(response)]

    def timer(self, now: Instant) -> list[Action]:
        """What the passing of time asks for."""
        if self._end_at is not None and now >= self._end_at:
            failed = self.state is State.COMPLETED
            self._finish()
            return [Failed(TIMEOUT)] if failed else []
        if self._repeat_at is None or now < self._repeat_at:
            return []
        if self.state is State.PROCEEDING:
            return self._try()
        self._interval_ms = min(self._interval_ms * 2, T2_MS)
        self._repeat_at = Instant(now + self._interval_ms)
        return [Transmit(self._latest)] if self._latest is not None else []

    def _try(self) -> list[Action]:
        self._repeat_at = None
        self._latest = respond(self.request, 100)
        return [Transmit(self._latest)]


class ServerOther(_Machine):
    """Any other request from others (17.2.2)."""

    def __init__(self, request: Request, *, reliable: bool) -> None:
        super().__init__(request, reliable=reliable)
        self._latest: Response | None = None

    def start(self, now: Instant) -> list[Action]:
        """Give it to the user. One that is never answered is forgotten when the asker gave up."""
        self._end_at = Instant(now + GIVE_UP_MS)
        return [Deliver(self.request)]

    def receive(self, request: Request, now: Instant) -> list[Action]:
        """A repeat of the request: it hears what was said last."""
        return [] if self._latest is None else [Transmit(self._latest)]

    def respond(self, response: Response, now: Instant) -> list[Action]:
        """Send a response of the user, the first final one only."""
        if self.state not in {State.TRYING, State.PROCEEDING}:
            return []
        self._latest = response
        if response.status < 200:
            self.state = State.PROCEEDING
        else:
            self._linger(State.COMPLETED, now, 0 if self.reliable else GIVE_UP_MS)
        return [Transmit(response)]

    def timer(self, now: Instant) -> list[Action]:
        """What the passing of time asks for."""
        if self._end_at is not None and now >= self._end_at:
            self._finish()
        return []


Client = ClientInvite | ClientOther
Server = ServerInvite | ServerOther
Transaction = Client | Server
Key = tuple[str, ...]


def client(request: Request, *, reliable: bool) -> Client:
    """The machine for a request of ours."""
    kind = ClientInvite if request.method == "INVITE" else ClientOther
    return kind(request, reliable=reliable)


def server(request: Request, *, reliable: bool) -> Server:
    """The machine for a request of somebody else; ACK has none."""
    kind = ServerInvite if request.method == "INVITE" else ServerOther
    return kind(request, reliable=reliable)


def client_key(message: Message) -> Key:
    """What a response and the request it answers have in common (17.1.3)."""
    return (message.via.branch, message.cseq[1])


def server_key(request: Request, *, method: str = "") -> Key:
    """What repeats of a request have in common, and its ACK and CANCEL with ``method`` (17.2.3)."""
    via = request.via
    method = method or ("INVITE" if request.method == "ACK" else request.method)
    if via.unique:
        return (via.branch, via.sent_by, method)
    # RFC 2543 had no unique branches. An ACK's To has a tag that its INVITE's has not.
    number = str(request.cseq[0])
    return (request.target, request.sender.tag, request.call_id, number, str(via), method)


def acknowledgement(invite: Request, response: Response) -> Request:
    """The ACK to a failure: same hop, same branch (17.1.1.3)."""
    headers: Headers = {
        "via": [invite.headers["via"][0]],
        "max-forwards": ["70"],
        "from": invite.headers["from"],
        "to": response.headers["to"],
        "call-id": invite.headers["call-id"],
        "cseq": [f"{invite.cseq[0]} ACK"],
    }
    if "route" in invite.headers:
        headers["route"] = invite.headers["route"]
    return Request("ACK", invite.target, headers)


def cancellation(invite: Request) -> Request:
    """The CANCEL of a request of ours: same hop, same branch, same number (9.1)."""
    headers: Headers = {
        "via": [invite.headers["via"][0]],
        "max-forwards": ["70"],
        "from": invite.headers["from"],
        "to": invite.headers["to"],
        "call-id": invite.headers["call-id"],
        "cseq": [f"{invite.cseq[0]} CANCEL"],
    }
    if "route" in invite.headers:
        headers["route"] = invite.headers["route"]
    return Request("CANCEL", invite.target, headers)
