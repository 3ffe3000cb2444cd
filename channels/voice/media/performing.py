"""Carries out what the main process wishes: one answer each, and a refusal changes nothing."""

import ipaddress
import queue
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from channels.voice.malformed import MalformedPacket
from channels.voice.media import codings, commands, reports
from channels.voice.media.answers import Allocated, Done, Fetched, Refused, Reply
from channels.voice.media.codings import Codec
from channels.voice.media.errors import MissingLibrary
from channels.voice.media.exchange import Exchange
from channels.voice.media.leg import Leg
from channels.voice.media.lines import Lines
from channels.voice.media.masking import Mask
from channels.voice.media.options import Options
from channels.voice.media.playing import Collecting, Playing
from channels.voice.media.ports import LegPorts
from channels.voice.media.recording import Recorder, RecordingWriter
from channels.voice.media.sounds import Sound, SoundLibrary, SoundUpload, sound_of_digits
from channels.voice.media.telephone_events import Digit
from channels.voice.webrtc.browser import BrowserEnd, HandshakeWorker, Handshaking
from channels.voice.webrtc.srtp import SrtpPair


class Parts(NamedTuple):
    """What a performer works with. ``later`` has a call made in the tick's thread."""

    options: Options
    exchange: Exchange
    lines: Lines
    library: SoundLibrary
    writer: RecordingWriter
    worker: HandshakeWorker
    later: Callable[[Callable[[], None]], None]
    browser_state: Callable[[Leg, str, str], None]


