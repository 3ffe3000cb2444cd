"""A media node: ``python -m channels.voice.media.node``, a process that does nothing but sound.

One thread receives, ticks every 20 ms and sends; others read prompts, write recordings, shake hands
with browsers and let in who may command. The main process watches it (``pool``).
"""

import datetime
import gc
import os
import select
import signal
import socket
import sys
import time
from collections.abc import Callable
from functools import partial

import msgspec

from channels.voice.media import commands, protocol, reports
from channels.voice.media.answers import (
    BrowserState,
    Event,
    NodeFigures,
    QualityTold,
    Refused,
    Reply,
    Welcome,
)
from channels.voice.media.controller import Controller, LineClosed
from channels.voice.media.exchange import Exchange
from channels.voice.media.gate import Gate, listen_at_address, listen_at_path, server_context
from channels.voice.media.inbox import Inbox
from channels.voice.media.leg import Leg
from channels.voice.media.lines import Lines
from channels.voice.media.options import Options, parsed
from channels.voice.media.performing import Parts, Performer
from channels.voice.media.recording import RecordingWriter
from channels.voice.media.sounds import SoundLibrary
from channels.voice.media.ticking import (
    TickFigures,
    cpu_s,
    more_descriptors,
    raise_priority,
    resident_bytes,
)
from channels.voice.webrtc import browser, dtls

TICK_S = 0.02
GATHER_S = 0.002
"""Packets are fetched together this often: waking up for each would cost more than all the rest.
Arrival times, and so jitter, are exact to this much."""
LATE_TICKS_MAX = 5
CONTROLLERS_MAX = 16
ORPHANED_S = 60.0
"""Legs whose owner is gone go on for so long: it may come back."""
QUALITY_TICKS = 500
COLLECT_TICKS = 3_000


def _today() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)  # noqa: TID251 -- dates of a certificate are judged by others' clocks


