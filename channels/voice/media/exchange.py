"""All legs of a node: what comes in, one tick after the other, and what goes out.

It knows sockets only through ``LegPorts`` and time only as the seconds it is given, so a test can
run hours of calls in a moment. Nothing in it waits.
"""

import heapq
import secrets
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from typing_extensions import override

from channels.voice.media import planning
from channels.voice.media.answers import RtpTimeout
from channels.voice.media.arena import Arena, Batch, Expecting
from channels.voice.media.buffering import JitterBuffers
from channels.voice.media.codings import NARROW_HZ
from channels.voice.media.hearing import Hearing
from channels.voice.media.leg import Leg
from channels.voice.media.leg_acts import LegActs, Tell
from channels.voice.media.planning import Plan
from channels.voice.media.ports import LegPorts
from channels.voice.media.reception import Reception
from channels.voice.media.recording import Recorder
from channels.voice.media.speaking import Speaking, can_be_steady

SECOND_TICKS = 50

Send = Callable[[Leg, bytes], None]


class _Groups(NamedTuple):
    """Who has something to do in a tick, so that the others cost nothing."""

    playing: list[Leg]
    collecting: list[Leg]
    narrow_recorders: list[tuple[int, Recorder]]
    other_recorders: list[Leg]
    special: list[Leg]


