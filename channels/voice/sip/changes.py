"""Changing a call that is up (re-INVITE, UPDATE), from both sides, and refreshing it (RFC 4028)."""

import secrets

from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.happenings import Changed, ChangeRefused, Ended, Reoffered
from channels.voice.sip.leg import Leg
from channels.voice.sip.message import Request, Response
from channels.voice.sip.refreshing import (
    LEAST_S,
    offer_headers,
    settle_as_client,
    settle_as_server,
    too_short,
)
from channels.voice.sip.sdp import CONTENT_TYPE, Description
from channels.voice.sip.transactions import GIVE_UP_MS, T1_MS
from router.model.errors import Refused
from router.model.ids import Instant

ANSWER_CHANGE_MS = 20_000
"""So long may whoever leads the call think about a change; then it is refused."""
REFRESH_AGAIN_MS = 10_000
GLARES = 10
"""So often a change is tried again after a collision."""


class ChangingLeg(Leg):
    """A call that can be changed. Only one change is in hand at a time, whoever began it."""

    owns_call_id = False
    """Whether we made the Call-ID; it decides who waits longer after both changed at once."""
    _incoming: Request | None = None
    _outgoing: Request | None = None
    _refreshes: Request | None = None
    _again: Description | None = None
    _glares = 0
    _ack: Request | None = None
    _owed = False

    # -- what whoever leads the call does

    def reoffer(self, description: Description | None, now: Instant) -> None:
        """Change the call (re-INVITE); Changed or ChangeRefused will be told.

        Raises Refused while another change is in hand, or when the call is not up.
        """
        refreshing = self._outgoing is not None and self._outgoing is self._refreshes
        changing = self._outgoing is not None and not refreshing
        if changing or self._incoming is not None or "glare" in self._timers:
            raise Refused("another change of this call is in hand", code="change_pending")
        if self._unacknowledged is not None:
            raise Refused("this call is not up yet", code="call_not_up")
        self._again, self._glares = description, 0
        if refreshing:
            self._timers["glare"] = Instant(now + T1_MS)
        else:
            self._offer_again()

    def _offer_again(self) -> None:
        self._outgoing = self._ask("INVITE", description=self._again, headers=offer_headers())

    def acknowledge(self, description: Description, now: Instant) -> None:
        """Answer the offer the other side made when we had made none. Raises Refused otherwise."""
        if not self._owed or self._ack is None or self.ended:
            raise Refused("nothing is to be acknowledged", code="call_not_up")
        self._owed = False
        self._timers.pop("owed", None)
        self.local_description = description
        self._ack.body = description.encode()
        self._ack.put("content-type", CONTENT_TYPE)
        self._pass(self._ack)

    def accept(self, description: Description | None, now: Instant) -> None:
        """Take the change that was Reoffered, with our answer (or our offer, if it had none)."""
        request = self._take_incoming()
        if request is None:
            return
        refreshing, headers = settle_as_server(request)
        self._keep(refreshing, now)
        if request.method == "INVITE":
            self._accept_invite(request, description, headers, now)
        else:
            self._reply(request, 200, description=description, headers=headers)

    def refuse(self, now: Instant, status: int = 488) -> None:
        """Refuse the change that was Reoffered: everything stays as it was."""
        request = self._take_incoming()
        if request is not None:
            self._reply(request, status)

    def _take_incoming(self) -> Request | None:
        request, self._incoming = self._incoming, None
        self._timers.pop("change", None)
        return None if self.ended else request

    # -- from the other side

    @override
    def _dispatch(self, request: Request, now: Instant) -> None:
        if request.method in {"INVITE", "UPDATE"}:
            self._asked_to_change(request, now)
        else:
            super()._dispatch(request, now)

    def _asked_to_change(self, request: Request, now: Instant) -> None:
        if too_short(request):
            self._reply(request, 422, headers={"min-se": str(LEAST_S)})
            return
        busy = self._outgoing is not None and self._outgoing is not self._refreshes
        if busy or (request.method == "INVITE" and self._outgoing is not None):
            self._reply(request, 491)
            return
        if self._incoming is not None or (
            self._unacknowledged is not None and (request.method == "INVITE" or self._offered)
        ):
            wait_s = str(1 + secrets.randbelow(10))
            self._reply(request, 500, headers={"retry-after": wait_s})
            return
        description = self._description(request)
        if self.dialog is not None:
            self.dialog.refresh(request)
        if request.method == "UPDATE" and description is None:
            refreshing, headers = settle_as_server(request)
            self._keep(refreshing, now)
            self._reply(request, 200, headers=headers)
            return
        self._incoming = request
        self._timers["change"] = Instant(now + ANSWER_CHANGE_MS)
        self._tell(Reoffered(description))

    # -- to the other side

    @override
    def _answered(self, request: Request, response: Response, now: Instant) -> None:
        if request is self._refreshes:
            self._refresh_answered(request, response, now)
        elif request is self._outgoing:
            self._change_answered(request, response, now)
        elif request.method == "INVITE" and 200 <= response.status < 300:
            self._acknowledge_again(request)
        else:
            super()._answered(request, response, now)

    def _change_answered(self, request: Request, response: Response, now: Instant) -> None:
        if response.status < 200:
            return
        self._outgoing = None
        if response.status < 300:
            self._taken(request, response, now)
        elif response.status == 491 and self._glares < GLARES:
            self._glares += 1
            # Both changed at once. Whoever made the Call-ID waits longer (RFC 3261, 14.1).
            least, span = (210, 190) if self.owns_call_id else (0, 200)
            wait_ms = 10 * (least + secrets.randbelow(span + 1))
            self._timers["glare"] = Instant(now + wait_ms)
        elif response.status in {408, 481}:
            super()._answered(request, response, now)
        else:
            self._tell(ChangeRefused(response.status))

    def _taken(self, request: Request, response: Response, now: Instant) -> None:
        self._learn(response)
        if self.dialog is not None:
            self.dialog.refresh(response)
        self._keep(settle_as_client(response), now)
        try:
            description = self._description(response)
        except BadMessage as fault:
            self._acknowledge(request)
            self._end(Ended(fault.status, fault.message, "us"), now)
            return
        if request.body or description is None:
            self._acknowledge(request)
            self._tell(Changed(description))
        else:
            self._owe(self._acknowledgement(request), now)
            self._tell(Changed(description, offer=True))

    def _acknowledge(self, request: Request) -> None:
        """Acknowledge a 2xx to a re-INVITE of ours."""
        if request.method == "INVITE":
            self._ack = self._acknowledgement(request)
            self._pass(self._ack)

    def _acknowledge_again(self, request: Request) -> None:
        """The 2xx of a change came once more: our ACK was lost, or is still owed."""
        if self._ack is not None and self._ack.cseq[0] == request.cseq[0] and not self._owed:
            self._pass(self._ack)

    def _acknowledgement(self, invite: Request) -> Request:
        ack = self._need_dialog().request("ACK", number=invite.cseq[0])
        for name in ("authorization", "proxy-authorization"):
            if name in invite.headers:
                ack.put(name, *invite.headers[name])
        return ack

    def _owe(self, ack: Request, now: Instant) -> None:
        """This ACK leaves once whoever leads the call has answered the offer."""
        self._ack, self._owed = ack, True
        self._timers["owed"] = Instant(now + GIVE_UP_MS // 2)

    @override
    def hang_up(self, now: Instant, *, status: int = 200, reason: str = "") -> None:
        if self._owed and self._ack is not None:
            self._owed = False
            self._pass(self._ack)
        super().hang_up(now, status=status, reason=reason)

    # -- refreshing

    def _refresh(self) -> None:
        if self._outgoing is not None or self._incoming is not None or self.ended:
            return
        if "UPDATE" in self._allowed:
            self._refreshes = self._ask("UPDATE", headers=offer_headers())
        else:
            self._refreshes = self._ask(
                "INVITE", description=self.local_description, headers=offer_headers()
            )
        self._outgoing = self._refreshes

    def _refresh_answered(self, request: Request, response: Response, now: Instant) -> None:
        if response.status < 200:
            return
        self._outgoing = self._refreshes = None
        if response.status < 300:
            if self.dialog is not None:
                self.dialog.refresh(response)
            self._acknowledge(request)
            self._keep(settle_as_client(response), now)
        elif response.status in {408, 481}:
            super()._answered(request, response, now)
        else:
            if response.status in {405, 501}:
                self._allowed -= {"UPDATE"}
            # Tried again until the interval is over; the call itself goes on meanwhile.
            self._timers["refresh"] = Instant(now + REFRESH_AGAIN_MS)

    @override
    def _due(self, name: str, now: Instant) -> None:
        if name == "change":
            self.refuse(now, 500)
        elif name == "glare" and (self._outgoing or self._incoming or self._unacknowledged):
            self._timers["glare"] = Instant(now + T1_MS)
        elif name == "glare":
            self._offer_again()
        elif name == "owed":
            self.hang_up(now, status=488, reason="No answer to the offer")
        elif name == "refresh":
            self._timers["refresh"] = Instant(now + REFRESH_AGAIN_MS)
            self._refresh()
        elif name == "expired":
            self._end(Ended(408, "Session expired", "nobody"), now)
        else:
            super()._due(name, now)

    @override
    def _replace(self, request: Request, again: Request) -> None:
        if request is self._outgoing:
            self._outgoing = again
        if request is self._refreshes:
            self._refreshes = again
