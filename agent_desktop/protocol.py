"""The desk's socket protocol, version 1: every frame as a type. Pure: bytes in, values out.

docs/protocol/desk.md says what they mean; ``agent_desktop.shapes`` has the shapes inside them.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from agent_desktop import shapes
from agent_desktop.arguments import Arguments, Id
from agent_desktop.telephone_shapes import CallShape, Sdp
from router.model.commands import Scalar
from router.model.errors import InvalidInput

VERSION = 1
FRAME_BYTES_MAX = 65_536
COMMANDS_PER_S = 50
HELLO_WITHIN_MS = 5_000
SILENCE_MS = 20_000
GRACE_MS = 30_000
CUT_CHARACTERS = 16_000

NOT_UNDERSTOOD = 4400
SIGNED_OUT = 4401
NOT_ALLOWED = 4403
SILENT = 4408
ELSEWHERE = 4409
TOO_BIG = 4413
TOO_MANY = 4429
COME_AGAIN = 4503

Line = Annotated[str, Meta(max_length=500)]
Text = Annotated[str, Meta(max_length=60_000)]
MailAddress = Annotated[str, Meta(min_length=3, max_length=320)]


class FromDesk(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What all frames of a client share."""


class Hello(FromDesk, frozen=True, tag="hello"):
    """The first frame: who this tab is and where it stopped."""

    protocol: int
    desk: Id
    log: Line = ""
    after: Annotated[int, Meta(ge=0)] = 0
    take: bool = False


class Do(FromDesk, frozen=True, tag="do"):
    """A command; the same id is done at most once."""

    id: Id
    do: Line
    args: msgspec.Raw = msgspec.Raw(b"{}")


class Ping(FromDesk, frozen=True, tag="ping"):
    """Are you there?"""

    id: Id


class Described(FromDesk, frozen=True, tag="described"):
    """The answer to ``describe``: the page's end of a call's sound, or why it has none.

    No command, since a command may be waiting for it.
    """

    request: Id
    sdp: Sdp | None = None
    code: Literal["no_microphone", "no_page", "failed"] = "failed"


Incoming = Hello | Do | Ping | Described
_decoder = msgspec.json.Decoder(Incoming)


class TooBig(InvalidInput):
    """A frame is longer than 64 KiB."""

    code = "too_big"


def decode(frame: str | bytes) -> Incoming:
    """A client's frame. Raises InvalidInput that says what is wrong with it (TooBig its size)."""
    if isinstance(frame, bytes):
        raise InvalidInput("frames are text", field="frame")
    # No character is less than a byte, so only the few longer frames are measured exactly.
    if len(frame) > FRAME_BYTES_MAX or (
        len(frame) > FRAME_BYTES_MAX // 4 and len(frame.encode()) > FRAME_BYTES_MAX
    ):
        raise TooBig("a frame has at most 65536 bytes", field="frame")
    try:
        message: Incoming = _decoder.decode(frame)
    except (msgspec.MsgspecError, RecursionError, UnicodeError) as error:
        raise InvalidInput(str(error), field="frame") from error
    return message


def refusal(error: InvalidInput) -> tuple[int, str]:
    """The code and the reason a socket is closed with after such a frame."""
    return TOO_BIG if isinstance(error, TooBig) else NOT_UNDERSTOOD, error.message


class PresenceArguments(Arguments, frozen=True):
    """``presence``."""

    presence: Literal["ready", "not_ready"] = "not_ready"
    reason: Line = ""
    media: Annotated[tuple[Id, ...], Meta(max_length=50)] | None = None
    withdraw: bool = False


class OfOffer(Arguments, frozen=True):
    """``accept`` and ``decline``."""

    offer_id: Id
    reason: Line = ""


class MailArguments(Arguments, frozen=True):
    """The envelope of a mail that is sent."""

    to: Annotated[tuple[MailAddress, ...], Meta(max_length=50)] = ()
    cc: Annotated[tuple[MailAddress, ...], Meta(max_length=50)] = ()
    bcc: Annotated[tuple[MailAddress, ...], Meta(max_length=50)] = ()
    subject: Line = ""


class SendArguments(Arguments, frozen=True):
    """``send``. ``seen`` is the number of the last entry its writer had read."""

    interaction_id: Id
    entry_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    text: Text
    seen: Annotated[int, Meta(ge=0)]
    files: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()
    mail: MailArguments | None = None
    force: bool = False
    finish: bool = False


class NoteArguments(Arguments, frozen=True):
    """``note``."""

    interaction_id: Id
    entry_id: Annotated[str, Meta(pattern="^[0-9a-f]{32}$")]
    text: Text
    mentions: Annotated[tuple[Id, ...], Meta(max_length=20)] = ()


class TypingArguments(Arguments, frozen=True):
    """``typing``."""

    interaction_id: Id
    typing: bool = True


class ReadArguments(Arguments, frozen=True):
    """``read``."""

    interaction_id: Id
    number: Annotated[int, Meta(ge=0, le=1_000_000)]


