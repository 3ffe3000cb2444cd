"""A running centre with a real media node, and the people at its lines: quick ends of our own.

Programs nobody here wrote prove the same in ``tests/journeys/voice``; these can be made to do what
such programs cannot, and they cost no seconds to start.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
from OpenSSL import SSL
from typing_extensions import override

from channels.voice.media import g711, rtp
from channels.voice.media.answers import Allocated
from channels.voice.media.codings import Codec
from channels.voice.sip.attempts import Caller
from channels.voice.sip.calls import Call
from channels.voice.sip.endpoint import SipEndpoint
from channels.voice.sip.happenings import (
    Answered,
    CallEvent,
    Changed,
    EarlyMedia,
    Ended,
    Reoffered,
    TransferProgress,
)
from channels.voice.sip.offers import LocalMedia, Negotiation
from channels.voice.sip.sdp import STATIC, Description
from channels.voice.sip.settings import SipSettings
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.wire.carrier import Listening
from config.wiring import Centre
from router.model.errors import Refused
from router.model.ids import AgentId, Medium
from router.storage.system import SystemClock
from router.telephones import CallState, Telephone
from tests.channels.voice.media.room import HOST, Phone
from tests.channels.voice.media.sounds import Samples, level_of, tone
from tests.channels.voice.webrtc.stand_in import StandIn
from tests.support.centre import running_centre, write_configuration

PATIENCE_S = 30.0
STRAIGHT = '[channels.voice.entries."*"]\nqueue = "general"\n'


async def until(holds: Callable[[], Any], what: str = "it did not happen") -> None:
    """Wait for what nobody tells."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + PATIENCE_S
    while not holds():
        assert loop.time() < end_s, what
        await asyncio.sleep(0.02)


class Handset:
    """A telephone by SIP, outside or an agent's own: it answers what calls it."""

    def __init__(self, hz: int) -> None:
        self.hz = hz
        self.phone = Phone(Codec.PCMU)
        self.phone.says = tone(hz, 1_000)
        self.calls: list[Call] = []
        self.events: list[CallEvent] = []
        self.answers = True
        self.status = 0
        self._negotiation = Negotiation("7")
        self.endpoint: SipEndpoint = None  # type: ignore[assignment]  # Set by ``opened``.

    @property
    def local(self) -> LocalMedia:
        return LocalMedia(HOST, self.phone.port, (STATIC[0],))

    @property
    def call(self) -> Call:
        return self.calls[-1]

    @property
    def over(self) -> bool:
        return isinstance(self.events[-1], Ended) if self.events else False

    def dial(self, number: str = "200", caller: str = "+4930111") -> Call:
        """Call the centre."""
        call = self.endpoint.call_trunk(
            number,
            self._negotiation.offer(self.local),
            trunks=["centre"],
            listener=self.told,
            caller=Caller(caller),
        )
        self.calls.append(call)
        return call

    def take(self, call: Call) -> None:
        """Somebody calls."""
        self.calls.append(call)
        call.listener = self.told
        if self.status:
            call.reject(self.status)
        elif self.answers:
            self.lift()
        else:
            call.ring()

    def lift(self) -> None:
        """Answer the call that rings."""
        offer = self.call.offer
        assert offer is not None
        self._negotiation = Negotiation("8")
        answer, _ = self._negotiation.answer(offer, self.local)
        self._sound(offer)
        self.call.answer(answer)

    def told(self, call: Call, event: CallEvent) -> None:
        self.events.append(event)
        match event:
            case Answered(description=d) | EarlyMedia(description=d) if d is not None:
                self._sound(d)
            case Changed(description=d) if d is not None:
                self._sound(d)
            case Reoffered(description=d) if d is not None:
                answer, _ = self._negotiation.answer(d, self.local)
                self._sound(d)
                call.accept(answer)
            case _:
                pass

    def hold(self, *, on: bool) -> None:
        """Press the telephone's own hold key."""
        media = self.local
        direction = "sendonly" if on else "sendrecv"
        self.call.reinvite(
            self._negotiation.offer(
                LocalMedia(media.address, media.port, media.codecs, direction=direction)
            )
        )

    @property
    def transfer(self) -> list[int]:
        """What was told of a transfer that was asked for."""
        return [event.status for event in self.events if isinstance(event, TransferProgress)]

    def _sound(self, description: Description) -> None:
        line = description.media[0]
        self.phone.to = (description.address_of(line), line.port)

    def hears(self, hz: int, frames: int = 25) -> bool:
        """Whether a tone is heard now."""
        heard = self.phone.heard(frames)
        return len(heard) >= 160 * frames and level_of(heard, hz) > 2_000

    def hears_music(self) -> bool:
        """Whether something is heard that is no tone of ours."""
        heard = self.phone.heard(50)
        loud = len(heard) > 4_000 and int(np.abs(heard.astype(np.int32)).max()) > 300
        return loud and not any(level_of(heard, hz) > 2_500 for hz in (440, 700, 1_000, 1_300))


