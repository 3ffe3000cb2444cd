"""What the main process and a media node say to each other, version 1.

A frame is a length (four bytes, big endian, 65,536 at most) and a JSON object. The page
``docs/protocol/media-node.md`` describes every field for whoever writes another node.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from channels.voice.media.codings import Codec

VERSION = 1
FRAME_BYTES_MAX = 64 * 1024
FETCH_BYTES_MAX = 32 * 1024

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]
SoundName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}\Z")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
PayloadType = Annotated[int, Meta(ge=0, le=127)]
Host = Annotated[str, Meta(min_length=2, max_length=45)]
Gain = Annotated[float, Meta(ge=0, le=4)]
Key = Annotated[bytes, Meta(min_length=28, max_length=30)]
"""Master key and salt of SRTP: 28 bytes for AEAD_AES_128_GCM, 30 for AES_CM_128_HMAC_SHA1_80."""
Digits = Annotated[str, Meta(pattern=r"^[0-9A-D*#]{1,64}\Z")]


class _Command(Struct, tag_field="do", tag=str.lower, forbid_unknown_fields=True):
    """A wish; ``number`` is repeated in its answer."""

    number: Annotated[int, Meta(ge=0, le=1 << 53)]


class Hello(_Command, tag="hello"):
    """The first frame: who speaks, and in which epoch of it. A newer epoch takes over its legs."""

    owner: Name
    epoch: Annotated[int, Meta(ge=0, le=1 << 53)]
    protocol: int = VERSION


class Alloc(_Command, tag="alloc"):
    """A new leg with ports of its own. ``kind``: plain RTP, SRTP by SDES, or a browser."""

    leg: Name
    kind: Annotated[str, Meta(pattern=r"^(plain|sdes|browser)\Z")] = "plain"
    rtcp_mux: bool = False


class Srtp(Struct, forbid_unknown_fields=True):
    """Keys agreed on by SDES."""

    profile: Annotated[str, Meta(pattern=r"^(AEAD_AES_128_GCM|AES_CM_128_HMAC_SHA1_80)\Z")]
    send_key: Key
    receive_key: Key


class Browser(Struct, forbid_unknown_fields=True):
    """What a browser's SDP says of ICE and DTLS. ``fingerprint``: SHA-256, hexadecimal pairs."""

    ufrag: Annotated[str, Meta(min_length=4, max_length=256)]
    password: Annotated[str, Meta(min_length=22, max_length=256)]
    fingerprint: Annotated[str, Meta(pattern=r"^([0-9A-Fa-f]{2}:){31}[0-9A-Fa-f]{2}\Z")]


class SetRemote(_Command, tag="set_remote"):
    """The other end as its SDP says, and how to speak with it. Said again after a re-INVITE."""

    leg: Name
    codec: Codec
    payload_type: PayloadType
    address: Host = "0.0.0.0"  # noqa: S104 -- "not said": nothing is ever bound to it
    port: Port = 9
    rtcp_port: Port | None = None
    signalling_host: Host = ""
    known: bool = False
    receive_type: PayloadType | None = None
    dtmf_type: PayloadType | None = None
    dtmf_receive_type: PayloadType | None = None
    sends: bool = True
    receives: bool = True
    adaptive: bool = True
    timeout_s: Annotated[int, Meta(ge=0, le=3_600)] = 30
    srtp: Srtp | None = None
    browser: Browser | None = None


class Mix(_Command, tag="mix"):
    """Replace all that ``listeners`` hear, in one tick: entries are (listener, source, gain)."""

    listeners: Annotated[list[Name], Meta(min_length=1, max_length=64)]
    entries: Annotated[list[tuple[Name, Name, Gain]], Meta(max_length=512)] = []


class Play(_Command, tag="play"):
    """Play sounds to a leg, one behind the other; ``over``: beside what it hears, else alone."""

    leg: Name
    play: Name
    sounds: Annotated[list[SoundName], Meta(min_length=1, max_length=64)]
    repeat: bool = False
    gain: Gain = 1.0
    over: bool = False


