"""The writer of recordings: it never waits, and says what a bad disk has cost."""

from __future__ import annotations

import io
import queue
import threading
from pathlib import Path

import numpy as np
import pytest

from channels.voice.media import recording, sounds
from channels.voice.media.answers import Recorded
from channels.voice.media.recording import Recorder, RecordingWriter
from channels.voice.media.sealed_recordings import PIECE_BYTES, open_sealed
from channels.voice.media.sounds import Sound, SoundLibrary
from router.model.recording import wav_head as head
from tests.channels.voice.media.sounds import tone

KEY = b"k" * 32
FRAME = tone(440, 20)


class Ended:
    """What the writer told, and waiting for it."""

    def __init__(self) -> None:
        self._told: queue.Queue[Recorded] = queue.Queue()

    def __call__(self, told: Recorded) -> None:
        self._told.put(told)

    def next(self) -> Recorded:
        return self._told.get(timeout=30)


def record(writer: RecordingWriter, name: str, frames: int) -> Recorder:
    writer.begin(name, KEY, 8_000)
    recorder = Recorder(name, "leg", 8_000, writer)
    for _ in range(frames):
        recorder.frame(FRAME, FRAME)
    return recorder


def test_pieces_follow_each_other_and_the_end_is_told_when_it_is_on_disk(tmp_path: Path) -> None:
    ended = Ended()
    writer = RecordingWriter(tmp_path / "r", ended)
    writer.start()
    record(writer, "long", 500).end()
    told = ended.next()
    opened = open_sealed(io.BytesIO(writer.path("long").read_bytes()), KEY)
    assert (told.duration_ms, told.size) == (10_000, writer.path("long").stat().st_size)
    assert [len(piece) for piece in opened.pieces] == [PIECE_BYTES] * 4 + [
        500 * 640 - 4 * PIECE_BYTES
    ]
    assert not writer.is_open("long")
    writer.stop()


def test_a_call_that_changes_to_a_wider_codec_is_recorded_on_at_the_first_rate(
    tmp_path: Path,
) -> None:
    ended = Ended()
    writer = RecordingWriter(tmp_path / "r", ended)
    writer.start()
    recorder = record(writer, "a", 10)
    wide = tone(440, 20, 16_000)
    for _ in range(10):
        recorder.frame(wide, wide)
    recorder.end()
    assert ended.next().duration_ms == 400
    opened = open_sealed(io.BytesIO(writer.path("a").read_bytes()), KEY)
    assert sum(map(len, opened.pieces)) == 20 * 640
    writer.stop()


def test_a_disk_that_refuses_ends_no_call_and_is_told(tmp_path: Path) -> None:
    ended = Ended()
    writer = RecordingWriter(tmp_path / "r", ended)
    writer.start()
    writer.path("taken").mkdir()
    record(writer, "taken", 300).end()
    told = ended.next()
    assert "exists" in told.message
    record(writer, "next", 3).end()
    assert ended.next().message == ""
    writer.stop()


def test_what_waits_for_a_slow_disk_is_bounded_and_what_is_left_out_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread is started late, which is as slow as a disk can be."""
    monkeypatch.setattr(recording, "WAITING_BYTES_MAX", 3 * PIECE_BYTES)
    ended = Ended()
    writer = RecordingWriter(tmp_path / "r", ended)
    recorder = record(writer, "slow", 1_024)
    recorder.end()
    writer.start()
    told = ended.next()
    assert told.duration_ms == 20_480
    assert told.lost_ms == pytest.approx(7 * 2_048, abs=200)
    opened = open_sealed(io.BytesIO(writer.path("slow").read_bytes()), KEY)
    assert not opened.torn
    assert len(opened.pieces) == 4
    writer.stop()


def test_a_recording_that_was_on_disk_before_is_not_written_over(tmp_path: Path) -> None:
    first = RecordingWriter(tmp_path / "r", Ended())
    first.start()
    record(first, "a", 1).end()
    first.stop()
    second = RecordingWriter(tmp_path / "r", Ended())
    second.start()
    with pytest.raises(FileExistsError):
        second.begin("a", KEY, 8_000)
    second.discard("a")
    second.stop()
    assert not second.path("a").exists()


class Asked:
    """The answer of a library."""

    def __init__(self) -> None:
        self.answered = threading.Event()
        self.found: list[Sound] | str = ""

    def __call__(self, found: list[Sound] | str) -> None:
        self.found = found
        self.answered.set()


def ask(library: SoundLibrary, *names: str) -> list[Sound] | str:
    asked = Asked()
    library.ask(list(names), asked)
    assert asked.answered.wait(30)
    return asked.found


def test_a_sound_is_read_once_and_again_when_its_file_has_changed(tmp_path: Path) -> None:
    library = SoundLibrary(tmp_path, lambda answer, found: answer(found))
    library.start()
    file = tmp_path / "a.wav"
    sound = tone(440, 30)
    file.write_bytes(head(8_000, 1, sound.nbytes) + sound.tobytes())
    first, again = ask(library, "a", "a.wav"), ask(library, "a")
    assert isinstance(first, list)
    assert isinstance(again, list)
    assert first[0] is again[0]
    assert first[0].frames == 2
    assert len(first[0].at_rate[16_000]) == 640
    assert np.array_equal(first[0].at_rate[8_000][:240], sound)
    file.write_bytes(b"RIFF....JUNK")
    broken = ask(library, "a")
    assert isinstance(broken, str)
    assert broken == "a: not a WAV file"
    outside = ask(library, "../x")
    assert isinstance(outside, str)
    assert "outside" in outside
    library.stop()


def test_sounds_that_are_kept_have_a_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "KEPT_BYTES_MAX", 100_000)
    library = SoundLibrary(tmp_path, lambda answer, found: answer(found))
    library.start()
    sound = tone(440, 1_000)
    for number in range(5):
        data = head(8_000, 1, sound.nbytes) + sound.tobytes()
        (tmp_path / f"{number}.wav").write_bytes(data)
        assert isinstance(ask(library, str(number)), list)
    assert len(library._kept) == 2
    library.stop()