class Page(Telephone):
    """A page's telephone: ICE, DTLS and SRTP as a browser does them, and what it was shown."""

    def __init__(self, hz: int, tab: str = "tab") -> None:
        self._tab = tab
        self.hz = hz
        self.states: list[CallState] = []
        self.end: StandIn | None = None
        self.blocked = False
        self._sequence = 0
        self._at = 0
        self._says = g711.encode_ulaw(tone(hz, 1_000)).reshape(-1, 160)
        self._waiting: asyncio.Task[None] | None = None

    @property
    @override
    def tab(self) -> str:
        return self._tab

    @property
    def state(self) -> CallState:
        return self.states[-1]

    @override
    def __repr__(self) -> str:
        end = self.end
        line = "" if end is None else f"{end.answers} answers, {end.keys}, {end.refused!r}"
        return f"<Page {line} {self._waiting} {self.states[-1:]}>"

    @override
    async def describe(self, call: CallState, offer: str) -> str:
        if self.blocked:
            raise Refused("the microphone is blocked", code="no_microphone")

        def value(name: str) -> str:
            found = re.search(rf"(?m)^a={name}:(.+?)\r?$", offer)
            assert found is not None, offer
            return found[1]

        assert value("setup") == "actpass"
        assert "a=ice-lite" in offer
        port = re.search(r"(?m)^m=audio (\d+) UDP/TLS/RTP/SAVPF 0", offer)
        assert port is not None, offer
        if self.end is not None:
            self.end.close()
        self.end = end = StandIn()
        fingerprint = value("fingerprint").removeprefix("sha-256 ")
        end.to(
            Allocated(
                0, HOST, int(port[1]), 0, 0, value("ice-ufrag"), value("ice-pwd"), fingerprint
            )
        )
        self._waiting = asyncio.create_task(self._connect(end))
        lines = [
            *("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", "t=0 0", "a=group:BUNDLE 0"),
            "m=audio 9 UDP/TLS/RTP/SAVPF 0 101",
            *("c=IN IP4 0.0.0.0", "a=mid:0", "a=sendrecv", "a=rtcp-mux", "a=setup:active"),
            *("a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000"),
            *("a=ice-ufrag:abcd", "a=ice-pwd:0123456789abcdef0123456789abcdef"),
            *(f"a=fingerprint:sha-256 {end.fingerprint}", ""),
        ]
        return "\r\n".join(lines)

    async def _connect(self, end: StandIn) -> None:
        end.socket.setblocking(False)
        while not end.answers and not self._gone(end):
            end.check()
            await asyncio.sleep(0.05)
        if not self._gone(end):
            end.hello()
        # What is lost of a handshake is said again, as a browser does.
        while end.keys is None and not self._gone(end):
            await asyncio.sleep(0.25)
            with contextlib.suppress(SSL.Error):
                end.connection.DTLSv1_handle_timeout()
            end.flush()

    def _gone(self, end: StandIn) -> bool:
        return end is not self.end or end.socket.fileno() < 0

    def tick(self) -> None:
        """One frame said, and everything heard."""
        end = self.end
        if end is None or end.socket.fileno() < 0:
            return
        with contextlib.suppress(BlockingIOError):
            while True:
                end._take(end.socket.recv(2_048))
        if end.keys is not None:
            self._sequence += 1
            payload = self._says[self._sequence % len(self._says)].tobytes()
            packet = rtp.Packet(0, self._sequence, self._sequence * 160, 5, payload)
            end.send(end.keys.protect(rtp.serialise(packet)))

    def heard(self, frames: int = 25) -> Samples:
        """The sound of the last packets."""
        end = self.end
        if end is None or end.keys is None:
            return np.zeros(0, np.int16)
        packets = [data for data in end.media if data[1] < 128][-frames:]
        opened = b"".join(rtp.parse(end.keys.open(data)).payload for data in packets)
        end.media.clear()
        return g711.decode_ulaw(np.frombuffer(opened, np.uint8))

    async def hears(self, hz: int, frames: int = 25) -> bool:
        """Whether a tone is heard in the next half second."""
        end = self.end
        if end is None:
            return False
        end.media.clear()
        await asyncio.sleep(0.02 * (frames + 5))
        sound = self.heard(frames)
        return len(sound) >= 80 * frames and level_of(sound, hz) > 2_000

    @override
    def show(self, state: CallState) -> None:
        self.states.append(state)


