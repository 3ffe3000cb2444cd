"""Utterances as sound files: recordings where there are some, else a voice, rendered once and kept.

Order for a part: the configuration's recording, the one that ships with the product, the voice.
Where no voice is installed, digits are put together from the recordings of single digits.
"""

import asyncio
import hashlib
import logging
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ivr.own import FOLDER, own_recording
from ivr.prompts import File, Part, Spoken, Text, Utterance
from ivr.speech.resampling import at_rate
from ivr.speech.voices import Voice, VoiceFailed

log = logging.getLogger(__name__)

KEPT_BYTES_MAX = 256 * 1024 * 1024
"""Rendered sounds kept at most; the ones unused for longest go first."""

RENDERING_MAX = 2
"""Prompts rendered at the same time."""

_SIGNS = {".": "point", ",": "point", "-": "minus", "\u2212": "minus"}


class Sounds:
    """Finds or makes the files of an utterance. ``recordings`` is ``prompts`` of the configuration,
    ``kept`` a folder of our own for what a voice has said."""

    def __init__(self, recordings: Path, kept: Path, voice: Voice | None) -> None:
        self._recordings = recordings
        self._kept = kept
        self._voice = voice
        self._making: dict[Path, asyncio.Task[Path]] = {}
        self._turn = asyncio.Semaphore(RENDERING_MAX)

    async def files(self, utterance: Utterance) -> tuple[Path, ...]:
        """The files to play one after the other. A part nobody can speak is left out and logged:
        a caller hears the rest. Never raises."""
        found: list[Path] = []
        for part in utterance.parts:
            found += await self._part(part, utterance.language)
        return tuple(found)

    async def _part(self, part: Part, language: str) -> list[Path]:
        match part:
            case File(name=name, words=words):
                recorded = self._recorded(name, language)
                if recorded is not None:
                    return [recorded]
                return await self._said(words, language) if words else []
            case Text(words=words):
                return await self._said(words, language)
            case Spoken(value=value, form="digits"):
                return list(self._digits(value, language))
            case Spoken(value=value):
                said = await self._said(value, language)
                return said or list(self._digits(value, language))

    def _recorded(self, name: str, language: str) -> Path | None:
        recorded = self._recordings / language / f"{name}.wav"
        if recorded.is_file():
            return recorded
        if name.startswith(FOLDER):
            own = own_recording(name.removeprefix(FOLDER), language)
            return own if own.is_file() else None
        log.warning("recording missing", extra={"event": "prompt_missing", "prompt": name})
        return None

    def _digits(self, value: str, language: str) -> Iterator[Path]:
        for sign in value:
            name = f"digit-{sign}" if sign.isascii() and sign.isdigit() else _SIGNS.get(sign, "")
            recorded = self._recorded(FOLDER + name, language) if name else None
            if recorded is not None:
                yield recorded

    async def _said(self, words: str, language: str) -> list[Path]:
        words = " ".join(words.split())
        if not any(character.isalnum() for character in words):
            return []
        if self._voice is None:
            log.warning("no voice is set", extra={"event": "voice_missing", "language": language})
            return []
        text = f"{self._voice.name}\0{language}\0{words}"
        path = self._kept / f"{hashlib.sha256(text.encode()).hexdigest()}.wav"
        if path.is_file():
            os.utime(path)
            return [path]
        if path not in self._making:
            task = asyncio.create_task(self._render(self._voice, words, language, path))
            self._making[path] = task
            task.add_done_callback(lambda _: self._making.pop(path, None))
        try:
            return [await asyncio.shield(self._making[path])]
        except VoiceFailed as error:
            log.warning(
                "a voice failed",
                extra={"event": "voice_failed", "language": language, "reason": error.message},
            )
            return []

    async def _render(self, voice: Voice, words: str, language: str, path: Path) -> Path:
        async with self._turn:
            sound = await voice.render(words, language)
            return await asyncio.to_thread(_keep, sound, path)


def _keep(sound: bytes, path: Path) -> Path:
    """Write the sound so that nobody ever sees half of it, and make room where needed."""
    ready = at_rate(sound)
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(ready)
    Path(file.name).replace(path)
    _make_room(path.parent)
    return path


def _make_room(folder: Path) -> None:
    sizes = sorted(
        (each.stat().st_mtime_ns, each.stat().st_size, each) for each in folder.glob("*.wav")
    )
    over = sum(size for _, size, _ in sizes) - KEPT_BYTES_MAX
    for _, size, path in sizes[:-1]:
        if over <= 0:
            return
        path.unlink(missing_ok=True)
        over -= size