class Exchange(LegActs):
    """The legs and their sound; at most ``rows`` legs."""

    def __init__(self, rows: int, tell: Tell) -> None:
        super().__init__(tell)
        self.rows = rows
        self.legs: dict[str, Leg] = {}
        self.pressing: set[Leg] = set()
        """Legs in the midst of a named digit, whose end may be lost."""
        self.arena = Arena()
        self.expecting = Expecting(rows)
        self.buffers = JitterBuffers(rows)
        self.reception = Reception(rows)
        self.hearing = Hearing(rows, self.buffers)
        self.speaking = Speaking(rows)
        self.heard_s = np.zeros(rows)
        self.ticks = 0
        self._free = list(range(rows))
        self._plan: Plan | None = None
        self._groups: _Groups | None = None

    @property
    def room(self) -> bool:
        """Whether there is room for one more leg."""
        return bool(self._free)

    def add(self, name: str, owner: str, kind: str, ports: LegPorts) -> Leg:
        """A new leg, silent until ``agreed``."""
        row = heapq.heappop(self._free)
        leg = Leg(name, owner, row, kind, ports)
        self.legs[name] = self.by_row[row] = leg
        self.expecting.nothing(row)
        self.hearing.forget(row)
        self.speaking.begin(row, secrets.randbits(16), secrets.randbits(32), leg.ssrc)
        self.changed()
        return leg

    def agreed(self, leg: Leg, *, anew: bool, now_s: float) -> None:
        """Signalling has said what a leg speaks; ``anew`` when its other end is to be learnt."""
        row, shape = leg.row, leg.shape
        self.speaking.code(leg)
        self.expecting.payload_type[row] = leg.receive_type
        self.expecting.payload_bytes[row] = shape.payload_bytes
        if anew:
            adaptive = leg.remote is None or leg.remote.adaptive
            self.buffers.begin(row, shape.frame_ticks, shape.silence, adaptive=adaptive)
            self.reception.begin(row, shape.clock_hz)
            self.expecting.ssrc[row] = -1
            self.arena.forget(row)
        self.heard_s[row], leg.timed_out = now_s, False
        self.resteady(leg)
        self.changed()

    def remove(self, leg: Leg) -> None:
        """Forget a leg. Whoever hears it hears silence."""
        self.end_acts(leg)
        self.arena.forget(leg.row)
        del self.legs[leg.name], self.by_row[leg.row]
        self.pressing.discard(leg)
        self.expecting.nothing(leg.row)
        self.speaking.steady(leg, on=False)
        self.hears.pop(leg.row, None)
        for gains in self.hears.values():
            gains.pop(leg.row, None)
        heapq.heappush(self._free, leg.row)
        self.changed()

    @override
    def changed(self) -> None:
        """Plan anew at the next tick."""
        self._plan = self._groups = None

    @override
    def resteady(self, leg: Leg) -> None:
        """Look again whether a leg's packets need no closer look on their way out."""
        self.speaking.steady(leg, on=can_be_steady(leg))
        self._groups = None

    def was_heard(self, row: int, now_s: float) -> None:
        """Something valid came from this leg."""
        self.heard_s[row] = now_s
        self.by_row[row].timed_out = False

    def tick(self, batches: list[Batch], now_s: float, send: Send) -> None:
        """One frame of everything: take, mix, play, record, code, send."""
        self.ticks += 1
        for batch in batches:
            self.put(batch, now_s)
        if self._plan is None:
            self._plan = planning.made(self.legs.values(), self.hears, self.rows)
        plan = self._plan
        self.hearing.listen(plan)
        for heard in self.hearing.tones(plan, self.by_row):
            self.heard_tone(heard, now_s)
        self.hearing.lift(plan)
        self.speaking.mix(plan, self.hearing)
        groups = self._grouped()
        self.speaking.play(groups.playing)
        self._record(groups)
        self.speaking.encode(plan)
        self.speaking.send()
        for leg in groups.special:
            self._send_special(plan, leg, send)
        self._follow(groups, now_s)

    def put(self, batch: Batch, now_s: float) -> None:
        """Count packets of sound and put them into the buffers."""
        self.reception.count(batch.rows, batch.sequences, batch.timestamps, batch.arrived_s)
        late = self.buffers.put(
            batch.rows, batch.timestamps, batch.markers, batch.lengths, batch.payloads
        )
        self.reception.late[batch.rows] += late
        self.heard_s[batch.rows] = now_s

    def _grouped(self) -> _Groups:
        if self._groups is None:
            agreed = [leg for leg in self.legs.values() if leg.remote is not None]
            recorded = [leg for leg in agreed if leg.recorder is not None]
            plain = [
                (leg.row, leg.recorder)
                for leg in recorded
                if leg.recorder is not None and leg.narrow and leg.recorder.rate_hz == NARROW_HZ
            ]
            batched = {row for row, _ in plain}
            self._groups = _Groups(
                playing=[leg for leg in agreed if leg.playing is not None],
                collecting=[leg for leg in agreed if leg.collecting is not None],
                narrow_recorders=plain,
                other_recorders=[leg for leg in recorded if leg.row not in batched],
                special=[leg for leg in agreed if not self.speaking.is_steady(leg.row)],
            )
        return self._groups

    def _record(self, groups: _Groups) -> None:
        plain = groups.narrow_recorders
        if plain:
            rows = np.array([row for row, _ in plain], np.intp)
            both = np.stack((self.hearing.narrow[rows], self.speaking.narrow[rows]), axis=2)
            data = both.tobytes()
            size = len(data) // len(plain)
            for at, (_, recorder) in enumerate(plain):
                recorder.take(data[at * size : (at + 1) * size])
        for leg in groups.other_recorders:
            if leg.recorder is not None:
                said = self.hearing.narrow if leg.narrow else self.hearing.wide
                heard = self.speaking.narrow if leg.narrow else self.speaking.wide
                leg.recorder.frame(said[leg.row], heard[leg.row])

    def _send_special(self, plan: Plan, leg: Leg, send: Send) -> None:
        remote, presses = leg.remote, leg.presses
        if remote is None or not remote.sends or leg.address is None:
            return
        if presses is not None and presses.busy and remote.dtmf_type is not None:
            at = int(self.speaking.timestamp[leg.row])
            for press in presses.next(at):
                packet = self.speaking.packet(
                    leg,
                    press.payload,
                    marker=press.marker,
                    kind=remote.dtmf_type,
                    timestamp=press.timestamp,
                )
                send(leg, packet)
            self.resteady(leg)
            return
        if leg.latch is not None and not leg.latch.may_send():
            return
        payload = self.speaking.payload(plan, leg, self.hearing)
        if payload:
            send(leg, self.speaking.packet(leg, payload))

    def _follow(self, groups: _Groups, now_s: float) -> None:
        """What ended in this tick, or by time."""
        for leg in groups.playing:
            if leg.playing is not None and leg.playing.finished:
                self.stop_playing(leg, "finished")
        for leg in groups.collecting:
            if leg.collecting is not None:
                reason = leg.collecting.due(now_s, prompted=leg.playing is not None)
                if reason is not None:
                    self.end_collecting(leg, reason)
        for leg in list(self.pressing):
            for digit in leg.events.expire(now_s):
                self.pressing.discard(leg)
                self.digit(leg, digit, "event", now_s)
        # Each leg once a second, a fiftieth of them in every tick.
        for row in range(self.ticks % SECOND_TICKS, self.rows, SECOND_TICKS):
            if row in self.by_row:
                self._watch(self.by_row[row], now_s)

    def _watch(self, leg: Leg, now_s: float) -> None:
        if leg.remote is None or not leg.remote.timeout_s or not leg.remote.receives:
            return
        silent_s = now_s - float(self.heard_s[leg.row])
        if silent_s < leg.remote.timeout_s:
            leg.timed_out = False
        elif not leg.timed_out:
            leg.timed_out = True
            self.tell(leg.owner, RtpTimeout(leg=leg.name, silent_s=int(silent_s)))
