"""One side of a call inside its dialog: in order, acknowledged, kept alive, ended.

What this module does holds for every call; ``changes``, ``transfers``, ``incoming`` and
``outgoing`` build upon it. Methods note orders; ``drain`` hands them out. ``deadline`` says when
``timer`` wants to be called.
"""

import secrets
from collections.abc import Callable, Mapping

from channels.voice.sip.checks import SUPPORTED, missing_extensions
from channels.voice.sip.dialog import Dialog
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.happenings import (
    Ask,
    CallEvent,
    Cancel,
    Confirmed,
    Ended,
    Order,
    Pass,
    Reply,
    Tell,
)
from channels.voice.sip.message import Message, Request, Response, respond
from channels.voice.sip.names import SERVED
from channels.voice.sip.refreshing import Refreshing
from channels.voice.sip.sdp import CONTENT_TYPE, Description, parse_description
from channels.voice.sip.transactions import GIVE_UP_MS, T1_MS, T2_MS
from router.model.errors import Refused
from router.model.ids import Instant

ALLOW = ", ".join(SERVED)
Authorise = Callable[[Request, Response, str], tuple[str, str] | None]
"""(request, challenge, address it came from) -> header and line of our proof, or None (SIP-7)."""


class Leg:
    """A call, seen from us. ``contact`` is where the other side reaches us."""

    def __init__(self, *, contact: str, authorise: Authorise | None = None) -> None:
        self.contact = contact
        self.tag = secrets.token_hex(8)
        self.dialog: Dialog | None = None
        self.ended = False
        self.over = False
        self._authorise = authorise
        self._orders: list[Order] = []
        self._timers: dict[str, Instant] = {}
        self._unacknowledged: tuple[Request, Response] | None = None
        self._repeat_ms = T1_MS
        self._offered = False
        self._bye_wanted: Ended | None = None
        self._allowed: frozenset[str] = frozenset()
        self.local_description: Description | None = None

    # -- what the stack calls

    def drain(self) -> list[Order]:
        """What is to be done since it was asked last, in order."""
        orders, self._orders = self._orders, []
        return orders

    @property
    def deadline(self) -> Instant | None:
        """When ``timer`` is to be called; None when nothing is waited for."""
        return min(self._timers.values(), default=None)

    def timer(self, now: Instant) -> None:
        """Do what is due."""
        for name in [name for name, at in self._timers.items() if at <= now]:
            if self._timers.pop(name, None) is not None:
                self._due(name, now)

    def receive(self, request: Request, now: Instant) -> None:
        """A request of the other side inside this call (CANCEL is none of them)."""
        if request.method == "ACK":
            self._acknowledged(request, now)
            return
        try:
            self._admit(request, now)
        except BadMessage as fault:
            self._reply(request, fault.status, reason=fault.message)

    def receive_response(
        self, request: Request, response: Response, source: str, now: Instant
    ) -> None:
        """A response to a request of ours, from an address."""
        if response.status in {401, 407} and self._try_again(request, response, source):
            return
        self._answered(request, response, now)

    def failed(self, request: Request, status: int, now: Instant) -> None:
        """A request of ours came to nothing; 408 nobody answered, 503 it could not leave."""
        self._answered(request, respond(request, status), now)

    # -- what whoever leads the call does

    def hang_up(self, now: Instant, *, status: int = 200, reason: str = "") -> None:
        """End the call; harmless when it has ended."""
        self._end(Ended(status, reason, "us"), now)

    # -- in the dialog

    def _admit(self, request: Request, now: Instant) -> None:
        if self.ended:
            self._reply(request, 200 if request.method == "BYE" else 481)
            return
        if self.dialog is None:
            self._reply(request, 481)
            return
        if not self.dialog.admit(request):
            self._reply(request, 500, reason="Out of order")
            return
        missing = missing_extensions(request)
        if missing:
            self._reply(request, 420, headers={"unsupported": ", ".join(missing)})
            return
        self._learn(request)
        self._dispatch(request, now)

    def _dispatch(self, request: Request, now: Instant) -> None:
        if request.method == "BYE":
            self._reply(request, 200)
            self._finish(Ended(200, "", "them"))
            self.over = True
        elif request.method == "OPTIONS":
            self._reply(request, 200, headers={"accept": CONTENT_TYPE, "allow": ALLOW})
        else:
            self._reply(request, 405, headers={"allow": ALLOW})

    def _answered(self, request: Request, response: Response, now: Instant) -> None:
        if request.method == "BYE" and response.status >= 200:
            # The BYE to a second place a call was forked to ends nothing else.
            self.over = self.over or self.ended
        elif response.status in {408, 481} and request.method not in {"NOTIFY", "PRACK", "CANCEL"}:
            # The other side knows nothing of this call any more (RFC 3261, 12.2.1.2).
            self._end(Ended(response.status, response.reason, "nobody"), now)

    def _due(self, name: str, now: Instant) -> None:
        if name == "repeat" and self._unacknowledged is not None:
            self._repeat_ms = min(self._repeat_ms * 2, T2_MS)
            self._timers["repeat"] = Instant(now + self._repeat_ms)
            self._orders.append(Reply(*self._unacknowledged))
        elif name == "no_ack":
            self._forget_answer()
            self._end(self._bye_wanted or Ended(408, "No ACK", "nobody"), now)

    # -- our 2xx to an INVITE, until it is acknowledged

    def _accept_invite(
        self,
        request: Request,
        description: Description | None,
        headers: Mapping[str, str],
        now: Instant,
    ) -> None:
        self._offered = description is not None and not request.body
        response = self._reply(request, 200, description=description, headers=headers)
        self._unacknowledged = (request, response)
        self._repeat_ms = T1_MS
        self._timers["repeat"] = Instant(now + T1_MS)
        self._timers["no_ack"] = Instant(now + GIVE_UP_MS)

    def _acknowledged(self, ack: Request, now: Instant) -> None:
        if self._unacknowledged is None or ack.cseq[0] != self._unacknowledged[0].cseq[0]:
            return
        self._forget_answer()
        if self._bye_wanted is not None:
            self._end(self._bye_wanted, now)
            return
        description = None
        if self._offered:
            try:
                description = self._description(ack)
            except BadMessage as fault:
                description = None
                self._end(Ended(fault.status, fault.message, "us"), now)
                return
            if description is None:
                self._end(Ended(488, "No answer to our offer", "us"), now)
                return
        self._tell(Confirmed(description))

    def _forget_answer(self) -> None:
        self._unacknowledged = None
        self._timers.pop("repeat", None)
        self._timers.pop("no_ack", None)

    # -- ending

    def _end(self, ended: Ended, now: Instant) -> None:
        """Say BYE, as soon as that is allowed, and tell it."""
        if self.ended and self._bye_wanted is None:
            return
        if self._unacknowledged is not None:
            # Not before the ACK, or before there will be none (RFC 3261, 15).
            self._bye_wanted = ended
            self._finish(ended)
            return
        self._bye_wanted = None
        self._finish(ended)
        if self.dialog is None:
            self.over = True
            return
        bye = self.dialog.request("BYE")
        self._orders.append(Ask(bye))

    def _finish(self, ended: Ended) -> None:
        keep = {"repeat", "no_ack"} if self._unacknowledged is not None else set()
        self._timers = {name: at for name, at in self._timers.items() if name in keep}
        if not self.ended:
            self.ended = True
            self._tell(ended)

    # -- small words

    def _need_dialog(self) -> Dialog:
        if self.dialog is None or self.ended:
            raise Refused("this call is not up", code="call_not_up")
        return self.dialog

    def _ask(
        self,
        method: str,
        *,
        description: Description | None = None,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Request:
        request = self._need_dialog().request(method)
        request.put("contact", f"<{self.contact}>")
        if method in {"INVITE", "UPDATE"}:
            request.put("allow", ALLOW)
            request.put("supported", SUPPORTED)
        for name, line in (headers or {}).items():
            request.put(name, line)
        if description is not None:
            self.local_description = description
            request.body = description.encode()
            request.put("content-type", CONTENT_TYPE)
        elif body:
            request.body = body
        self._orders.append(Ask(request))
        return request

    def _reply(
        self,
        request: Request,
        status: int,
        *,
        reason: str = "",
        description: Description | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        response = self._response(
            request, status, reason=reason, description=description, headers=headers
        )
        self._orders.append(Reply(request, response))
        return response

    def _response(
        self,
        request: Request,
        status: int,
        *,
        reason: str = "",
        description: Description | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        every: dict[str, str] = dict(headers or {})
        if request.method in {"INVITE", "UPDATE", "REFER"} and 100 < status < 300:
            every["contact"] = f"<{self.contact}>"
            if status >= 200:
                every |= {"allow": ALLOW, "supported": SUPPORTED}
        if description is not None:
            self.local_description = description
        response = respond(
            request,
            status,
            reason=reason,
            tag=self.tag,
            headers=every,
            body=b"" if description is None else description.encode(),
            content_type=CONTENT_TYPE,
        )
        routes = request.headers.get("record-route")
        if routes and request.method == "INVITE" and 100 < status < 300:
            response.put("record-route", *routes)
        return response

    def _description(self, message: Message) -> Description | None:
        """The description a message carries. Raises BadMessage for a body of another kind."""
        if not message.body:
            return None
        if message.content_type != CONTENT_TYPE:
            raise BadMessage("", status=415, field="Content-Type")
        return parse_description(message.body)

    def _learn(self, message: Message) -> None:
        """Which methods the other side takes."""
        if "allow" in message.headers:
            self._allowed = frozenset(value.upper() for value in message.values("allow"))

    def _try_again(self, request: Request, response: Response, source: str) -> bool:
        """Send a request again with a proof, where the one who asks may have it."""
        if self._authorise is None or (self.ended and request.method != "BYE"):
            return False
        if "authorization" in request.headers or "proxy-authorization" in request.headers:
            return False
        proof = self._authorise(request, response, source)
        if proof is None:
            return False
        self._ask_again(request, {proof[0]: proof[1]})
        return True

    def _ask_again(self, request: Request, headers: Mapping[str, str]) -> Request:
        """The same request with the next number and more headers."""
        again = request.copy()
        again.put("via")
        number = request.cseq[0] + 1
        if self.dialog is not None:
            self.dialog.local_seq = number = max(self.dialog.local_seq, request.cseq[0]) + 1
        again.put("cseq", f"{number} {request.method}")
        for name, line in headers.items():
            again.put(name, line)
        self._replace(request, again)
        self._orders.append(Ask(again))
        return again

    def _replace(self, request: Request, again: Request) -> None:
        """A request of ours is sent once more as ``again``."""

    def _tell(self, event: CallEvent) -> None:
        self._orders.append(Tell(event))

    def _cancel(self, request: Request) -> None:
        self._orders.append(Cancel(request))

    def _pass(self, request: Request) -> None:
        self._orders.append(Pass(request))

    def _keep(self, refreshing: Refreshing, now: Instant) -> None:
        """Begin to count anew until the next refresh (RFC 4028)."""
        if refreshing.by_us:
            self._timers["refresh"] = Instant(now + refreshing.refresh_after_ms)
            self._timers["expired"] = Instant(now + refreshing.interval_s * 1_000)
        else:
            self._timers.pop("refresh", None)
            self._timers["expired"] = Instant(now + refreshing.over_after_ms)