class DraftArguments(Arguments, frozen=True):
    """``draft``. An empty text clears it."""

    interaction_id: Id
    kind: Literal["reply", "note"]
    text: Text
    revision: Annotated[int, Meta(ge=0, le=2**53)]


class TransferArguments(Arguments, frozen=True):
    """``transfer``: to a queue or to an agent."""

    interaction_id: Id
    queue: Id | None = None
    agent: Id | None = None
    keep_age: bool = True


class ConsultArguments(Arguments, frozen=True):
    """``consult``."""

    interaction_id: Id
    agent: Id


class ParkArguments(Arguments, frozen=True):
    """``park``."""

    interaction_id: Id
    until: Annotated[int, Meta(ge=0, le=2**53)]


class WrapUpArguments(Arguments, frozen=True):
    """``wrap_up``."""

    interaction_id: Id
    disposition: Line = ""
    done: bool = True


class AttributesArguments(Arguments, frozen=True):
    """``attributes``."""

    interaction_id: Id
    attributes: Annotated[dict[Line, Scalar], Meta(min_length=1, max_length=50)]


class NoArguments(Arguments, frozen=True):
    """``take`` and ``queues``."""


class SignOutArguments(Arguments, frozen=True):
    """``sign_out``."""

    force: bool = False


class ToDesk(msgspec.Struct, frozen=True, tag_field="type"):
    """What all frames of the server share."""


class Welcome(ToDesk, frozen=True, tag="welcome"):
    """The answer to a hello."""

    log: str
    server_time: int
    owner: bool
    resumed: bool
    grace_ms: int = GRACE_MS
    protocol: int = VERSION


class SnapshotFrame(ToDesk, frozen=True, tag="snapshot"):
    """Everything, replacing what the client had."""

    seq: int
    agent: shapes.AgentShape
    items: tuple[shapes.ItemShape, ...]
    offers: tuple[shapes.OfferShape, ...]
    queues: tuple[shapes.QueueShape, ...]
    colleagues: tuple[shapes.ColleagueShape, ...]
    reasons: tuple[shapes.ReasonShape, ...]
    mentions: tuple[shapes.MentionShape, ...]
    settings: dict[str, Any]


class CaughtUp(ToDesk, frozen=True, tag="caught_up"):
    """From here on it is live."""

    seq: int
    missed: int


class Push(ToDesk, frozen=True, tag="push", omit_defaults=True):
    """A fact with its place in the log; which fields are set depends on ``kind``."""

    seq: int
    previous: int
    at: int
    kind: str
    interaction_id: str | None = None
    offer_id: str | None = None
    offer: shapes.OfferShape | None = None
    end: str | None = None
    reason: str | None = None
    item: shapes.ItemShape | None = None
    how: str | None = None
    entry: shapes.EntryShape | None = None
    mention: shapes.MentionShape | None = None
    entry_id: str | None = None
    mark: str | None = None
    agent: shapes.AgentShape | None = None
    queues: tuple[shapes.QueueShape, ...] | None = None
    colleagues: tuple[shapes.ColleagueShape, ...] | None = None
    reasons: tuple[shapes.ReasonShape, ...] | None = None


class Live(ToDesk, frozen=True, tag="live", omit_defaults=True):
    """News without a place in the log; never replayed."""

    kind: str
    interaction_id: str | None = None
    who: str | None = None
    typing: bool | None = None
    queues: tuple[shapes.QueueShape, ...] | None = None
    colleagues: tuple[shapes.ColleagueShape, ...] | None = None
    agent_id: str | None = None
    name: str | None = None
    draft: shapes.DraftShape | None = None
    call: CallShape | None = None
    calls: tuple[CallShape, ...] | None = None
    devices: tuple[str, ...] | None = None
    request: str | None = None
    sdp: str | None = None


class Done(ToDesk, frozen=True, tag="done"):
    """A command was done."""

    id: str
    seq: int
    result: dict[str, Any]


class RefusedFrame(ToDesk, frozen=True, tag="refused"):
    """A command was not done."""

    id: str
    code: str
    message: str
    details: dict[str, Any]


class Owner(ToDesk, frozen=True, tag="owner"):
    """Whether this tab owns sound and offers, when that changes."""

    owner: bool


class Pong(ToDesk, frozen=True, tag="pong"):
    """Here I am."""

    id: str
    server_time: int


class Board(ToDesk, frozen=True, tag="board"):
    """The simple board."""

    at: int
    queues: tuple[shapes.QueueShape, ...]
    agents: tuple[shapes.ColleagueShape, ...]
    conservation: dict[str, int | bool] | None


Outgoing = (
    Welcome | SnapshotFrame | CaughtUp | Push | Live | Done | RefusedFrame | Owner | Pong | Board
)
_encoder = msgspec.json.Encoder()


def encode(frame: Outgoing) -> bytes:
    """A server's frame as the text that is sent, in UTF-8."""
    return _encoder.encode(frame)