class Town:
    """A centre and everybody at its lines, who talk as long as it runs."""

    def __init__(self, centre: Centre) -> None:
        self.centre = centre
        self.voice: Any = centre.media.of(Medium("voice"))
        self.handsets: list[Handset] = []
        self.pages: list[Page] = []

    def page(self, agent: str, hz: int = 440, tab: str = "") -> Page:
        """A page of an agent, plugged in."""
        page = Page(hz, tab or f"tab of {agent}")
        self.pages.append(page)
        self.voice.telephones.plug_in(AgentId(agent), page)
        return page

    async def talk(self) -> None:
        """Everybody talks and listens, 50 times a second."""
        loop = asyncio.get_running_loop()
        begun_s, number = loop.time(), 0
        while True:
            number += 1
            for handset in self.handsets:
                if handset.phone.to[1] != 9:
                    handset.phone.talk()
                handset.phone.listen()
            for page in self.pages:
                page.tick()
            await asyncio.sleep(max(0, begun_s + number * 0.02 - loop.time()))


@asynccontextmanager
async def handset(
    hz: int, centre_port: int = 9, *, user: str = "", password: str = ""
) -> AsyncIterator[Handset]:
    """A telephone on a port of its own; with a user it proves to be an account of ours."""
    made = Handset(hz)
    trunk = Trunk(
        "centre",
        f"sip:{HOST}:{centre_port}",
        networks=("127.0.0.1/32",),
        max_calls=1_000,
        user=user,
        password=password,
        realm="carillon" if password else "",
        register=bool(password),
        allow_md5=True,
        domain=HOST,
    )
    made.endpoint = SipEndpoint(
        SipSettings(
            realm="outside", listening=Listening(udp_port=0, tcp_port=None), trunks=(trunk,)
        ),
        clock=SystemClock(),
        key=b"k" * 32,
        on_call=made.take,
    )
    await made.endpoint.start()
    try:
        yield made
    finally:
        await made.endpoint.stop()
        made.phone.socket.close()


@asynccontextmanager
async def town(
    folder: Path,
    channels: str = STRAIGHT,
    *,
    nodes: int = 1,
    proxy: int = 9,
    networks: str = "127.0.0.1/32",
    **files: str,
) -> AsyncIterator[Town]:
    """A running centre whose callers are let in from this machine, and whose trunk is at a port."""
    write_configuration(
        folder / "centre",
        channels=f"""
[channels.voice]
listen = {{ udp = "127.0.0.1:0", tcp = "" }}
media = {{ nodes = {nodes} }}
[channels.voice.trunks.lab]
proxy = "sip:127.0.0.1:{proxy}"
networks = ["{networks}"]
media_networks = ["127.0.0.0/8"]
{channels}
""",
        speech='[speech]\nvoice = "none"\n',
        **files,
    )
    async with running_centre(folder / "centre") as centre:
        made = Town(centre)
        talking = asyncio.create_task(made.talk())
        try:
            yield made
        finally:
            talking.cancel()
            # Whatever kept them from talking is the reason of all that was not heard.
            with contextlib.suppress(asyncio.CancelledError):
                await talking
            for page in made.pages:
                if page.end is not None:
                    page.end.close()


@asynccontextmanager
async def caller(place: Town, hz: int = 1_000) -> AsyncIterator[Handset]:
    """Somebody outside, who can call the centre."""
    async with handset(hz, place.voice.port()) as made:
        place.handsets.append(made)
        yield made
