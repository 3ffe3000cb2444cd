"""A real browser as an agent's telephone: a tone sent is a tone heard, both ways, and digits."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from channels.voice.media.answers import Allocated, BrowserState, LegFigures, Pressed
from channels.voice.media.arrangements import conference
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Alloc, Browser, Mix, SetRemote, Stats
from tests.channels.voice.media.room import HOST, Phone
from tests.channels.voice.media.sounds import level_of, tone
from tests.channels.voice.media.test_pool import running, talk
from tests.support.browser import async_chromium

PAGE = """<!doctype html><title>telephone</title><audio id="out" autoplay></audio><script>
let peer, analyser, context;
async function offer(codec, hz) {
  context = new AudioContext();
  const oscillator = new OscillatorNode(context, {frequency: hz});
  const speech = context.createMediaStreamDestination();
  oscillator.connect(new GainNode(context, {gain: 0.3})).connect(speech);
  oscillator.start();
  peer = new RTCPeerConnection();
  const track = speech.stream.getAudioTracks()[0];
  const transceiver = peer.addTransceiver(track, {streams: [speech.stream]});
  const wanted = RTCRtpSender.getCapabilities("audio").codecs.filter(
    (each) => each.mimeType.toLowerCase() == "audio/" + codec.toLowerCase()
      || each.mimeType == "audio/telephone-event");
  transceiver.setCodecPreferences(wanted);
  peer.ontrack = (event) => {
    const stream = new MediaStream([event.track]);
    document.getElementById("out").srcObject = stream;
    analyser = new AnalyserNode(context, {fftSize: 8192});
    context.createMediaStreamSource(stream).connect(analyser);
  };
  await peer.setLocalDescription(await peer.createOffer());
  return peer.localDescription.sdp;
}
async function accept(sdp) { await peer.setRemoteDescription({type: "answer", sdp}); }
function loudest() {
  if (!analyser) return 0;
  const bins = new Float32Array(analyser.frequencyBinCount);
  analyser.getFloatFrequencyData(bins);
  let best = 0;
  bins.forEach((level, at) => { if (level > bins[best]) best = at; });
  return bins[best] < -70 ? 0 : best * context.sampleRate / analyser.fftSize;
}
function press(digits) { peer.getSenders()[0].dtmf.insertDTMF(digits, 100, 70); }
async function received() {
  for (const each of (await peer.getStats()).values())
    if (each.type == "inbound-rtp") return {packets: each.packetsReceived, lost: each.packetsLost};
}
</script>"""


@asynccontextmanager
async def served() -> AsyncIterator[str]:
    """The page at an address of this machine, where a browser lets it use sound."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(PAGE)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + PAGE.encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/"


def value(offer: str, name: str) -> str:
    found = re.search(rf"(?m)^a={name}:(\S+)", offer)
    assert found, name
    return found[1]


def number(offer: str, name: str) -> int:
    found = re.search(rf"(?mi)^a=rtpmap:(\d+) {name}", offer)
    assert found, name
    return int(found[1])


def answer(offer: str, at: Allocated, codec: str, digits: int) -> str:
    """What signalling would answer: one line of sound, passive, lite, one candidate."""
    kind = number(offer, codec)
    lines = [
        *("v=0", f"o=- 1 1 IN IP4 {HOST}", "s=-", "t=0 0", "a=ice-lite"),
        f"a=group:BUNDLE {value(offer, 'mid')}",
        f"m=audio {at.port} UDP/TLS/RTP/SAVPF {kind} {digits}",
        *(f"c=IN IP4 {HOST}", f"a=mid:{value(offer, 'mid')}", "a=sendrecv", "a=rtcp-mux"),
        *(re.findall(rf"(?m)^a=rtpmap:(?:{kind}|{digits}) \S+", offer)),
        *(f"a=ice-ufrag:{at.ufrag}", f"a=ice-pwd:{at.password}"),
        *(f"a=fingerprint:sha-256 {at.fingerprint}", "a=setup:passive"),
        f"a=candidate:1 1 udp 2130706431 {at.address} {at.port} typ host",
        *("a=end-of-candidates", f"a=ssrc:{at.ssrc} cname:test", ""),
    ]
    return "\r\n".join(lines)


@pytest.mark.parametrize("codec", [Codec.PCMU, Codec.OPUS])
def test_a_tone_sent_is_a_tone_heard_between_chromium_and_a_phone(
    tmp_path: Path, codec: Codec
) -> None:
    async def story() -> None:
        async with (
            running(tmp_path) as (pool, told),
            served() as address,
            async_chromium(
                "--allow-loopback-in-peer-connection",
                "--autoplay-policy=no-user-gesture-required",
            ) as browser,
        ):
            page = await browser.new_page()
            await page.goto(address)
            offer: str = await page.evaluate("([codec, hz]) => offer(codec, hz)", [codec, 1_000])
            at = await pool.alloc(Alloc("desk", kind="browser"))
            digits = number(offer, "telephone-event/8000")
            said = Browser(
                value(offer, "ice-ufrag"),
                value(offer, "ice-pwd"),
                re.findall(r"(?m)^a=fingerprint:sha-256 (\S+)", offer)[0],
            )
            kind = number(offer, codec)
            line = pool.line_of("desk")
            await line.do(SetRemote("desk", codec, kind, dtmf_type=digits, browser=said))
            phone = Phone(Codec.PCMA)
            phone.says = tone(440, 1_000)
            phone.to = (HOST, (await pool.alloc_beside("desk", Alloc("caller"))).port)
            await line.do(
                SetRemote("caller", Codec.PCMA, 8, address=HOST, port=phone.port, known=True)
            )
            await line.do(Mix(["desk", "caller"], conference(["desk", "caller"])))
            await page.evaluate("(sdp) => accept(sdp)", answer(offer, at, codec, digits))
            state = await told.next(BrowserState)
            assert isinstance(state, BrowserState)
            assert (state.state, state.message) == ("connected", "")
            heard = await in_the_browser(page, phone)
            assert heard == pytest.approx(440, abs=12)
            sound = phone.heard(50)
            assert level_of(sound, 1_000) > 2_500
            assert level_of(sound, 1_000) > 20 * level_of(sound, 700)
            await page.evaluate("press('5#')")
            pressed: list[str] = []
            while len(pressed) < 2:
                event = await told.next(Pressed)
                assert isinstance(event, Pressed)
                pressed += [event.digit] if event.ended else []
            assert pressed == ["5", "#"]
            figures = await line.ask(Stats("desk"), LegFigures)
            assert figures.secure_media
            assert figures.quality.unauthentic == 0
            counted: dict[str, Any] = await page.evaluate("received()")
            assert counted["packets"] > 50
            phone.socket.close()

    asyncio.run(story())


async def in_the_browser(page: Any, phone: Phone) -> float:
    """The loudest frequency the browser hears, once it hears one, while the phone talks."""
    for _ in range(30):
        await talk([phone], 25)
        if await page.evaluate("loudest()"):
            break
    await talk([phone], 75)
    loudest: float = await page.evaluate("loudest()")
    return loudest
