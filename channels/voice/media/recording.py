"""Stereo recordings: the tick hands on what was said and heard, a thread seals and writes it.

Nothing here waits: when the disk is slower than the calls, and 64 MiB wait for it already, sound is
left out, and how much is told when the recording ends.
"""

import contextlib
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from channels.voice.media.answers import Recorded
from channels.voice.media.resampling import Resampler
from channels.voice.media.sealed_recordings import PIECE_BYTES, Form, PieceSealer

Samples = NDArray[np.int16]

WAITING_BYTES_MAX = 64 * 1024 * 1024
CHANNELS = 2
_ROW = np.zeros(1, np.intp)


class Recorder:
    """One recording as the tick sees it."""

    def __init__(self, name: str, leg: str, rate_hz: int, writer: "RecordingWriter") -> None:
        self.name, self.leg, self.rate_hz = name, leg, rate_hz
        self.paused = False
        self._writer = writer
        self._piece = bytearray()
        self._silence = np.zeros((rate_hz // 50, CHANNELS), np.int16).tobytes()
        self._frame = len(self._silence)
        self._frames = self._lost = 0
        self._converters: tuple[Resampler, Resampler] | None = None

    def frame(self, said: Samples, heard: Samples) -> None:
        """Take one frame of both channels, at the recording's rate or the other one."""
        both = np.stack((self._fitting(said, 0), self._fitting(heard, 1)), axis=1)
        self.take(both.tobytes())

    def take(self, both: bytes) -> None:
        """Take one frame, interleaved, at the recording's rate."""
        self._frames += 1
        self._piece += self._silence if self.paused else both
        if len(self._piece) >= PIECE_BYTES:
            piece = bytes(self._piece[:PIECE_BYTES])
            del self._piece[:PIECE_BYTES]
            if not self._writer.take(self.name, piece):
                self._lost += len(piece) // self._frame

    def end(self) -> None:
        """Hand on the rest; ``recorded`` is told when it is on disk."""
        self._writer.finish(
            self.name,
            bytes(self._piece),
            Recorded(
                leg=self.leg,
                recording=self.name,
                duration_ms=self._frames * 20,
                size=0,
                rate_hz=self.rate_hz,
                lost_ms=self._lost * 20,
            ),
        )

    def _fitting(self, frame: Samples, channel: int) -> Samples:
        """The frame at the recording's rate: a call may change its codec while it is recorded."""
        wanted = self._frame // 4
        if len(frame) == wanted:
            return frame
        if self._converters is None:
            up = len(frame) < wanted
            self._converters = (Resampler(1, up=up), Resampler(1, up=up))
        fitted: Samples = self._converters[channel](_ROW, frame[None])[0]
        return fitted


_Job = tuple[str, bytes | PieceSealer | None, Recorded | None]
"""A recording, and a piece of it, its beginning, or None to remove it; at its end what to tell."""


class RecordingWriter:
    """The thread that writes, and the recordings that lie in its folder."""

    def __init__(self, folder: Path, tell: Callable[[Recorded], None]) -> None:
        self._folder, self._tell = folder, tell
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._waiting = 0
        self._lock = threading.Lock()
        self._open: dict[str, tuple[PieceSealer, int]] = {}
        self._names: set[str] = set()
        self._making: set[str] = set()
        self._broken: dict[str, str] = {}
        self._thread = threading.Thread(target=self._run, name="recordings", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._names.update(file.stem for file in self._folder.glob("*.rec"))
        self._thread.start()

    def stop(self) -> None:
        """Write what waits, then end; waits 10 s at most."""
        self._queue.put(None)
        self._thread.join(10)

    def path(self, name: str) -> Path:
        """Where a recording lies."""
        return self._folder / f"{name}.rec"

    def is_open(self, name: str) -> bool:
        """Whether a recording is being made."""
        return name in self._making

    def begin(self, name: str, key: bytes, rate_hz: int) -> None:
        """Have the file made; what the disk refuses is told at the end.

        Raises FileExistsError for a name that was used already.
        """
        if name in self._names:
            raise FileExistsError(name)
        self._names.add(name)
        self._making.add(name)
        self._queue.put((name, PieceSealer(key, Form(rate_hz, CHANNELS)), None))

    def discard(self, name: str) -> None:
        """Have a finished recording removed."""
        self._names.discard(name)
        self._queue.put((name, None, None))

    def take(self, name: str, piece: bytes) -> bool:
        """Queue a piece; false when too much waits already."""
        with self._lock:
            if self._waiting + len(piece) > WAITING_BYTES_MAX:
                return False
            self._waiting += len(piece)
        self._queue.put((name, piece, None))
        return True

    def finish(self, name: str, rest: bytes, told: Recorded) -> None:
        """Queue the end, which always fits."""
        with self._lock:
            self._waiting += len(rest)
        self._queue.put((name, rest, told))

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            name, piece, told = job
            if not isinstance(piece, bytes):
                self._make_or_remove(name, piece)
                continue
            self._write(name, piece, last=told is not None)
            with self._lock:
                self._waiting -= len(piece)
            if told is not None:
                told.message = self._broken.pop(name, "")
                with contextlib.suppress(OSError):
                    told.size = self.path(name).stat().st_size
                self._making.discard(name)
                self._tell(told)

    def _make_or_remove(self, name: str, sealer: PieceSealer | None) -> None:
        try:
            if sealer is None:
                self.path(name).unlink(missing_ok=True)
                return
            file = os.open(self.path(name), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            self._open[name] = (sealer, file)
            os.write(file, sealer.head)
        except OSError as problem:
            self._broken[name] = str(problem)

    def _write(self, name: str, piece: bytes, *, last: bool) -> None:
        if name not in self._open:
            return
        sealer, file = self._open[name]
        try:
            if name not in self._broken:
                sealed = memoryview(sealer.seal(piece, last=last))
                while sealed:
                    sealed = sealed[os.write(file, sealed) :]
                if last:
                    os.fsync(file)
        except (OSError, ValueError) as problem:
            # The call goes on; that its recording is not whole is told at its end.
            self._broken[name] = str(problem)
        if last:
            os.close(file)
            del self._open[name]
