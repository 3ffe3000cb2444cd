"""The visitor's protocol, version 1: the frames of ``docs/protocol/chat.md``. Pure."""

from typing import Annotated, Any

import msgspec

from router.model.errors import InvalidInput

VERSION = 1
FRAME_MAX_BYTES = 16_384
HELLO_TIMEOUT_MS = 5_000
SILENCE_MAX_MS = 45_000
ITEMS_PER_FRAME = 50

NOT_UNDERSTOOD = 4400
SPENT = 4401
SILENT = 4408
ELSEWHERE = 4409
TOO_BIG = 4413
TOO_FAST = 4429
STOPPED = 4503
"""Close codes."""

Once = Annotated[str, msgspec.Meta(min_length=16, max_length=64, pattern="^[A-Za-z0-9_-]+$")]
"""An id the visitor's side makes once per wish: sent again, the wish is done once."""
Text = Annotated[str, msgspec.Meta(max_length=FRAME_MAX_BYTES)]
Short = Annotated[str, msgspec.Meta(max_length=254)]
Sequence = Annotated[int, msgspec.Meta(ge=0, le=1 << 40)]


class Frame(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type"):
    """What all frames of a visitor share."""


class Hello(Frame, frozen=True, tag="hello"):
    """The first frame: who comes back (``token``), and what they have seen (``after``).

    ``fresh`` begins anew as the same customer when the token's conversation has ended.
    """

    protocol: int
    token: Annotated[str, msgspec.Meta(max_length=64)] = ""
    after: Sequence = 0
    language: Annotated[str, msgspec.Meta(max_length=35)] = ""
    fresh: bool = False


class Start(Frame, frozen=True, tag="start"):
    """A chat begins with its first words. ``website`` is a trap that people do not see."""

    id: Once
    text: Text
    name: Short = ""
    mail: Short = ""
    topic: Short = ""
    fields: dict[str, Short] = {}
    page: Annotated[str, msgspec.Meta(max_length=2_000)] = ""
    website: Short = ""
    identity: Annotated[str, msgspec.Meta(max_length=4_000)] = ""


class Say(Frame, frozen=True, tag="say"):
    """Words and files of the visitor. A ``secret`` answers a flow that asks for one, and is kept
    nowhere; refused when none is asked."""

    id: Once
    text: Text = ""
    secret: bool = False
    files: Annotated[tuple[Short, ...], msgspec.Meta(max_length=20)] = ()


class Typing(Frame, frozen=True, tag="typing"):
    """Whether the visitor is writing; never what (CHAT-6)."""

    typing: bool


class Got(Frame, frozen=True, tag="got"):
    """Everything up to ``seq`` reached the visitor's screen; up to ``read`` it was looked at."""

    seq: Sequence
    read: Sequence = 0


class Leave(Frame, frozen=True, tag="leave"):
    """The visitor ends the chat."""

    id: Once


class Keep(Frame, frozen=True, tag="keep"):
    """Leave a message and keep the place: the answer goes to ``mail`` when nobody is there."""

    id: Once
    mail: Short
    text: Text = ""


class Form(Frame, frozen=True, tag="form"):
    """A message while closed or too busy: it becomes a mail in the queue."""

    id: Once
    text: Text
    mail: Short
    name: Short = ""
    topic: Short = ""
    fields: dict[str, Short] = {}
    website: Short = ""


class Rate(Frame, frozen=True, tag="rate"):
    """How it was, from 1 to 5, with a comment."""

    id: Once
    score: Annotated[int, msgspec.Meta(ge=1, le=5)]
    comment: Text = ""


class Transcript(Frame, frozen=True, tag="transcript"):
    """Send me what was said. Without ``code`` a code goes to the address first (MAIL-6)."""

    id: Once
    mail: Short
    code: Annotated[str, msgspec.Meta(max_length=16)] = ""


class Identify(Frame, frozen=True, tag="identify"):
    """The site vouches for its visitor during a chat (CHAT-3)."""

    id: Once
    token: Annotated[str, msgspec.Meta(max_length=4_000)]


class Ping(Frame, frozen=True, tag="ping"):
    """Are you there?"""

    id: Annotated[str, msgspec.Meta(max_length=64)] = ""


VisitorFrame = (
    Hello | Start | Say | Typing | Got | Leave | Keep | Form | Rate | Transcript | Identify | Ping
)

_DECODER: msgspec.json.Decoder[VisitorFrame] = msgspec.json.Decoder(VisitorFrame)
_ENCODER = msgspec.json.Encoder()


def read_frame(text: str) -> VisitorFrame:
    """The frame in a text. Raises InvalidInput with the place of the mistake."""
    try:
        return _DECODER.decode(text)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise InvalidInput(str(error), field="frame") from error


def write_frame(kind: str, **fields: Any) -> str:
    """A frame for the visitor as JSON text."""
    return _ENCODER.encode({"type": kind, **fields}).decode()


def done(once: str, **result: Any) -> str:
    """The answer to a wish that was carried out and is durable."""
    return write_frame("done", id=once, **result)


def refused(once: str, code: str, message: str, **details: Any) -> str:
    """The answer to a wish that was not carried out: a stable code, and words for a log."""
    return write_frame("refused", id=once, code=code, message=message, **details)
