"""A node without its process: its parts, real sockets on loopback, and a clock the test moves."""

from __future__ import annotations

import contextlib
import datetime
import socket
import struct
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np

from channels.voice.malformed import MalformedPacket
from channels.voice.media import codings, g711, rtp
from channels.voice.media.answers import Allocated, Done, Event, Refused, Reply
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import SHAPES, Codec
from channels.voice.media.commands import Alloc, Command, Mix, SetRemote
from channels.voice.media.exchange import Exchange
from channels.voice.media.inbox import Inbox
from channels.voice.media.leg import Leg
from channels.voice.media.lines import Lines
from channels.voice.media.options import Options
from channels.voice.media.performing import Parts, Performer
from channels.voice.media.recording import RecordingWriter
from channels.voice.media.sounds import SoundLibrary
from channels.voice.media.telephone_events import DIGITS
from channels.voice.webrtc import browser, dtls
from channels.voice.webrtc.srtp import SrtpPair
from tests.channels.voice.media.sounds import Samples

HOST = "127.0.0.1"
OWNER = "test"
TYPES = {Codec.PCMU: 0, Codec.PCMA: 8, Codec.G722: 9, Codec.OPUS: 111}
DTMF_TYPE = 101
POLLS = 12
"""As often as a node looks in one tick; each time one packet of a locked leg is taken."""

Kind = TypeVar("Kind", bound=Event)