class _Refusal(Exception):
    """Nothing is done, for this reason."""

    def __init__(self, code: str, message: str, field: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.field = code, message, field


def forbidden(address: str, *, loopback: bool) -> str:
    """Why nothing may be sent to an address (RTP-3); empty when it may."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "not an address"
    mapped = getattr(parsed, "ipv4_mapped", None)
    parsed = mapped or parsed
    if parsed.is_loopback and not loopback:
        return "an address of this machine"
    if parsed.is_multicast or parsed.is_unspecified or str(parsed) == "255.255.255.255":
        return "no address of one machine"
    return ""


class Performer:
    """Carries out commands on the legs of their owner."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self._upload = SoundUpload(parts.library)
        self._codecs = codings.available()

    @property
    def codecs(self) -> list[Codec]:
        """What this machine can speak."""
        return list(self._codecs)

    def perform(self, owner: str, wish: commands.Command, now_s: float) -> Reply:
        """The answer to a wish."""
        try:
            return self._performed(owner, wish, now_s)
        except _Refusal as refusal:
            return Refused(wish.number, refusal.code, refusal.message, refusal.field)

    def _performed(self, owner: str, wish: commands.Command, now_s: float) -> Reply:
        match wish:
            case commands.Alloc():
                return self._alloc(owner, wish)
            case commands.SetRemote():
                self._set_remote(self._leg(owner, wish.leg), wish, now_s)
            case commands.Mix():
                self._mix(owner, wish)
            case commands.Play():
                self._play(self._leg(owner, wish.leg), wish)
            case commands.Stop():
                self.parts.exchange.stop_playing(self._leg(owner, wish.leg), "stopped")
            case commands.Collect():
                leg = self._leg(owner, wish.leg)
                self.parts.exchange.end_collecting(leg, "replaced")
                leg.collecting = Collecting(wish, now_s)
                self.parts.exchange.changed()
            case commands.Dtmf():
                self._dtmf(self._leg(owner, wish.leg), wish)
            case commands.Heard():
                leg = self._leg(owner, wish.leg)
                for ended in (False, True):
                    self.parts.exchange.digit(leg, Digit(wish.digit, ended, 0), "signalling", now_s)
            case commands.Detect():
                self._leg(owner, wish.leg).detects = wish.on
                self.parts.exchange.changed()
            case commands.Secure():
                self._secure(self._leg(owner, wish.leg), on=wish.on)
            case commands.Free():
                return self._free(self._leg(owner, wish.leg), wish.number, now_s)
            case _:
                return self._kept(owner, wish)
        return Done(wish.number)

    def _kept(self, owner: str, wish: commands.Command) -> Reply:
        """The wishes about recordings and sounds."""
        match wish:
            case commands.Record():
                self._record(self._leg(owner, wish.leg), wish)
            case commands.Pause():
                self._recorder(owner, wish.recording).paused = wish.on
            case commands.StopRecording():
                recorder = self._recorder(owner, wish.recording)
                self.parts.exchange.end_recording(self._leg(owner, recorder.leg))
            case commands.Fetch():
                return self._fetch(wish)
            case commands.Discard():
                self._finished(wish.recording)
                self.parts.writer.discard(wish.recording)
            case commands.PutSound():
                try:
                    self._upload.put(wish.sound, wish.data, first=wish.first, last=wish.last)
                except (MalformedPacket, ValueError) as problem:
                    raise _Refusal("invalid", str(problem), "data") from problem
                except queue.Full as problem:
                    raise _Refusal("full", "too many sounds wait", "sound") from problem
            case commands.Stats(leg=str(name)):
                leg = self._leg(owner, name)
                return reports.figures_of(self.parts.exchange, leg, wish.number)
            case _:
                raise _Refusal("invalid", "not now", "do")
        return Done(wish.number)

    def free(self, leg: Leg, now_s: float) -> None:
        """End a leg, with a farewell to its other end."""
        exchange, lines = self.parts.exchange, self.parts.lines
        lines.send_report(leg, reports.rtcp_of(exchange, leg, now_s, leaving=True))
        lines.remove(leg)
        exchange.remove(leg)
        leg.close()

    def _leg(self, owner: str, name: str) -> Leg:
        leg = self.parts.exchange.legs.get(name)
        if leg is None or leg.owner != owner:
            raise _Refusal("unknown_leg", f"no leg {name}", "leg")
        return leg

    def _alloc(self, owner: str, wish: commands.Alloc) -> Reply:
        options, exchange = self.parts.options, self.parts.exchange
        if wish.leg in exchange.legs:
            raise _Refusal("exists", f"there is a leg {wish.leg}", "leg")
        if not exchange.room:
            raise _Refusal("full", f"{exchange.rows} legs are the most")
        shared = wish.rtcp_mux or wish.kind == "browser"
        try:
            ports = LegPorts(options.address, shared=shared)
        except OSError as problem:
            # No free pair, or no descriptor left.
            raise _Refusal("no_port", str(problem)) from problem
        leg = exchange.add(wish.leg, owner, wish.kind, ports)
        if wish.kind == "browser":
            leg.browser = BrowserEnd(self.parts.worker.identity)
        self.parts.lines.add(leg)
        browser = leg.browser
        return Allocated(
            number=wish.number,
            address=options.public or options.address,
            port=ports.port,
            rtcp_port=ports.rtcp_port,
            ssrc=leg.ssrc,
            ufrag="" if browser is None else browser.ufrag,
            password="" if browser is None else browser.password,
            fingerprint="" if browser is None else browser.identity.fingerprint,
        )

    def _set_remote(self, leg: Leg, wish: commands.SetRemote, now_s: float) -> None:
        if leg.kind == "browser":
            if wish.browser is None:
                raise _Refusal("invalid", "a browser's leg needs ICE and DTLS", "browser")
        else:
            self._check_addresses(wish)
        if leg.kind == "sdes" and wish.srtp is None:
            raise _Refusal("invalid", "an encrypted leg needs keys", "srtp")
        if leg.kind == "plain" and wish.srtp is not None:
            raise _Refusal("invalid", "this leg was allocated without encryption", "srtp")
        try:
            anew = leg.agree(wish)
        except (ValueError, MissingLibrary) as problem:
            field = "codec" if isinstance(problem, MissingLibrary) else "srtp"
            raise _Refusal("unavailable", str(problem), field) from problem
        self.parts.exchange.agreed(leg, anew=anew, now_s=now_s)
        if leg.browser is not None and wish.browser is not None:
            self._expect_handshake(leg, leg.browser, wish.browser.fingerprint)
        elif anew:
            try:
                self.parts.lines.learn(leg)
            except OSError as problem:
                raise _Refusal("invalid", str(problem), "address") from problem

    def _check_addresses(self, wish: commands.SetRemote) -> None:
        loopback = self.parts.options.loopback
        for field in ("address", "signalling_host"):
            value = str(getattr(wish, field))
            if field == "signalling_host" and not value:
                continue
            reason = forbidden(value, loopback=loopback)
            if reason:
                raise _Refusal("invalid", f"{value}: {reason}", field)
        ours = {leg.ports.port for leg in self.parts.exchange.legs.values()}
        here = (self.parts.options.address, self.parts.options.public)
        if wish.address in here and (wish.port in ours or wish.port - 1 in ours):
            raise _Refusal("invalid", "a port of our own", "port")

    def _expect_handshake(self, leg: Leg, browser: BrowserEnd, fingerprint: str) -> None:
        before = browser.handshake
        if before is not None and before.fingerprint.upper() == fingerprint.upper():
            return
        browser.close()
        outcome = partial(self._shook_hands, leg)
        browser.handshake = Handshaking(browser.identity, fingerprint, leg.ports.send, outcome)

    def _shook_hands(self, leg: Leg, outcome: SrtpPair | str) -> None:
        """In the worker's thread: the keys go to the tick."""
        self.parts.later(partial(self._keyed, leg, outcome))

    def _keyed(self, leg: Leg, outcome: SrtpPair | str) -> None:
        if self.parts.exchange.legs.get(leg.name) is not leg:
            return
        if isinstance(outcome, str):
            self.parts.browser_state(leg, "failed", outcome)
        else:
            leg.srtp = outcome
            self.parts.browser_state(leg, "connected", "")

    def _mix(self, owner: str, wish: commands.Mix) -> None:
        listeners = [self._leg(owner, name) for name in wish.listeners]
        hears: dict[int, dict[int, float]] = {leg.row: {} for leg in listeners}
        for listener, source, gain in wish.entries:
            row = self._leg(owner, listener).row
            if row not in hears:
                raise _Refusal("invalid", f"{listener} is not among the listeners", "entries")
            if gain:
                hears[row][self._leg(owner, source).row] = gain
        self.parts.exchange.hears.update(hears)
        self.parts.exchange.changed()

    def _play(self, leg: Leg, wish: commands.Play) -> None:
        exchange = self.parts.exchange
        playing = Playing(wish)

        def read(found: list[Sound] | str) -> None:
            if leg.playing is not playing:
                return
            if isinstance(found, str):
                exchange.stop_playing(leg, "broken", found)
            else:
                playing.begin(found)

        try:
            self.parts.library.ask(wish.sounds, read)
        except queue.Full as problem:
            raise _Refusal("full", "too many sounds wait to be read") from problem
        exchange.stop_playing(leg, "replaced")
        leg.playing = playing
        exchange.changed()

    def _dtmf(self, leg: Leg, wish: commands.Dtmf) -> None:
        exchange = self.parts.exchange
        if leg.remote is not None and leg.remote.dtmf_type is not None:
            try:
                exchange.press(leg, wish.digits, wish.tone_ms, wish.gap_ms)
            except ValueError as problem:
                raise _Refusal("full", str(problem), "digits") from problem
            return
        # The other end takes no named digits: it gets their sound.
        exchange.stop_playing(leg, "replaced")
        leg.playing = Playing(commands.Play(leg.name, "dtmf", ["dtmf"]))
        leg.playing.begin([sound_of_digits(wish.digits, wish.tone_ms, wish.gap_ms)])
        exchange.changed()

    def _secure(self, leg: Leg, *, on: bool) -> None:
        if on and leg.mask is None:
            leg.mask = Mask(leg.shape.rate_hz)
        elif not on:
            leg.mask = None
        self.parts.exchange.changed()

    def _free(self, leg: Leg, number: int, now_s: float) -> Reply:
        figures = reports.figures_of(self.parts.exchange, leg, number)
        self.free(leg, now_s)
        return figures

    def _record(self, leg: Leg, wish: commands.Record) -> None:
        if leg.recorder is not None:
            raise _Refusal("exists", f"{leg.name} is being recorded", "leg")
        rate_hz = leg.shape.rate_hz
        try:
            self.parts.writer.begin(wish.recording, wish.key, rate_hz)
        except FileExistsError as problem:
            raise _Refusal(
                "exists", f"there is a recording {wish.recording}", "recording"
            ) from problem
        leg.recorder = Recorder(wish.recording, leg.name, rate_hz, self.parts.writer)
        self.parts.exchange.changed()

    def _recorder(self, owner: str, name: str) -> Recorder:
        for leg in self.parts.exchange.legs.values():
            if leg.owner == owner and leg.recorder is not None and leg.recorder.name == name:
                return leg.recorder
        raise _Refusal("not_found", f"no recording {name} is being made", "recording")

    def _finished(self, name: str) -> None:
        if self.parts.writer.is_open(name):
            raise _Refusal("invalid", f"{name} is still being made", "recording")

    def _fetch(self, wish: commands.Fetch) -> Reply:
        self._finished(wish.recording)
        try:
            with self.parts.writer.path(wish.recording).open("rb") as file:
                total = file.seek(0, 2)
                file.seek(min(wish.offset, total))
                return Fetched(wish.number, file.read(wish.size), total)
        except OSError as problem:
            raise _Refusal("not_found", f"no recording {wish.recording}", "recording") from problem
