"""Sending a call elsewhere (REFER with NOTIFY) and digits beside the sound (INFO)."""

from typing_extensions import override

from channels.voice.sip.changes import ChangingLeg
from channels.voice.sip.happenings import Replaced, TransferAsked, TransferProgress
from channels.voice.sip.message import Request, Response
from channels.voice.sip.referring import (
    DIGIT_MS,
    SIPFRAG,
    format_digit,
    parse_digit,
    parse_sipfrag,
    refer_to,
    referred_to,
    sipfrag,
)
from router.model.errors import Refused
from router.model.ids import Instant

ANSWER_TRANSFER_MS = 20_000


class TransferringLeg(ChangingLeg):
    """A call that can be sent elsewhere. One transfer is in hand at a time."""

    _referred: Request | None = None
    _reporting = False
    _referring = False

    # -- what whoever leads the call does

    def refer(self, target: str, now: Instant, *, replaced: Replaced | None = None) -> None:
        """Ask the other side to call ``target``, taking the place of a call there.

        TransferProgress is told, the last one with ``final``. Raises Refused while another
        transfer is in hand, and BadMessage when the target is no address.
        """
        if self._referring:
            raise Refused("a transfer of this call is in hand", code="transfer_pending")
        headers = {"refer-to": refer_to(target, replaced), "referred-by": f"<{self.contact}>"}
        self._ask("REFER", headers=headers)
        self._referring = True

    def take_transfer(self, now: Instant) -> None:
        """Agree to the transfer that was asked for."""
        request, self._referred = self._referred, None
        self._timers.pop("transfer", None)
        if request is None or self.ended:
            return
        if (request.first("refer-sub") or "").strip().lower() == "false":
            self._reply(request, 200, headers={"refer-sub": "false"})
            return
        self._reply(request, 202)
        self._reporting = True
        self.report_transfer(100, now)

    def refuse_transfer(self, now: Instant, status: int = 603) -> None:
        """Refuse the transfer that was asked for."""
        request, self._referred = self._referred, None
        self._timers.pop("transfer", None)
        if request is not None and not self.ended:
            self._reply(request, status)

    def report_transfer(self, status: int, now: Instant) -> None:
        """Tell the other side how the call goes that it wanted; a final status ends the telling."""
        if not self._reporting or self.ended:
            return
        final = status >= 200
        state = "terminated;reason=noresource" if final else "active;expires=60"
        self._reporting = not final
        notify = self._ask(
            "NOTIFY",
            headers={
                "event": "refer",
                "subscription-state": state,
                "content-type": f"{SIPFRAG};version=2.0",
            },
        )
        notify.body = sipfrag(status)

    def send_digit(self, digit: str, now: Instant, *, duration_ms: int = DIGIT_MS) -> None:
        """Send a digit by INFO. Raises BadMessage when it is none."""
        body = format_digit(digit, duration_ms)
        self._ask("INFO", headers={"content-type": "application/dtmf-relay"}, body=body)

    # -- from the other side

    @override
    def _dispatch(self, request: Request, now: Instant) -> None:
        match request.method:
            case "REFER":
                self._asked_to_transfer(request, now)
            case "NOTIFY":
                self._notified(request)
            case "INFO":
                self._informed(request)
            case _:
                super()._dispatch(request, now)

    def _asked_to_transfer(self, request: Request, now: Instant) -> None:
        target, replaced = referred_to(request)
        if self._referred is not None or self._reporting:
            self._reply(request, 491)
            return
        self._referred = request
        self._timers["transfer"] = Instant(now + ANSWER_TRANSFER_MS)
        self._tell(TransferAsked(target, replaced, request.first("referred-by") or ""))

    def _notified(self, request: Request) -> None:
        if (request.first("event") or "").partition(";")[0].strip().lower() != "refer":
            self._reply(request, 489, headers={"allow-events": "refer"})
            return
        if request.content_type != SIPFRAG:
            self._reply(request, 415, headers={"accept": SIPFRAG})
            return
        status = parse_sipfrag(request.body)
        self._reply(request, 200)
        if self._referring:
            self._progress(status)

    def _informed(self, request: Request) -> None:
        if request.headers.get("info-package"):
            self._reply(request, 469, reason="Bad Info Package", headers={"recv-info": ""})
            return
        digit = parse_digit(request)
        if digit is None and request.body:
            accepted = "application/dtmf-relay, application/dtmf"
            self._reply(request, 415, headers={"accept": accepted})
            return
        self._reply(request, 200)
        if digit is not None:
            self._tell(digit)

    @override
    def _answered(self, request: Request, response: Response, now: Instant) -> None:
        if request.method == "REFER" and response.status >= 200 and self._referring:
            no_telling = (response.first("refer-sub") or "").strip().lower() == "false"
            final = response.status >= 300 or no_telling
            self._referring = not final
            self._tell(TransferProgress(response.status, final))
            if response.status not in {408, 481}:
                return
        super()._answered(request, response, now)

    @override
    def _due(self, name: str, now: Instant) -> None:
        if name == "transfer":
            self.refuse_transfer(now, 480)
        else:
            super()._due(name, now)

    def _progress(self, status: int) -> None:
        final = status >= 200
        self._referring = not final
        self._tell(TransferProgress(status, final))