class Node:
    """The process."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._inbox = Inbox()
        self._exchange = Exchange(options.legs, self._tell)
        self._worker = browser.HandshakeWorker(dtls.new_identity(_today()))
        self._lines = Lines(self._exchange, self._worker)
        self._library = SoundLibrary(
            options.sounds, lambda answer, found: self._inbox.put(partial(answer, found))
        )
        self._writer = RecordingWriter(
            options.recordings, lambda told: self._inbox.put(partial(self._recorded, told))
        )
        self._performer = Performer(
            Parts(
                options,
                self._exchange,
                self._lines,
                self._library,
                self._writer,
                self._worker,
                self._inbox.put,
                self._browser_state,
            )
        )
        self._controllers: dict[int, Controller] = {}
        self._orphaned_s: dict[str, float] = {}
        self._gates: list[Gate] = []
        self._figures = TickFigures()
        self._real_time = False
        self._stopping = False

    def run(self) -> None:
        """Serve until told to stop."""
        more_descriptors()
        for thread in (self._library, self._writer, self._worker):
            thread.start()
        self._open_gates()
        epoll = self._lines.epoll
        epoll.register(self._inbox.descriptor, select.EPOLLIN)
        if self._options.guarded:
            epoll.register(sys.stdin.fileno(), select.EPOLLIN | select.EPOLLHUP)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_signal: self._inbox.put(self._stop))
        self._real_time = raise_priority()
        sys.setswitchinterval(0.0005)
        gc.collect()
        gc.freeze()
        gc.disable()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        try:
            self._serve()
        finally:
            self._close()

    def _open_gates(self) -> None:
        options = self._options
        if options.socket is not None:
            listener = listen_at_path(options.socket)
            self._gates.append(
                Gate(listener, lambda line: self._inbox.put(partial(self._admit, line)))
            )
        if options.listen and options.certificate and options.key and options.authority:
            host, _, port = options.listen.rpartition(":")
            context = server_context(options.certificate, options.key, options.authority)
            listener = listen_at_address(host, int(port))
            self._gates.append(
                Gate(listener, lambda line: self._inbox.put(partial(self._admit, line)), context)
            )
        for gate in self._gates:
            gate.start()

    def _serve(self) -> None:
        due_s = time.monotonic() + TICK_S
        while not self._stopping:
            self._receive(due_s)
            now_s = time.monotonic()
            late_s = now_s - due_s
            self._tick(now_s)
            self._figures.add(time.monotonic() - now_s, late_s)
            due_s += TICK_S
            behind = int((time.monotonic() - due_s) / TICK_S)
            if behind >= LATE_TICKS_MAX:
                # Sending what was missed in one burst would help nobody.
                self._figures.skipped += behind
                due_s += behind * TICK_S

    def _receive(self, due_s: float) -> None:
        """Take what comes until the tick is due."""
        while (wait_s := due_s - time.monotonic()) > 0:
            self._lines.poll(wait_s, time.monotonic, self._other)
            left_s = due_s - time.monotonic()
            if left_s > GATHER_S:
                # This thread has nothing else to do: packets gather in the sockets meanwhile.
                time.sleep(GATHER_S)

    def _other(self, descriptor: int, now_s: float) -> None:
        if descriptor == self._inbox.descriptor:
            self._inbox.run()
        elif descriptor in self._controllers:
            self._hear(self._controllers[descriptor], now_s)
        elif (
            self._options.guarded
            and descriptor == sys.stdin.fileno()
            and not os.read(descriptor, 1)
        ):
            self._stop()

    def _tick(self, now_s: float) -> None:
        exchange = self._exchange
        self._lines.tick(now_s)
        self._every(reports.EVERY_TICKS, partial(self._report, now_s))
        self._every(QUALITY_TICKS, self._tell_quality)
        if self._orphaned_s and exchange.ticks % 50 == 0:
            self._free_orphans(now_s)
        if exchange.ticks % COLLECT_TICKS == 0:
            # All that was there at the start is frozen; the rest is little.
            gc.collect()
            self._worker.renew(_today())

    def _every(self, ticks: int, act: Callable[[Leg], None]) -> None:
        """Act on each leg once in so many ticks, on a few of them in each."""
        for row in range(self._exchange.ticks % ticks, self._options.legs, ticks):
            leg = self._exchange.by_row.get(row)
            if leg is not None and leg.remote is not None:
                act(leg)

    def _report(self, now_s: float, leg: Leg) -> None:
        if leg.sent or leg.sources.ssrc is not None:
            self._lines.send_report(leg, reports.rtcp_of(self._exchange, leg, now_s))
        end = leg.browser
        if end is not None and end.remote and now_s - end.checked_s > browser.CONSENT_S:
            end.remote = None
            self._browser_state(leg, "failed", "the browser does not answer any more")

    def _tell_quality(self, leg: Leg) -> None:
        self._tell(leg.owner, QualityTold(leg.name, reports.quality_of(self._exchange, leg)))

    def _admit(self, line: socket.socket) -> None:
        if len(self._controllers) >= CONTROLLERS_MAX:
            line.close()
            return
        self._controllers[line.fileno()] = Controller(line)
        self._lines.epoll.register(line.fileno(), select.EPOLLIN)
        # What came with the handshake of TLS would wake nobody.
        self._hear(self._controllers[line.fileno()], time.monotonic())

    def _hear(self, controller: Controller, now_s: float) -> None:
        try:
            controller.flush()
            for frame in controller.receive():
                controller.send(self._answer(controller, frame, now_s))
            self._want(controller)
        except LineClosed:
            self._lost(controller, now_s)

    def _want(self, controller: Controller) -> None:
        """Be told when the line takes more, as long as something waits for it."""
        wanted = select.EPOLLIN | (select.EPOLLOUT if controller.waiting else 0)
        self._lines.epoll.modify(controller.line.fileno(), wanted)

    def _answer(self, controller: Controller, frame: bytes, now_s: float) -> Reply:
        try:
            wish = protocol.COMMANDS.decode(frame)
        except msgspec.DecodeError as problem:
            return Refused(protocol.number_of(frame), "malformed", str(problem))
        if isinstance(wish, commands.Hello):
            return self._welcome(controller, wish)
        if not controller.owner:
            return Refused(wish.number, "invalid", "say hello first", "do")
        if isinstance(wish, commands.Stats) and wish.leg is None:
            return self._node_figures(wish.number)
        return self._performer.perform(controller.owner, wish, now_s)

    def _welcome(self, controller: Controller, wish: commands.Hello) -> Reply:
        if wish.protocol != commands.VERSION:
            return Refused(
                wish.number, "invalid", f"this is version {commands.VERSION}", "protocol"
            )
        for other in list(self._controllers.values()):
            if other.owner != wish.owner or other is controller:
                continue
            if other.epoch >= wish.epoch:
                return Refused(wish.number, "stale", f"epoch {other.epoch} is here", "epoch")
            self._drop(other)
        controller.owner, controller.epoch = wish.owner, wish.epoch
        self._orphaned_s.pop(wish.owner, None)
        legs = [leg.name for leg in self._exchange.legs.values() if leg.owner == wish.owner]
        return Welcome(
            number=wish.number,
            node=self._options.name,
            protocol=commands.VERSION,
            address=self._options.public or self._options.address,
            legs_max=self._options.legs,
            codecs=self._performer.codecs,
            legs=legs[:1_000],
        )

    def _node_figures(self, number: int) -> Reply:
        figures, legs = self._figures, self._exchange.legs.values()
        return NodeFigures(
            number=number,
            legs=len(legs),
            recordings=sum(leg.recorder is not None for leg in legs),
            tick_p50_ms=figures.work_ms(50),
            tick_p99_ms=figures.work_ms(99),
            tick_max_ms=figures.work_ms(100),
            late_p99_ms=figures.late_ms(99),
            cpu_s=cpu_s(),
            resident_bytes=resident_bytes(),
            skipped=figures.skipped,
            real_time=self._real_time,
        )

    def _tell(self, owner: str, event: Event) -> None:
        for controller in list(self._controllers.values()):
            if controller.owner == owner:
                try:
                    controller.send(event)
                    if controller.waiting:
                        self._want(controller)
                except LineClosed:
                    self._lost(controller, time.monotonic())

    def _recorded(self, told: Event) -> None:
        """A recording outlives its leg, so every controller of the name's owner hears of it."""
        for owner in {controller.owner for controller in self._controllers.values()}:
            self._tell(owner, told)

    def _browser_state(self, leg: Leg, state: str, message: str) -> None:
        self._tell(leg.owner, BrowserState(leg.name, state, message))

    def _drop(self, controller: Controller) -> None:
        self._lines.epoll.unregister(controller.line.fileno())
        del self._controllers[controller.line.fileno()]
        controller.close()

    def _lost(self, controller: Controller, now_s: float) -> None:
        if self._controllers.get(controller.line.fileno()) is controller:
            self._drop(controller)
            if controller.owner:
                self._orphaned_s[controller.owner] = now_s

    def _free_orphans(self, now_s: float) -> None:
        for owner, since_s in list(self._orphaned_s.items()):
            if now_s - since_s >= ORPHANED_S:
                del self._orphaned_s[owner]
                for leg in [leg for leg in self._exchange.legs.values() if leg.owner == owner]:
                    self._performer.free(leg, now_s)

    def _stop(self) -> None:
        self._stopping = True

    def _close(self) -> None:
        now_s = time.monotonic()
        for gate in self._gates:
            gate.stop()
        for leg in list(self._exchange.legs.values()):
            self._performer.free(leg, now_s)
        self._writer.stop()
        self._inbox.run()
        self._library.stop()
        self._worker.stop()
        for controller in list(self._controllers.values()):
            controller.close()
        if self._options.socket is not None:
            self._options.socket.unlink(missing_ok=True)


def main() -> None:
    """Run as ``python -m channels.voice.media.node``."""
    Node(parsed(sys.argv[1:])).run()


if __name__ == "__main__":
    main()