class Stop(_Command, tag="stop"):
    """Stop what a leg is played."""

    leg: Name


class Collect(_Command, tag="collect"):
    """Take digits until enough, a terminator or silence. The first one stops a prompt."""

    leg: Name
    collect: Name
    digits_max: Annotated[int, Meta(ge=1, le=64)] = 1
    terminators: Annotated[str, Meta(pattern=r"^[0-9A-D*#]{0,16}\Z")] = ""
    first_ms: Annotated[int, Meta(ge=100, le=600_000)] = 5_000
    between_ms: Annotated[int, Meta(ge=100, le=60_000)] = 3_000
    barge_in: bool = True


class Dtmf(_Command, tag="dtmf"):
    """Press digits towards a leg."""

    leg: Name
    digits: Digits
    tone_ms: Annotated[int, Meta(ge=40, le=5_000)] = 100
    gap_ms: Annotated[int, Meta(ge=40, le=5_000)] = 60


class Detect(_Command, tag="detect"):
    """Listen for tones in a leg's sound: digits, and fax machines."""

    leg: Name
    on: bool = True


class Record(_Command, tag="record"):
    """Record a leg in stereo: what it says on the left, what it hears on the right."""

    leg: Name
    recording: Name
    key: Annotated[bytes, Meta(min_length=32, max_length=32)]


class Pause(_Command, tag="pause"):
    """Write silence of equal length instead, or sound again."""

    recording: Name
    on: bool = True


class StopRecording(_Command, tag="stop_recording"):
    """End a recording; it is whole when ``recorded`` comes."""

    recording: Name


class Fetch(_Command, tag="fetch"):
    """Bytes of a finished recording as it lies on disk, sealed."""

    recording: Name
    offset: Annotated[int, Meta(ge=0)] = 0
    size: Annotated[int, Meta(ge=1, le=FETCH_BYTES_MAX)] = FETCH_BYTES_MAX


class Discard(_Command, tag="discard"):
    """Remove a finished recording from the node's disk."""

    recording: Name


class PutSound(_Command, tag="put_sound"):
    """Give the node a sound, in parts in order; the last one makes it playable."""

    sound: SoundName
    data: Annotated[bytes, Meta(max_length=FETCH_BYTES_MAX)]
    first: bool = False
    last: bool = False


class Secure(_Command, tag="secure"):
    """Keep a leg's digits from everybody but this connection, in packets and in sound (PRIV-5)."""

    leg: Name
    on: bool = True


class Stats(_Command, tag="stats"):
    """The figures of the node, or of one leg."""

    leg: Name | None = None


class Free(_Command, tag="free"):
    """End a leg and all that hangs on it; the answer has its last figures."""

    leg: Name


Command = (
    Hello
    | Alloc
    | SetRemote
    | Mix
    | Play
    | Stop
    | Collect
    | Dtmf
    | Detect
    | Record
    | Pause
    | StopRecording
    | Fetch
    | Discard
    | PutSound
    | Secure
    | Stats
    | Free
)


class _Answer(Struct, tag_field="is", tag=str.lower, omit_defaults=True):
    """What a node says."""


class Welcome(_Answer, tag="welcome"):
    """To ``hello``: what this node can, and the legs that this owner still has here."""

    number: int
    node: str
    protocol: int
    address: str
    legs_max: int
    codecs: list[Codec]
    fingerprint: str
    legs: list[str] = []


class Allocated(_Answer, tag="allocated"):
    """To ``alloc``: where the leg listens; for a browser also what our SDP says of ICE."""

    number: int
    address: str
    port: int
    rtcp_port: int
    ssrc: int
    ufrag: str = ""
    password: str = ""


class Done(_Answer, tag="done"):
    """It is done."""

    number: int


class Refused(_Answer, tag="refused"):
    """Nothing was done. Codes: malformed, unknown_leg, exists, full, no_port, not_found, invalid,
    stale, unavailable."""

    number: int
    code: str
    message: str
    field: str = ""


