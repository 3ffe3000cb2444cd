"""The sounds a node can play: files of its folder, read by a thread and kept in memory."""

import contextlib
import os
import queue
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from channels.voice.malformed import MalformedPacket
from channels.voice.media import wav_files
from channels.voice.media.codings import NARROW_HZ, WIDE_HZ
from channels.voice.media.resampling import resampled
from channels.voice.media.tones import digit_sound

Samples = NDArray[np.int16]

KEPT_BYTES_MAX = 128 * 1024 * 1024
ASKED_MAX = 1_024


class Sound:
    """A sound at both rates, in whole frames."""

    def __init__(self, narrow: Samples, wide: Samples) -> None:
        self.at_rate = {NARROW_HZ: narrow, WIDE_HZ: wide}
        self.size = narrow.nbytes + wide.nbytes

    @property
    def frames(self) -> int:
        """How many frames of 20 ms it has."""
        return len(self.at_rate[NARROW_HZ]) // (NARROW_HZ // 50)


def sound_of(data: bytes) -> Sound:
    """The sound of a WAV file. Raises MalformedPacket."""
    rate_hz, samples = wav_files.read(data)
    if rate_hz == NARROW_HZ:
        narrow, wide = samples, resampled(samples, up=True)
    else:
        narrow, wide = resampled(samples, up=False), samples
    frames = -(-len(narrow) // 160)
    return Sound(_padded(narrow, frames * 160), _padded(wide, frames * 320))


def sound_of_digits(digits: str, tone_ms: int, gap_ms: int) -> Sound:
    """Digits as sound, each with a pause behind it. Raises ValueError for what is no digit."""
    gap = np.zeros(NARROW_HZ * gap_ms // 1_000, np.int16)
    parts = [part for digit in digits for part in (digit_sound(digit, tone_ms), gap)]
    narrow = np.concatenate(parts)
    frames = -(-len(narrow) // 160)
    narrow = _padded(narrow, frames * 160)
    return Sound(narrow, resampled(narrow, up=True))


def _padded(samples: Samples, size: int) -> Samples:
    whole = np.zeros(size, np.int16)
    whole[: min(size, len(samples))] = samples[:size]
    return whole


Answer = Callable[["list[Sound] | str"], None]


_Job = tuple[list[str], Answer | bytes]
"""Names of sounds and who asks for them; or one name and the file it is to have."""


class SoundLibrary:
    """Reads sounds off the tick: ``ask`` returns at once, the answer comes by ``tell``."""

    def __init__(self, folder: Path, tell: Callable[[Answer, "list[Sound] | str"], None]) -> None:
        self._folder, self._tell = folder.resolve(), tell
        self._queue: queue.Queue[_Job | None] = queue.Queue(ASKED_MAX)
        self._kept: OrderedDict[str, tuple[int, Sound]] = OrderedDict()
        self._kept_bytes = 0
        self._thread = threading.Thread(target=self._run, name="sounds", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End; what was asked for is not answered any more."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(5)

    def ask(self, names: list[str], answer: Answer) -> None:
        """Have sounds read: the answer is called with all of them, or with what is wrong.

        Raises queue.Full when over a thousand questions wait.
        """
        self._queue.put_nowait((names, answer))

    def keep(self, name: str, data: bytes) -> None:
        """Have a file written; what is asked for later finds it. Raises queue.Full as ``ask``."""
        self._queue.put_nowait(([name], data))

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        number, made = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(number, "wb") as file:
            file.write(data)
        Path(made).replace(path)

    def path(self, name: str) -> Path:
        """The file of a sound. Raises ValueError for a name that leaves the folder."""
        file = self._folder / (name if name.endswith(".wav") else f"{name}.wav")
        if not file.resolve().is_relative_to(self._folder):
            raise ValueError(f"{name} is outside the folder of sounds")
        return file

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            names, answer = job
            if isinstance(answer, bytes):
                with contextlib.suppress(OSError):
                    # Who plays it is told that it is not there.
                    self._write(self.path(names[0]), answer)
                continue
            found: list[Sound] | str
            try:
                found = [self._sound(name) for name in names]
            except (OSError, ValueError) as problem:
                found = str(problem)
            self._tell(answer, found)

    def _sound(self, name: str) -> Sound:
        path = self.path(name)
        changed = path.stat().st_mtime_ns
        kept = self._kept.pop(name, None)
        if kept is not None and kept[0] == changed:
            self._kept[name] = kept
            return kept[1]
        if kept is not None:
            self._kept_bytes -= kept[1].size
        if path.stat().st_size > wav_files.SOUND_BYTES_MAX:
            raise MalformedPacket(f"{name}: longer than {wav_files.SOUND_BYTES_MAX} bytes")
        try:
            sound = sound_of(path.read_bytes())
        except MalformedPacket as problem:
            raise MalformedPacket(f"{name}: {problem}") from problem
        self._kept[name] = (changed, sound)
        self._kept_bytes += sound.size
        while self._kept_bytes > KEPT_BYTES_MAX and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._kept_bytes -= oldest.size
        return sound


class SoundUpload:
    """Sounds that come in parts over the control line; each is checked before it can be played."""

    def __init__(self, library: SoundLibrary) -> None:
        self._library = library
        self._parts: dict[str, bytearray] = {}

    def put(self, name: str, data: bytes, *, first: bool, last: bool) -> None:
        """Take a part. Raises ValueError when the parts do not fit or make no sound."""
        self._library.path(name)
        if first:
            self._parts[name] = bytearray()
        if name not in self._parts:
            raise ValueError(f"{name}: its first part did not come")
        whole = self._parts[name]
        if sum(map(len, self._parts.values())) + len(data) > wav_files.SOUND_BYTES_MAX:
            del self._parts[name]
            raise ValueError(f"{name}: more than {wav_files.SOUND_BYTES_MAX} bytes on their way")
        whole += data
        if not last:
            return
        del self._parts[name]
        wav_files.read(bytes(whole))
        self._library.keep(name, bytes(whole))
