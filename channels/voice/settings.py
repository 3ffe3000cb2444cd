"""The settings of the voice channel: ``[channels.voice]`` of the configuration."""

from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from channels.voice.media.codings import Codec
from router.model.ids import HOUR_MS, MINUTE_MS
from router.model.secret import Secret

Name = Annotated[str, Meta(min_length=1, max_length=64)]
Network = Annotated[str, Meta(max_length=50)]
Number = Annotated[str, Meta(max_length=64)]
Prefix = Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{0,14}\Z")]
ANY = "*"
"""The entry for every number that has none of its own."""


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all settings share."""


class Listen(Plain, frozen=True, kw_only=True):
    """Where we are called: an address and a port for each transport; empty leaves one out.

    ``public`` is the address others must use where a router stands between (NAT).
    """

    udp: str = "127.0.0.1:5060"
    tcp: str = "127.0.0.1:5060"
    tls: str = ""
    public: str = ""
    certificate: str = ""
    private_key_file: str = ""
    authority: str = ""


class Trunk(Plain, frozen=True, kw_only=True):
    """A provider or a PBX; fields as in ``sip.trunks.Trunk``.

    ``media_networks`` are where its sound comes from and goes to; empty: its ``networks``.
    """

    proxy: Annotated[str, Meta(min_length=5, max_length=300)]
    networks: Annotated[tuple[Network, ...], Meta(max_length=100)] = ()
    media_networks: Annotated[tuple[Network, ...], Meta(max_length=100)] = ()
    domain: Number = ""
    register: bool = False
    user: Number = ""
    password: Secret | None = None
    realm: Annotated[str, Meta(max_length=200)] = ""
    allow_md5: bool = False
    caller_id: Number = ""
    trust_identity: bool = False
    calls_a_second: Annotated[int, Meta(ge=1, le=10_000)] = 50
    max_calls: Annotated[int, Meta(ge=1, le=100_000)] = 60

    @property
    def sound_from(self) -> tuple[str, ...]:
        """The networks of its sound."""
        return self.media_networks or self.networks


class Phone(Plain, frozen=True, kw_only=True):
    """A SIP telephone: it registers with its account (its name here) and ``password``, or it is
    found at a fixed ``contact`` (``sip:100@192.0.2.7``).

    ``agent`` is whose it is. With ``first`` it rings before their page does.
    """

    agent: Annotated[str, Meta(max_length=64)] = ""
    password: Secret | None = None
    contact: Annotated[str, Meta(max_length=300)] = ""
    networks: Annotated[tuple[Network, ...], Meta(max_length=20)] = ()
    first: bool = False


class Entry(Plain, frozen=True, kw_only=True):
    """Where a called number leads: into a ``flow`` of self-service, or straight to a ``queue``.

    With neither, the rules choose the queue.
    """

    flow: Annotated[str, Meta(max_length=64)] = ""
    queue: Annotated[str, Meta(max_length=64)] = ""
    language: Annotated[str, Meta(max_length=20)] = "en"


class Recordings(Plain, frozen=True, kw_only=True):
    """Whether calls are recorded (PRIV-4): ``off``; ``announce``: after callers were told so.

    ``queues`` says otherwise for some. ``words`` is what is said, by language; empty: our own.
    """

    mode: Literal["off", "announce"] = "off"
    queues: dict[str, Literal["off", "announce"]] = {}
    words: dict[str, Annotated[str, Meta(max_length=500)]] = {}

    def of(self, queue: str) -> str:
        """The mode of a queue."""
        return self.queues.get(queue, self.mode)


class Dialling(Plain, frozen=True, kw_only=True):
    """Which numbers may be dialled (SIP-8): none, until prefixes are allowed by role.

    ``home`` is the country's prefix (``+49``): numbers that begin with ``national`` (``0``) are of
    there. ``denied`` stands above all; ``emergency`` always passes. ``caller_ids`` are shown for
    calls of a queue.
    """

    home: Prefix | None = None
    national: Annotated[str, Meta(pattern=r"^[0-9]{0,4}\Z")] = "0"
    abroad: Annotated[str, Meta(pattern=r"^[0-9]{1,4}\Z")] = "00"
    allowed: Annotated[tuple[Prefix, ...], Meta(max_length=500)] = ()
    denied: Annotated[tuple[Prefix, ...], Meta(max_length=500)] = ()
    emergency: Annotated[tuple[Number, ...], Meta(max_length=20)] = ("112", "911", "110")
    trunks: Annotated[tuple[Name, ...], Meta(max_length=20)] = ()
    caller_ids: dict[str, Number] = {}
    calls_per_agent: Annotated[int, Meta(ge=1, le=10)] = 2
    call_ms: Annotated[int, Meta(ge=MINUTE_MS, le=24 * HOUR_MS)] = 4 * HOUR_MS
    ring_ms: Annotated[int, Meta(ge=5_000, le=180_000)] = 45_000
    international_minutes_a_day: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    callbacks: bool = True


Code = Annotated[str, Meta(pattern=r"^[*#][0-9*#]{1,8}\Z")]


class Codes(Plain, frozen=True, kw_only=True):
    """What an agent dials at their own telephone to say how they stand."""

    ready: Code = "*1"
    not_ready: Code = "*2"
    sign_out: Code = "*3"
    wrapped_up: Code = "*4"


class MediaNodes(Plain, frozen=True, kw_only=True):
    """The processes of the sound. ``nodes`` 0: one less than there are processors.

    ``address`` is where they send and receive; empty: where SIP listens. ``public`` as there.
    """

    nodes: Annotated[int, Meta(ge=0, le=64)] = 0
    legs: Annotated[int, Meta(ge=2, le=4_096)] = 1_024
    address: Annotated[str, Meta(max_length=45)] = ""
    public: Annotated[str, Meta(max_length=45)] = ""


class VoiceSettings(Plain, frozen=True, kw_only=True):
    """Everything about calls.

    ``realm`` is what phones log on to. ``music`` is a WAV file that is heard on hold and while
    waiting; empty: our own. ``codecs`` are for SIP, the best first. ``media`` are the nodes.
    ``watching_shown``: agents see a supervisor who only listens (whoever talks is always seen).
    ``sessions_per_caller`` bounds self-service at once by one number (IVR-5).
    """

    listen: Listen = Listen()
    realm: Annotated[str, Meta(min_length=1, max_length=200)] = "carillon"
    allow_md5_phones: bool = True
    trunks: dict[Name, Trunk] = {}
    phones: dict[Name, Phone] = {}
    entries: dict[Number, Entry] = {}
    recording: Recordings = Recordings()
    dialling: Dialling = Dialling()
    codes: Codes = Codes()
    media: MediaNodes = MediaNodes()
    codecs: Annotated[tuple[Codec, ...], Meta(min_length=1, max_length=4)] = (
        Codec.PCMU,
        Codec.PCMA,
        Codec.G722,
    )
    music: Path | None = None
    sessions_per_caller: Annotated[int, Meta(ge=1, le=1_000)] = 10
    watching_shown: bool = True

    def entry_of(self, dialled: str) -> Entry | None:
        """Where a number leads; None when nobody is there."""
        return self.entries.get(dialled) or self.entries.get(ANY)
