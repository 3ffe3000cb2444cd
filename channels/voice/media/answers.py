"""What a media node says: replies to commands, which repeat their number, and events."""

from msgspec import Struct

from channels.voice.media.codings import Codec


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
    fingerprint: str = ""


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
    """To ``stats``: ticks of the last 10 s, the load, and ticks left out since the start."""

    number: int
    legs: int
    recordings: int
    tick_p50_ms: float
    tick_p99_ms: float
    late_p99_ms: float
    tick_max_ms: float
    cpu_s: float
    resident_bytes: int
    skipped: int
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
