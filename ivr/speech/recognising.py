"""Understanding what is said: the port of recognisers, and PocketSphinx in processes of its own."""

import asyncio
import importlib.util
import logging
import struct
import sys
from typing import Protocol

import msgspec

from ivr.asks import Listen
from ivr.speech.grammars import answer_in, phrases_of
from ivr.speech.pocketsphinx_worker import MESSAGE_BYTES_MAX, Hear, HeardWords
from router.model.errors import CarillonError

log = logging.getLogger(__name__)

HEAR_MS = 5_000
"""A recogniser that takes longer over one answer has failed."""

WORKERS_MAX = 2
WAITING_MAX = 20
"""Processes that hear at the same time, and answers that wait for one; one more is not heard."""

LANGUAGES = frozenset({"en"})
"""The languages a model ships for with PocketSphinx."""


class RecogniserFailed(CarillonError):
    """Nothing was understood for a reason of ours; the message never says what was said."""

    code = "recogniser_failed"


class Recogniser(Protocol):
    """Turns the sound of an answer into words."""

    def missing(self) -> str:
        """The package to install before it can hear; empty when it can."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it understands a language."""
        ...

    async def answer(self, sound: bytes, listen: Listen, language: str) -> str:
        """What was answered: a phrase of ``listen.words`` or digits; empty when nothing was.

        ``sound`` are 16-bit little-endian samples of one channel at 16,000 Hz. Raises
        RecogniserFailed.
        """
        ...


class PocketSphinx:
    """PocketSphinx with a grammar for each question. Close it when done."""

    def __init__(self) -> None:
        self._idle: list[asyncio.subprocess.Process] = []
        self._turn = asyncio.Semaphore(WORKERS_MAX)
        self._inside = 0

    def missing(self) -> str:
        """The Python package, when it is not installed."""
        return "" if importlib.util.find_spec("pocketsphinx") else "pocketsphinx"

    def speaks(self, language: str) -> bool:
        """Whether a model is there for the first part of the tag."""
        return language.split("-")[0].lower() in LANGUAGES

    async def answer(self, sound: bytes, listen: Listen, language: str) -> str:
        """What was answered, within ``HEAR_MS`` from the moment it is its turn."""
        if self.missing():
            raise RecogniserFailed("pocketsphinx is not installed (pip install pocketsphinx)")
        phrases, digits_max = phrases_of(listen, language)
        if not self.speaks(language) or not (phrases or digits_max):
            return ""
        first = language.split("-")[0].lower()
        message = msgspec.msgpack.encode(Hear(sound, phrases, digits_max, first))
        if len(message) > MESSAGE_BYTES_MAX:
            raise RecogniserFailed(f"more than {MESSAGE_BYTES_MAX} bytes were said")
        if self._inside >= WORKERS_MAX + WAITING_MAX:
            raise RecogniserFailed("too much is said at once")
        self._inside += 1
        try:
            async with self._turn:
                heard = await self._heard(message)
        finally:
            self._inside -= 1
        return answer_in(heard.words, listen, language) if heard.words else ""

    async def close(self) -> None:
        """End the processes."""
        while self._idle:
            await _end(self._idle.pop())

    async def _heard(self, message: bytes) -> HeardWords:
        worker = self._idle.pop() if self._idle else await _worker()
        kept = False
        try:
            async with asyncio.timeout(HEAR_MS / 1_000):
                heard = await _exchange(worker, message)
            kept = True
        except TimeoutError:
            raise RecogniserFailed(f"pocketsphinx took longer than {HEAR_MS} ms") from None
        except (OSError, asyncio.IncompleteReadError, msgspec.DecodeError) as error:
            raise RecogniserFailed(f"pocketsphinx ended: {type(error).__name__}") from None
        finally:
            # What an answer that was given up is doing, nobody knows: its process goes.
            if kept:
                self._idle.append(worker)
            else:
                await asyncio.shield(_end(worker))
        return heard


async def _worker() -> asyncio.subprocess.Process:
    try:
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "ivr.speech.pocketsphinx_worker",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
    except OSError as error:
        raise RecogniserFailed(f"a process could not be started: {error.strerror}") from None


async def _exchange(worker: asyncio.subprocess.Process, message: bytes) -> HeardWords:
    if worker.stdin is None or worker.stdout is None:
        raise RecogniserFailed("the process has no pipes")
    worker.stdin.write(struct.pack(">I", len(message)) + message)
    await worker.stdin.drain()
    (length,) = struct.unpack(">I", await worker.stdout.readexactly(4))
    if length > MESSAGE_BYTES_MAX:
        raise RecogniserFailed("pocketsphinx gave an answer that is too long")
    return msgspec.msgpack.decode(await worker.stdout.readexactly(length), type=HeardWords)


async def _end(worker: asyncio.subprocess.Process) -> None:
    if worker.returncode is None:
        worker.kill()
    await worker.wait()
