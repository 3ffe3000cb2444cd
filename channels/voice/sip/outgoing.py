"""A call of ours: from the INVITE to its end, wherever it is forked to, cancelled or refused."""

import secrets
from collections.abc import Mapping

from typing_extensions import override

from channels.voice.sip.addresses import NameAddress
from channels.voice.sip.checks import SUPPORTED
from channels.voice.sip.dialog import Dialog, dialog_for_response
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.happenings import Answered, Ask, EarlyMedia, Ended, Ringing
from channels.voice.sip.leg import ALLOW, Authorise
from channels.voice.sip.message import Headers, Request, Response
from channels.voice.sip.refreshing import LEAST_S, offer_headers, settle_as_client
from channels.voice.sip.reliable import ReliableAcknowledgements
from channels.voice.sip.sdp import CONTENT_TYPE, Description
from channels.voice.sip.transactions import GIVE_UP_MS
from channels.voice.sip.transfers import TransferringLeg
from router.model.ids import Instant

FORKS = 8
"""So many places one call may ring at; answers of further ones are not heard."""


class OutgoingLeg(TransferringLeg):
    """A call we begin. ``sender`` and ``recipient`` are From (its tag is added) and To."""

    owns_call_id = True

    def __init__(
        self,
        *,
        target: str,
        sender: NameAddress,
        recipient: NameAddress,
        contact: str,
        authorise: Authorise | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(contact=contact, authorise=authorise)
        self.call_id = secrets.token_hex(16)
        lines: Headers = {
            "max-forwards": ["70"],
            "from": [f"{sender};tag={self.tag}"],
            "to": [str(recipient)],
            "call-id": [self.call_id],
            "cseq": [f"{secrets.randbelow(2**16) + 1} INVITE"],
            "contact": [f"<{contact}>"],
            "allow": [ALLOW],
            "accept": [CONTENT_TYPE],
        }
        self.invite = Request("INVITE", target, lines)
        for name, line in {**offer_headers(), **(headers or {})}.items():
            self.invite.put(name, line)
        self.answered = False
        self._heard = False
        self._final = False
        self._cancelling: Ended | None = None
        self._cancel_sent = False
        self._forks: dict[str, Dialog] = {}
        self._early: set[str] = set()
        self._reliable = ReliableAcknowledgements()

    # -- what whoever leads the call does

    def start(self, description: Description | None, now: Instant) -> None:
        """Call, with our offer; without one the other side is to make it."""
        # Without an offer, early responses could carry one that nobody answers in time.
        supported = SUPPORTED if description is not None else SUPPORTED.replace("100rel, ", "")
        self.invite.put("supported", supported)
        if description is not None:
            self.local_description = description
            self.invite.body = description.encode()
            self.invite.put("content-type", CONTENT_TYPE)
        self._orders.append(Ask(self.invite))

    @override
    def hang_up(self, now: Instant, *, status: int = 200, reason: str = "") -> None:
        ended = Ended(status if status != 200 or self.answered else 487, reason, "us")
        if self.answered:
            super().hang_up(now, status=status, reason=reason)
        elif self._cancelling is None and not self.ended:
            # A 2xx may be on its way already: then it is acknowledged and ended by BYE.
            self._cancelling = ended
            self._finish(ended)
            self._timers["cancelled"] = Instant(now + 2 * GIVE_UP_MS)
            self._send_cancel()

    def _send_cancel(self) -> None:
        """Only once the other side was heard (RFC 3261, 9.1)."""
        if self._heard and not self._cancel_sent:
            self._cancel_sent = True
            self._cancel(self.invite)

    # -- from the other side

    @override
    def _answered(self, request: Request, response: Response, now: Instant) -> None:
        if request is not self.invite:
            super()._answered(request, response, now)
        elif response.status < 200:
            self._progressed(response)
        elif response.status < 300:
            self._taken_by(response, now)
        elif not self._final:
            self._refused(response, now)

    def _progressed(self, response: Response) -> None:
        self._heard = True
        if self._cancelling is not None:
            self._send_cancel()
            return
        tag = response.recipient.tag
        if response.status == 100 or self._final or not tag:
            return
        dialog = self._fork(response)
        if dialog is None:
            return
        self._learn(response)
        rack = self._reliable.rack(response)
        if rack is not None:
            self.dialog = dialog
            self._ask("PRACK", headers={"rack": rack})
        elif "100rel" in response.tokens("require"):
            return  # A repeat, or one whose predecessor is still missing.
        description = self._early_description(response)
        if description is not None:
            self._early.add(tag)
            self._tell(EarlyMedia(description, tag))
        elif tag not in self._early:
            # Where sound came before, a 180 without a description does not silence it.
            self._tell(Ringing(response.status, response.reason))
        self.dialog = dialog

    def _early_description(self, response: Response) -> Description | None:
        try:
            return self._description(response)
        except BadMessage:
            return None  # The answer will show whether it can be understood.

    def _fork(self, response: Response) -> Dialog | None:
        tag = response.recipient.tag
        dialog = self._forks.get(tag)
        if dialog is None and len(self._forks) < FORKS:
            dialog = self._forks[tag] = dialog_for_response(self.invite, response)
        elif dialog is not None:
            dialog.refresh(response)
        return dialog

    def _taken_by(self, response: Response, now: Instant) -> None:
        tag = response.recipient.tag
        if self._final:
            self._taken_again(response, tag)
            return
        self._final = True
        self.answered = True
        number = max((fork.local_seq for fork in self._forks.values()), default=0)
        self.dialog = dialog_for_response(self.invite, response)
        self.dialog.local_seq = max(self.dialog.local_seq, number)
        self._forks[tag] = self.dialog
        self._learn(response)
        self._ack = self._first_ack(self.dialog)
        if self._cancelling is not None:
            self._pass(self._ack)
            self._timers.pop("cancelled", None)
            self._orders.append(Ask(self.dialog.request("BYE")))
            return
        self._keep(settle_as_client(response), now)
        try:
            description = self._description(response)
        except BadMessage as fault:
            self._pass(self._ack)
            self._end(Ended(fault.status, fault.message, "us"), now)
            return
        if self.invite.body:
            self._pass(self._ack)
            self._tell(Answered(description))
        elif description is None:
            self._pass(self._ack)
            self._end(Ended(488, "No offer in the answer", "us"), now)
        else:
            self._owe(self._ack, now)
            self._tell(Answered(description, offer=True))

    def _taken_again(self, response: Response, tag: str) -> None:
        """The answer once more (our ACK was lost), or the answer of a second place."""
        if self.dialog is not None and tag == self.dialog.remote_tag:
            if self._ack is not None and not self._owed:
                self._pass(self._ack)
            return
        other = dialog_for_response(self.invite, response)
        self._pass(self._first_ack(other))
        self._orders.append(Ask(other.request("BYE")))

    def _refused(self, response: Response, now: Instant) -> None:
        if response.status == 422 and self._cancelling is None:
            least_s = response.number("min-se", LEAST_S)
            if LEAST_S <= least_s <= 86_400 and self.invite.number("min-se", 0) < least_s:
                self._ask_again(self.invite, offer_headers(least_s, least_s))
                return
        self._final = True
        contacts: tuple[NameAddress, ...] = ()
        if 300 <= response.status < 400:
            contacts = tuple(response.addresses("contact"))
        by = "nobody" if response.status in {408, 503} and "contact" not in response.headers else ""
        self._finish(Ended(response.status, response.reason, by or "them", contacts))
        self._timers.clear()
        self.over = True

    @override
    def _due(self, name: str, now: Instant) -> None:
        if name == "cancelled":
            self.over = True
        else:
            super()._due(name, now)

    def _first_ack(self, dialog: Dialog) -> Request:
        ack = dialog.request("ACK", number=self.invite.cseq[0])
        for name in ("authorization", "proxy-authorization"):
            if name in self.invite.headers:
                ack.put(name, *self.invite.headers[name])
        return ack

    @override
    def _replace(self, request: Request, again: Request) -> None:
        if request is self.invite:
            self.invite = again
            self._heard = False
        super()._replace(request, again)
