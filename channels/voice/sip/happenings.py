"""What a call tells whoever leads it, and what it asks the stack to do."""

import msgspec

from channels.voice.sip.addresses import NameAddress
from channels.voice.sip.message import Request, Response
from channels.voice.sip.sdp import Description

# -- to whoever leads the call


class Ringing(msgspec.Struct, frozen=True):
    """The other side rings or reports progress; nothing is to be heard from it yet."""

    status: int
    reason: str


class EarlyMedia(msgspec.Struct, frozen=True):
    """Sound comes before the answer (183). ``branch`` tells the places a call was forked to apart:
    the latest one counts.
    """

    description: Description
    branch: str


class Answered(msgspec.Struct, frozen=True):
    """The other side took the call. ``offer`` is True when we are to answer by ``acknowledge``."""

    description: Description | None
    offer: bool = False


class Confirmed(msgspec.Struct, frozen=True):
    """The other side heard our answer (ACK); with its description when we had made the offer."""

    description: Description | None


class Reoffered(msgspec.Struct, frozen=True):
    """The other side wants to change the call (hold, resume, other formats).

    Answer by ``accept`` or ``refuse``. Without a description it wants to hear our offer.
    """

    description: Description | None


class Changed(msgspec.Struct, frozen=True):
    """The other side took our change; with ``offer`` we are to answer it by ``acknowledge``."""

    description: Description | None
    offer: bool = False


class ChangeRefused(msgspec.Struct, frozen=True):
    """The other side did not take our change: everything stays as it was."""

    status: int


class Digit(msgspec.Struct, frozen=True):
    """A digit by SIP INFO. It may be secret: it belongs into no log."""

    digit: str
    duration_ms: int


class Replaced(msgspec.Struct, frozen=True):
    """Which dialog is meant by Replaces (RFC 3891), seen from whoever receives it."""

    call_id: str
    to_tag: str
    from_tag: str
    early_only: bool = False


class TransferAsked(msgspec.Struct, frozen=True):
    """The other side asks us to send it elsewhere (REFER).

    Answer by ``take_transfer`` or ``refuse_transfer``, and tell how it goes by ``report_transfer``.
    """

    target: NameAddress
    replaces: Replaced | None
    by: str


class TransferProgress(msgspec.Struct, frozen=True):
    """How the transfer we asked for goes: a status of the new call, or of our asking."""

    status: int
    final: bool


class Ended(msgspec.Struct, frozen=True):
    """The call is over. ``by`` is who ended it: ``them``, ``us``, or ``nobody`` for time-outs.

    ``contacts`` are where a 3xx pointed to; nothing follows them by itself (SIP-8).
    """

    status: int
    reason: str
    by: str
    contacts: tuple[NameAddress, ...] = ()


CallEvent = (
    Ringing
    | EarlyMedia
    | Answered
    | Confirmed
    | Reoffered
    | Changed
    | ChangeRefused
    | Digit
    | TransferAsked
    | TransferProgress
    | Ended
)

# -- to the stack


class Ask(msgspec.Struct, frozen=True):
    """Send this request in a transaction of its own; the stack adds Via and finds the way."""

    request: Request


class Reply(msgspec.Struct, frozen=True):
    """Answer this request, through its transaction."""

    request: Request
    response: Response


class Pass(msgspec.Struct, frozen=True):
    """Send this ACK, which is in no transaction."""

    request: Request


class Cancel(msgspec.Struct, frozen=True):
    """Cancel this request of ours."""

    request: Request


class Tell(msgspec.Struct, frozen=True):
    """Tell whoever leads the call."""

    event: CallEvent


Order = Ask | Reply | Pass | Cancel | Tell
