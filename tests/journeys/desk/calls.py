"""Calls for a stage: the small exchange with a real media node, driven by the real router."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
from playwright.async_api import Page
from typing_extensions import override

from channels.voice.media.answers import Allocated, LegFigures
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Alloc, Browser, Free, Mix, SetRemote
from channels.voice.media.pool import MediaPool
from router.model.agent import Capacity
from router.model.catalogue import Catalogue
from router.model.effects import (
    Connect,
    Disconnect,
    Effect,
    HoldCustomer,
    Release,
    RetrieveCustomer,
    Ring,
)
from router.model.ids import AgentId, InteractionId, Medium, Position
from router.model.recording import wav_head
from router.ports import Clock
from router.telephones import CallId, CallPhase, Recording
from tests.agent_desktop.exchange import SmallExchange
from tests.agent_desktop.world import CHAT, a_catalogue
from tests.channels.voice.media.room import HOST, Phone
from tests.channels.voice.media.sounds import tone
from tests.channels.voice.media.test_pool import running
from tests.journeys.desk.stage import DEADLINE_S, Stage, go_ready, stage

VOICE = Medium("voice")
CALLER_HZ, AGENT_HZ = 440, 1_000
PATIENCE_S = 30.0
FLAGS = (
    "--use-fake-device-for-media-stream",
    "--allow-loopback-in-peer-connection",
    "--disable-features=WebRtcHideLocalIpsWithMdns",
)

KEEP_PEERS = """
(() => {
  localStorage.setItem("carillon-headset", JSON.stringify({ cleaning: false }));
  window.peers = [];
  const Made = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends Made {
    constructor(...given) { super(...given); window.peers.push(this); }
  };
})();
"""
"""What a page hears can be looked at, and its microphone is passed on as it is."""

LOUDEST = """
async () => {
  const peer = window.peers.findLast((each) => each.connectionState === "connected");
  if (!peer) return 0;
  const context = new AudioContext();
  await context.resume();
  const analyser = new AnalyserNode(context, { fftSize: 8192 });
  const track = peer.getReceivers()[0].track;
  context.createMediaStreamSource(new MediaStream([track])).connect(analyser);
  await new Promise((done) => setTimeout(done, 500));
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  await context.close();
  let best = 0;
  bins.forEach((level, at) => { if (level > bins[best]) best = at; });
  return bins[best] < -70 ? 0 : best * context.sampleRate / analyser.fftSize;
}
"""


def with_calls() -> Catalogue:
    """The stage's centre, whose agents take one call each."""
    return msgspec.structs.replace(
        a_catalogue("with calls"),
        capacity=Capacity(slots={VOICE: 1, CHAT: 3}),
        offer_ms={VOICE: 60_000, CHAT: 60_000},
    )