class Quality(Struct, omit_defaults=True):
    """How a leg does. Loss is a share, ``score`` the mean opinion score by the E-model."""

    packets: int = 0
    lost: int = 0
    late: int = 0
    loss: float = 0.0
    jitter_ms: float = 0.0
    round_trip_ms: float | None = None
    remote_loss: float | None = None
    score: float = 0.0
    sent: int = 0
    concealed: int = 0
    strangers: int = 0
    malformed: int = 0
    unauthentic: int = 0


class LegFigures(_Answer, tag="leg_figures"):
    """To ``stats`` of a leg, and to ``free``. ``remote``: where its sound comes from, if known."""

    number: int
    leg: str
    quality: Quality
    remote: str = ""
    secure_media: bool = False


class NodeFigures(_Answer, tag="node_figures"):
    """To ``stats``: ticks of the last 10 s, the load, and what was dropped since the start."""

    number: int
    legs: int
    recordings: int
    tick_p50_ms: float
    tick_p99_ms: float
    late_p99_ms: float
    tick_max_ms: float
    cpu_s: float
    resident_bytes: int
    dropped: int
    real_time: bool


class Fetched(_Answer, tag="fetched"):
    """To ``fetch``: the bytes at the offset, and how long the file is."""

    number: int
    data: bytes
    total: int


class Pressed(_Answer, tag="dtmf"):
    """A digit on a leg. ``ended`` false: it begins. ``secret``: pressed in secure mode."""

    leg: str
    digit: str
    ended: bool
    duration_ms: int
    how: str
    secret: bool = False


class PlayDone(_Answer, tag="play_done"):
    """A play ended. ``reason``: finished, stopped, replaced, digit, freed, broken (``message``)."""

    leg: str
    play: str
    reason: str
    message: str = ""


class Collected(_Answer, tag="collected"):
    """Digits. ``reason``: enough, terminator, silence, replaced or freed."""

    leg: str
    collect: str
    digits: str
    reason: str


class RtpTimeout(_Answer, tag="rtp_timeout"):
    """Nothing came from this leg for so long; told again only after something came."""

    leg: str
    silent_s: int


class Tone(_Answer, tag="tone"):
    """A machine on a leg: fax_calling (CNG) or fax_answering (CED)."""

    leg: str
    tone: str


class BrowserState(_Answer, tag="browser"):
    """A browser's leg is ``connected``, or ``failed`` for the reason given."""

    leg: str
    state: str
    message: str = ""


class QualityTold(_Answer, tag="quality"):
    """The figures of a leg, every 10 s."""

    leg: str
    quality: Quality


class Recorded(_Answer, tag="recorded"):
    """A recording is whole on disk. ``lost_ms``: what a disk too slow has cost."""

    leg: str
    recording: str
    duration_ms: int
    size: int
    rate_hz: int
    lost_ms: int = 0
    message: str = ""


Reply = Welcome | Allocated | Done | Refused | LegFigures | NodeFigures | Fetched
Event = Pressed | PlayDone | Collected | RtpTimeout | Tone | BrowserState | QualityTold | Recorded

COMMANDS = msgspec.json.Decoder(Command)
ANSWERS = msgspec.json.Decoder(Reply | Event)
_ENCODER = msgspec.json.Encoder()


def framed(message: Struct) -> bytes:
    """A message as a frame. Raises ValueError when it is longer than a frame may be."""
    body = _ENCODER.encode(message)
    if len(body) > FRAME_BYTES_MAX:
        raise ValueError(f"{len(body)} bytes do not fit into a frame")
    return len(body).to_bytes(4, "big") + body


class Frames:
    """Cuts a stream into frames. Raises ValueError as soon as one is announced that is too long."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """The frames that are whole now."""
        self._rest += data
        whole: list[bytes] = []
        while len(self._rest) >= 4:
            size = int.from_bytes(self._rest[:4], "big")
            if not 2 <= size <= FRAME_BYTES_MAX:
                raise ValueError(f"a frame of {size} bytes")
            if len(self._rest) < 4 + size:
                break
            whole.append(bytes(self._rest[4 : 4 + size]))
            del self._rest[: 4 + size]
        return whole