class Phone:
    """The other end of a leg: sends frames of a sound, keeps what it hears."""

    def __init__(self, codec: Codec, host: str = HOST) -> None:
        self.codec, self.shape = codec, SHAPES[codec]
        self.coder = codings.new_coder(codec) if codings.has_state(codec) else None
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, 0))
        self.socket.setblocking(False)
        self.to: tuple[str, int] = (HOST, 9)
        self.says: Samples | None = None
        self.packets: list[rtp.Packet] = []
        self.reports = 0
        self.srtp: SrtpPair | None = None
        self.ssrc, self.sequence, self.timestamp = 4_711, 65_530, 0xFFFF_FF00
        self._at = 0

    @property
    def port(self) -> int:
        number: int = self.socket.getsockname()[1]
        return number

    def send(self, data: bytes) -> None:
        self.socket.sendto(self.srtp.protect(data) if self.srtp else data, self.to)

    def packet(self, payload: bytes, *, kind: int | None = None, at: int | None = None) -> bytes:
        self.sequence += 1
        kind = TYPES[self.codec] if kind is None else kind
        timestamp = self.timestamp if at is None else at
        return rtp.serialise(
            rtp.Packet(kind, self.sequence % 65_536, timestamp % (1 << 32), self.ssrc, payload)
        )

    def talk(self) -> None:
        """One frame of what this phone says, over and over."""
        self.timestamp += self.shape.frame_ticks
        if self.says is None:
            return
        size = self.shape.rate_hz // 50
        frame = np.take(self.says, range(self._at, self._at + size), mode="wrap")
        self._at += size
        self.send(self.packet(self.coded(frame)))

    def coded(self, frame: Samples) -> bytes:
        if self.coder is not None:
            return self.coder.encode(frame)
        encode = g711.encode_ulaw if self.codec is Codec.PCMU else g711.encode_alaw
        return bytes(encode(frame))

    def press(self, digit: str, frames: int = 5) -> None:
        """A digit by RFC 4733, all of it at once."""
        begun = self.timestamp
        for number in [*range(1, frames + 1), frames, frames]:
            end = 0x80 if number == frames else 0
            payload = struct.pack("!BBH", DIGITS.index(digit), end | 10, number * 160)
            self.send(self.packet(payload, kind=DTMF_TYPE, at=begun))

    def listen(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while True:
                data = self.socket.recv(2_048)
                if rtp.is_rtcp(data):
                    self.reports += 1
                    continue
                with contextlib.suppress(MalformedPacket):
                    self.packets.append(rtp.parse(self.srtp.open(data) if self.srtp else data))

    def heard(self, last: int | None = None) -> Samples:
        """The sound of the last packets."""
        sound = [
            self.decoded(packet.payload)
            for packet in self.packets
            if packet.payload_type == TYPES[self.codec]
        ]
        return np.concatenate(sound[-last if last else None :]) if sound else np.zeros(0, np.int16)

    def decoded(self, payload: bytes) -> Samples:
        if self.coder is not None:
            return self.coder.decode(payload)
        codes = np.frombuffer(payload, np.uint8)
        decode = g711.decode_ulaw if self.codec is Codec.PCMU else g711.decode_alaw
        return decode(codes)

    def digits(self) -> str:
        """The digits it was sent by RFC 4733, each once."""
        seen = {
            packet.timestamp: packet.payload[0]
            for packet in self.packets
            if packet.payload_type == DTMF_TYPE
        }
        return "".join(DIGITS[event] for event in seen.values())


class Room:
    """The parts of a node and the phones of its legs."""

    def __init__(self, folder: Path, *, loopback: bool = True, legs: int = 40) -> None:
        self.events: list[Event] = []
        self.inbox = Inbox()
        self.told = threading.Event()
        (folder / "sounds").mkdir(exist_ok=True)
        options = Options("room", HOST, folder / "sounds", folder / "recordings", loopback=loopback)
        self.exchange = Exchange(legs, lambda owner, event: self.events.append(event))
        now = datetime.datetime.now(datetime.UTC)  # noqa: TID251 -- a browser judges the dates
        self.worker = browser.HandshakeWorker(dtls.new_identity(now))
        self.lines = Lines(self.exchange, self.worker)
        self.library = SoundLibrary(
            options.sounds, lambda answer, found: self._later(lambda: answer(found))
        )
        self.writer = RecordingWriter(
            options.recordings, lambda told: self._later(lambda: self.events.append(told))
        )
        self.performer = Performer(
            Parts(
                options,
                self.exchange,
                self.lines,
                self.library,
                self.writer,
                self.worker,
                self._later,
                lambda leg, state, message: self.states.append((leg.name, state, message)),
            )
        )
        self.states: list[tuple[str, str, str]] = []
        self.phones: dict[str, Phone] = {}
        self.now_s = 1_000.0

    def _later(self, call: object) -> None:
        self.inbox.put(call)  # type: ignore[arg-type]  # A callable: the lambdas above.
        self.told.set()

    def perform(self, wish: Command) -> Reply:
        return self.performer.perform(OWNER, wish, self.now_s)

    def do(self, *wishes: Command) -> None:
        for wish in wishes:
            reply = self.perform(wish)
            assert isinstance(reply, Done), reply

    def bridge(self, *names: str) -> None:
        """These legs hear each other."""
        self.do(Mix(list(names), conference(names)))

    def refusal(self, wish: Command) -> Refused:
        reply = self.perform(wish)
        assert isinstance(reply, Refused), reply
        return reply

    def leg(self, name: str) -> Leg:
        return self.exchange.legs[name]

    def alloc(self, wish: Alloc) -> Allocated:
        reply = self.perform(wish)
        assert isinstance(reply, Allocated), reply
        return reply

    def phone(
        self, name: str, codec: Codec = Codec.PCMU, *, known: bool = True, **more: object
    ) -> Phone:
        """A leg and its phone, ready to be talked on."""
        phone = self.phones[name] = Phone(codec)
        phone.to = (HOST, self.alloc(Alloc(name)).port)
        said = {"address": HOST, "port": phone.port, "known": known, "dtmf_type": DTMF_TYPE}
        self.do(SetRemote(name, codec, TYPES[codec], **{**said, **more}))  # type: ignore[arg-type]  # Its fields by name.
        return phone

    def run(self, ticks: int) -> None:
        """Everybody talks and listens for so many frames."""
        for _ in range(ticks):
            for phone in self.phones.values():
                phone.talk()
            self.tick()
            for phone in self.phones.values():
                phone.listen()

    def tick(self) -> None:
        for _ in range(POLLS):
            self.lines.poll(0, lambda: self.now_s, lambda descriptor, now_s: None)
        self.inbox.run()
        self.lines.tick(self.now_s)
        self.now_s += 0.02

    def wait_for(self, kind: type[Kind], ticks: int = 200) -> Kind:
        """The next event of a kind, however long another thread takes; ticks go on meanwhile."""
        for _ in range(ticks):
            found = [event for event in self.events if isinstance(event, kind)]
            if found:
                self.events.remove(found[0])
                return found[0]
            self.told.wait(0.05)
            self.told.clear()
            self.run(1)
        raise AssertionError(f"no {kind.__name__} among {self.events}")


@contextlib.contextmanager
def room(folder: Path, *, loopback: bool = True) -> Iterator[Room]:
    made = Room(folder, loopback=loopback)
    for thread in (made.library, made.writer, made.worker):
        thread.start()
    try:
        yield made
    finally:
        for leg in list(made.exchange.legs.values()):
            made.performer.free(leg, made.now_s)
        for part in (made.writer, made.library, made.worker):
            part.stop()
        made.lines.epoll.close()
        made.inbox.close()
        for phone in made.phones.values():
            phone.socket.close()
