"""Calls as the desk's protocol has them (docs/protocol/desk.md): frames, arguments and shapes."""

from typing import Annotated, Literal

from msgspec import Meta

from agent_desktop.arguments import Arguments, Id
from agent_desktop.shapes import Shape

SDP_CHARACTERS_MAX = 16_384
Sdp = Annotated[str, Meta(min_length=1, max_length=SDP_CHARACTERS_MAX)]
Number = Annotated[str, Meta(min_length=1, max_length=128)]


class PartyShape(Shape, frozen=True):
    """Somebody else in a call; ``name`` is an agent's name, or a number as it was claimed."""

    kind: str
    state: str
    name: str
    agent_id: str | None


class QualityShape(Shape, frozen=True):
    """How the sound does: mean opinion score 1 to 4.5, loss as a share, jitter in milliseconds."""

    score: float
    loss: float
    jitter_ms: float


class CallShape(Shape, frozen=True):
    """An agent's end of a call. ``here``: its sound is, or is to be, in this very page."""

    call_id: str
    interaction_id: str
    kind: str
    phase: str
    since: int
    device: str
    number: str
    talking_since: int | None
    muted: bool
    recording: str
    together: bool
    digits_secret: bool
    parties: tuple[PartyShape, ...]
    watching: str | None
    quality: QualityShape | None
    reason: str
    here: bool


class TelephoneArguments(Arguments, frozen=True):
    """``telephone``: whether this page can be heard and listened to, and whether it rings.

    ``why`` says why not: ``blocked``, ``missing`` or ``busy``.
    """

    sound: bool
    why: Annotated[str, Meta(max_length=40)] = ""


class DeviceArguments(Arguments, frozen=True):
    """``device``: what rings for this agent from the next call on."""

    device: Literal["browser", "phone"]


class OfCall(Arguments, frozen=True):
    """``reconnect``."""

    call_id: Id


class SwitchArguments(Arguments, frozen=True):
    """``mute`` and ``pause_recording``."""

    call_id: Id
    on: bool


class PressArguments(Arguments, frozen=True):
    """``press``: keys towards the far side."""

    call_id: Id
    digits: Annotated[str, Meta(pattern=r"^[0-9A-D*#]{1,64}$")]


class DialArguments(Arguments, frozen=True):
    """``dial``: a number, called in the name of a queue."""

    number: Number
    queue: Id


class NumberArguments(Arguments, frozen=True):
    """``consult_number`` and ``transfer_number``."""

    interaction_id: Id
    number: Number


class GatherArguments(Arguments, frozen=True):
    """``gather``: all parties together, or the customer apart."""

    interaction_id: Id
    together: bool


class WatchArguments(Arguments, frozen=True):
    """``watch``: take part in what a colleague's telephone is in now."""

    agent: Id
    watching: Literal["listen", "whisper", "barge"]
