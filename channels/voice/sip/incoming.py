"""A call that reaches us: from the INVITE to the answer, with whatever goes wrong between."""

from collections.abc import Mapping

from typing_extensions import override

from channels.voice.sip.dialog import dialog_for_request
from channels.voice.sip.happenings import Ended, Reply
from channels.voice.sip.leg import Authorise
from channels.voice.sip.message import Request, Response
from channels.voice.sip.refreshing import settle_as_server
from channels.voice.sip.reliable import ReliableResponses
from channels.voice.sip.sdp import Description
from channels.voice.sip.transfers import TransferringLeg
from router.model.errors import Refused
from router.model.ids import MINUTE_MS, Instant


class IncomingLeg(TransferringLeg):
    """A call the other side began. ``offer`` is its proposal; None: we are to make one.

    Raises BadMessage when the INVITE cannot begin a call.
    """

    def __init__(
        self, invite: Request, *, contact: str, authorise: Authorise | None = None
    ) -> None:
        super().__init__(contact=contact, authorise=authorise)
        self.invite = invite
        self.offer = self._description(invite)
        self.dialog = dialog_for_request(invite, self.tag)
        self.answered = False
        self._learn(invite)
        self._reliable = ReliableResponses()
        self._ringing: Response | None = None
        self._answer: Description | None = None
        self._wants_reliable = "100rel" in invite.tokens("require")
        self._can_reliable = self._wants_reliable or "100rel" in invite.tokens("supported")

    # -- what whoever leads the call does

    def ring(
        self, now: Instant, *, description: Description | None = None, status: int = 180
    ) -> None:
        """Let the caller hear that it rings, or with a description hear us already (183).

        Raises Refused when the call is answered or over.
        """
        self._need_unanswered()
        response = self._response(self.invite, status, description=description)
        if self._wants_reliable or (self._can_reliable and description is not None):
            first = self._reliable.send(response, now)
            if first is not None:
                self._send_reliable(first)
        else:
            self._ringing = response
            self._orders.append(Reply(self.invite, response))
            # Proxies forget calls that are silent for three minutes (RFC 3261, 13.3.1.1).
            self._timers["remind"] = Instant(now + MINUTE_MS)

    def answer(self, description: Description | None, now: Instant) -> None:
        """Take the call, with our answer, or our offer where the caller made none.

        Raises Refused when the call is answered already, or over.
        """
        self._need_unanswered()
        self.answered = True
        self._timers.pop("remind", None)
        if self._reliable.pending:
            # What was said reliably must have arrived first (RFC 3262, 3).
            self._answer = description
            return
        self._take(description, now)

    def reject(
        self,
        now: Instant,
        status: int = 480,
        *,
        reason: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Do not take the call. Harmless when it is over; one that is up is ended instead."""
        if self.ended:
            return
        if self.answered:
            self.hang_up(now, status=status, reason=reason)
            return
        self._reply(self.invite, status, reason=reason, headers=headers)
        self._give_up(Ended(status, reason, "us"))

    @override
    def hang_up(self, now: Instant, *, status: int = 200, reason: str = "") -> None:
        if not self.answered and not self.ended:
            self.reject(now, 480 if status == 200 else status, reason=reason)
        elif self._answer is not None or self._reliable.pending:
            self._reply(self.invite, 480, reason=reason)
            self._give_up(Ended(status, reason, "us"))
        else:
            super().hang_up(now, status=status, reason=reason)

    # -- from the other side

    def cancelled(self, now: Instant) -> None:
        """The caller does not want the call any more (CANCEL); too late once it was answered."""
        if self.ended or (self.answered and not self._reliable.pending):
            return
        self._reply(self.invite, 487)
        self._give_up(Ended(487, "Cancelled", "them"))

    @override
    def _dispatch(self, request: Request, now: Instant) -> None:
        if request.method == "PRACK":
            self._confirmed_early(request, now)
        elif request.method == "BYE" and self._pending_invite:
            self._reply(self.invite, 487)
            super()._dispatch(request, now)
        else:
            super()._dispatch(request, now)

    @property
    def _pending_invite(self) -> bool:
        return not self.answered or self._reliable.pending

    def _confirmed_early(self, prack: Request, now: Instant) -> None:
        ours, following = self._reliable.confirm(prack, now)
        self._timers.pop("early", None)
        if not ours:
            self._reply(prack, 481)
            return
        self._reply(prack, 200 if not prack.body else 488)
        if following is not None:
            self._send_reliable(following)
        elif self.answered and not self._reliable.pending:
            description, self._answer = self._answer, None
            self._take(description, now)

    def _send_reliable(self, response: Response) -> None:
        self._orders.append(Reply(self.invite, response))
        if self._reliable.repeat_at is not None:
            self._timers["early"] = self._reliable.repeat_at

    def _take(self, description: Description | None, now: Instant) -> None:
        refreshing, headers = settle_as_server(self.invite)
        self._keep(refreshing, now)
        self._accept_invite(self.invite, description, headers, now)

    @override
    def _due(self, name: str, now: Instant) -> None:
        if name == "remind" and self._ringing is not None:
            self._orders.append(Reply(self.invite, self._ringing))
            self._timers["remind"] = Instant(now + MINUTE_MS)
        elif name == "early":
            again = self._reliable.repeat(now)
            if again is None:
                self._reply(self.invite, 504, reason="No PRACK")
                self._give_up(Ended(408, "No PRACK", "nobody"))
            else:
                self._send_reliable(again)
        else:
            super()._due(name, now)

    def _give_up(self, ended: Ended) -> None:
        self._reliable.stop()
        self._finish(ended)
        self.over = True

    def _need_unanswered(self) -> None:
        if self.ended or self.answered:
            raise Refused("this call is answered or over", code="call_not_ringing")
