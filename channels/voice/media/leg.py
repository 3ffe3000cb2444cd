"""One leg: what signalling said of it, what was learnt of it, and what hangs on it."""

import secrets

from channels.voice.media import codings
from channels.voice.media.codings import NARROW_HZ, SHAPES, Codec, Coder, Shape
from channels.voice.media.commands import SetRemote
from channels.voice.media.latching import Address, Expected, Latch, SourceLock
from channels.voice.media.masking import Mask
from channels.voice.media.playing import Collecting, Playing
from channels.voice.media.ports import LegPorts
from channels.voice.media.recording import Recorder
from channels.voice.media.telephone_events import EventReceiver, EventSender
from channels.voice.webrtc import srtp
from channels.voice.webrtc.browser import BrowserEnd


class Leg:
    """The state of one leg apart from the arrays, where it has the row ``row``."""

    def __init__(self, name: str, owner: str, row: int, kind: str, ports: LegPorts) -> None:
        self.name, self.owner, self.row, self.kind, self.ports = name, owner, row, kind, ports
        self.ssrc = secrets.randbits(32)
        self.remote: SetRemote | None = None
        self.latch: Latch | None = None
        self.sources = SourceLock()
        self.events = EventReceiver()
        self.coder: Coder | None = None
        self.srtp: srtp.SrtpPair | None = None
        self.browser: BrowserEnd | None = None
        self.presses: EventSender | None = None
        self.mask: Mask | None = None
        self.detects = False
        self.names_digits = False
        self.playing: Playing | None = None
        self.collecting: Collecting | None = None
        self.recorder: Recorder | None = None
        self.sent = self.octets = 0
        self.malformed = self.unauthentic = self.unwanted = 0
        self.timed_out = False
        self.last_report = 0
        self.last_report_s = 0.0
        self.round_trip_ms: float | None = None
        self.remote_loss: float | None = None

    @property
    def codec(self) -> Codec | None:
        """The codec agreed on."""
        return None if self.remote is None else self.remote.codec

    @property
    def shape(self) -> Shape:
        """The shape of the codec agreed on."""
        return SHAPES[self.codec or Codec.PCMU]

    @property
    def narrow(self) -> bool:
        """Whether its sound has 8 kHz."""
        return self.shape.rate_hz == NARROW_HZ

    @property
    def secure_media(self) -> bool:
        """Whether its packets are encrypted."""
        return self.srtp is not None

    @property
    def address(self) -> Address | None:
        """Where its packets go, once known."""
        if self.browser is not None:
            return self.browser.remote
        return None if self.latch is None else self.latch.remote

    @property
    def receive_type(self) -> int:
        """The payload type of the sound it sends us; 255 while it should send none."""
        if self.remote is None or not self.remote.receives:
            return 255
        wanted = self.remote.receive_type
        return self.remote.payload_type if wanted is None else wanted

    @property
    def event_type(self) -> int | None:
        """The payload type of the digits it sends us."""
        if self.remote is None:
            return None
        wanted = self.remote.dtmf_receive_type
        return self.remote.dtmf_type if wanted is None else wanted

    def agree(self, remote: SetRemote) -> bool:
        """Take what signalling says; true when the other end is to be learnt anew.

        Raises ValueError or MissingLibrary, and then nothing has changed.
        """
        keys = remote.srtp
        pair = self.srtp
        before = self.remote
        if keys is not None and (before is None or keys != before.srtp):
            profile = srtp.by_sdes_name(keys.profile)
            pair = srtp.SrtpPair(profile, keys.send_key, keys.receive_key)
        coder = self.coder
        if before is None or before.codec != remote.codec:
            fresh = codings.has_state(remote.codec)
            coder = codings.new_coder(remote.codec) if fresh else None
            ticks = SHAPES[remote.codec].frame_ticks
            self.presses = EventSender(ticks)
        self.remote, self.srtp, self.coder = remote, pair, coder
        if self.mask is not None and self.mask.rate_hz != self.shape.rate_hz:
            self.mask = Mask(self.shape.rate_hz)
        expected = Expected(
            (remote.address, remote.port), remote.signalling_host or remote.address, remote.known
        )
        moved = self.latch is None or self.latch.expected != expected
        if moved and self.kind != "browser":
            self.latch = Latch(expected)
            self.sources = SourceLock()
        if remote.rtcp_port is not None:
            self.ports.rtcp_to((remote.address, remote.rtcp_port))
        return moved

    def close(self) -> None:
        """Give back what the system gave."""
        if self.browser is not None:
            self.browser.close()
        self.ports.close()
