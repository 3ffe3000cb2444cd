"""What the main process may wish of a media node; ``protocol`` carries it."""

from typing import Annotated

from msgspec import Meta, Struct

from channels.voice.media.codings import Codec

VERSION = 1
FETCH_BYTES_MAX = 32 * 1024

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}\Z")]
SoundName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-][A-Za-z0-9_./-]{0,199}\Z")]
Port = Annotated[int, Meta(ge=1, le=65_535)]
PayloadType = Annotated[int, Meta(ge=0, le=127)]
Host = Annotated[str, Meta(max_length=45)]
Gain = Annotated[float, Meta(ge=0, le=4)]
Key = Annotated[bytes, Meta(min_length=28, max_length=30)]
"""Master key and salt of SRTP: 28 bytes for AEAD_AES_128_GCM, 30 for AES_CM_128_HMAC_SHA1_80."""
Digits = Annotated[str, Meta(pattern=r"^[0-9A-D*#]{1,64}\Z")]


class _Command(Struct, tag_field="do", forbid_unknown_fields=True, kw_only=True):
    """A wish; ``number`` is repeated in its answer."""

    number: Annotated[int, Meta(ge=0, le=1 << 53)] = 0


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
    address: Host = ""
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


class Heard(_Command, tag="heard"):
    """A leg's digit came by signalling (SIP INFO): collect and tell it like any other."""

    leg: Name
    digit: Annotated[str, Meta(pattern=r"^[0-9A-D*#]\Z")]


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
    | Heard
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
