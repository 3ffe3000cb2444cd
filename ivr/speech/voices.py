"""What a voice is, and how an installed program becomes one."""

import asyncio
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from router.model.errors import CarillonError

RENDER_MS = 10_000
"""A voice that takes longer over one prompt has failed."""

SOUND_BYTES_MAX = 16 * 1024 * 1024


class VoiceFailed(CarillonError):
    """A voice gave no sound; the message says why, never what it should have said."""

    code = "voice_failed"


class Voice(Protocol):
    """Turns words into sound."""

    @property
    def name(self) -> str:
        """What tells its sounds from those of another voice or setting."""
        ...

    def missing(self) -> str:
        """The package to install before it can speak; empty when it can."""
        ...

    async def render(self, words: str, language: str) -> bytes:
        """A WAV file of the words. Raises VoiceFailed."""
        ...


async def output_of(command: Sequence[str], words: str) -> bytes:
    """What a program writes when it is given the words; VoiceFailed after ``RENDER_MS``.

    The words go in by standard input: they are never part of a command line.
    """
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise VoiceFailed(f"{command[0]} cannot be started: {error.strerror}") from None
    try:
        async with asyncio.timeout(RENDER_MS / 1_000):
            sound, said = await process.communicate(words.encode())
    except TimeoutError:
        raise VoiceFailed(f"{command[0]} took longer than {RENDER_MS // 1_000} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip().splitlines()[-1:] or ["no reason given"]
        raise VoiceFailed(f"{Path(command[0]).name}: {reason[0][:200]}")
    if not sound or len(sound) > SOUND_BYTES_MAX:
        raise VoiceFailed(f"{Path(command[0]).name} gave {len(sound)} bytes of sound")
    return sound


def installed(program: str) -> str:
    """The path of a program; empty when it is not installed."""
    return shutil.which(program) or ""