class SoundExchange(SmallExchange):
    """Its calls have sound: a leg of a media node for the page, another for the caller."""

    medium = VOICE

    def __init__(self, clock: Clock, pool: MediaPool) -> None:
        super().__init__(clock)
        self.runs = True
        self.pool = pool
        self.caller = Phone(Codec.PCMU)
        self.caller.says = tone(CALLER_HZ, 1_000)
        self.legs: dict[CallId, Allocated] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn = asyncio.Lock()

    async def perform(self, effect: Effect, position: Position) -> None:
        """What the router wants of the medium of calls."""
        task = asyncio.create_task(self._in_turn(effect))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _in_turn(self, effect: Effect) -> None:
        async with self._turn:
            await self._perform(effect)

    async def _perform(self, effect: Effect) -> None:
        if isinstance(effect, Ring):
            await self.ring(effect.agent_id, effect.interaction_id)
            return
        call_id = self.call_of(effect.interaction_id)
        if call_id is None:
            return
        match effect:
            case Connect():
                await self._mix(call_id, joined=True)
                now = self.clock.now()
                self.tell(
                    call_id,
                    phase=CallPhase.TALKING,
                    since=now,
                    talking_since=now,
                    recording=Recording.ON,
                )
            case HoldCustomer():
                await self._mix(call_id, joined=False)
                self.tell(call_id, phase=CallPhase.HELD, since=self.clock.now())
            case RetrieveCustomer():
                await self._mix(call_id, joined=True)
                self.tell(call_id, phase=CallPhase.TALKING)
            case Disconnect() | Release():
                await self.pool.line_of(call_id).ask(Free(call_id), LegFigures)
                self.tell(call_id, phase=CallPhase.ENDED, reason="hung_up")
            case _:
                pass

    def call_of(self, interaction_id: InteractionId) -> CallId | None:
        for call_id, state in self.states.items():
            if state.interaction_id == interaction_id:
                return call_id
        return None

    async def _mix(self, call_id: CallId, *, joined: bool) -> None:
        both = [call_id, f"{call_id}-caller"]
        await self.pool.line_of(call_id).do(Mix(both, conference(both) if joined else []))

    @override
    async def offer(self, call_id: CallId) -> str:
        if call_id in self.legs:
            await self.pool.line_of(call_id).ask(Free(call_id), LegFigures)
            at = await self.pool.alloc_beside(f"{call_id}-caller", Alloc(call_id, kind="browser"))
        else:
            at = await self.pool.alloc(Alloc(call_id, kind="browser"))
        self.legs[call_id] = at
        lines = [
            *("v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", "t=0 0", "a=ice-lite", "a=group:BUNDLE 0"),
            f"m=audio {at.port} UDP/TLS/RTP/SAVPF 0 101",
            *(f"c=IN IP4 {HOST}", "a=mid:0", "a=sendrecv", "a=rtcp-mux", "a=setup:actpass"),
            *("a=rtpmap:0 PCMU/8000", "a=rtpmap:101 telephone-event/8000"),
            *(f"a=ice-ufrag:{at.ufrag}", f"a=ice-pwd:{at.password}"),
            f"a=fingerprint:sha-256 {at.fingerprint}",
            f"a=candidate:1 1 udp 2130706431 {at.address} {at.port} typ host",
            *("a=end-of-candidates", f"a=ssrc:{at.ssrc} cname:carillon", ""),
        ]
        return "\r\n".join(lines)

    @override
    async def answered(self, call_id: CallId, answer: str) -> None:
        assert "a=setup:active" in answer
        said = Browser(
            _value(answer, "ice-ufrag"),
            _value(answer, "ice-pwd"),
            re.findall(r"(?m)^a=fingerprint:sha-256 (\S+)", answer)[0],
        )
        line = self.pool.line_of(call_id)
        await line.do(SetRemote(call_id, Codec.PCMU, 0, dtmf_type=101, browser=said))
        caller = f"{call_id}-caller"
        if self.caller.to[1] == 9:
            at = await self.pool.alloc_beside(call_id, Alloc(caller))
            self.caller.to = (HOST, at.port)
            port = self.caller.port
            await line.do(SetRemote(caller, Codec.PCMU, 0, address=HOST, port=port, known=True))
        elif self.states[call_id].talking_since is not None:
            await self._mix(call_id, joined=True)


def _value(sdp: str, name: str) -> str:
    found = re.search(rf"(?m)^a={name}:(\S+)", sdp)
    assert found, name
    return found[1]


def microphone(folder: Path, hertz: int = AGENT_HZ) -> Path:
    """A file that a browser takes for its microphone: a tone."""
    said = tone(hertz, 1_000, 48_000)
    file = folder / "microphone.wav"
    file.write_bytes(wav_head(48_000, 1, said.nbytes) + said.tobytes())
    return file


def call(folder: Path, tell: Callable[[Stage, SoundExchange], Awaitable[None]]) -> None:
    """Run a journey on a stage whose agents have telephones with sound."""

    async def run() -> None:
        flags = (*FLAGS, f"--use-file-for-fake-audio-capture={microphone(folder)}")
        async with asyncio.timeout(DEADLINE_S), running(folder / "media") as (pool, _):
            options = {
                "catalogue": with_calls(),
                "exchange": lambda clock: SoundExchange(clock, pool),
            }
            async with stage(folder, flags=flags, **options) as made:
                exchange = made.centre.telephones
                assert isinstance(exchange, SoundExchange)
                made.centre.hub.attach(exchange)
                with contextlib.closing(exchange.caller.socket):
                    await tell(made, exchange)

    asyncio.run(run())


async def at_the_telephone(stage: Stage, user: str = "mia", **more: Any) -> Page:
    """An agent whose page has a microphone, ready for calls."""
    more.setdefault("permissions", ["microphone"])
    page = await stage.open(user, spy=KEEP_PEERS, **more)
    await until(lambda: AgentId(user) in stage.centre.telephones.pages)
    return await go_ready(page)


async def until(holds: Callable[[], bool]) -> None:
    """Wait until something outside of the page is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not holds():  # noqa: ASYNC110 - what is waited for has no event
            await asyncio.sleep(0.02)


async def loudest(page: Page) -> float:
    """The loudest frequency a page hears; 0 for silence."""
    heard: float = await page.evaluate(LOUDEST)
    return heard
