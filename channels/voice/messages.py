"""Taking a message: a word, a tone, and what the caller says until a key, the limit or the end."""

import asyncio
import logging
from pathlib import Path

import msgspec
import numpy as np

from channels.voice.conversation import Conversation
from channels.voice.house import House
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.recordings import Recorder
from ivr.asks import TakeMessage
from router.model.errors import CarillonError
from router.model.recording import wav_head

log = logging.getLogger(__name__)
SHORTEST_MS = 700
"""Less than that is a receiver put down, not a message."""
TONE_HZ = 1_000
TONE_MS = 250
SAYING_S = 120.0


class Taken(msgspec.Struct, frozen=True):
    """A message: how long it is (0: none was left), and its recording, which is yet to be kept."""

    duration_ms: int = 0
    name: str = ""


class TakingMessage:
    """One message being taken. ``enough`` ends it."""

    def __init__(self, house: House, conversation: Conversation, recorder: Recorder) -> None:
        self._house = house
        self._conversation = conversation
        self._recorder = recorder
        self._enough = asyncio.Event()

    def enough(self) -> None:
        """A key was pressed, or the caller is gone."""
        self._enough.set()

    async def take(self, asked: TakeMessage) -> Taken:
        """Say the word and the tone, and record. What was said is yet to be fetched."""
        conversation = self._conversation
        customer = conversation.customer
        if customer is None or not customer.up:
            return Taken()
        try:
            await self._said(asked)
            if self._enough.is_set():
                return Taken()
            name, line = await self._recorder.begin(
                customer.leg, conversation.interaction_id, conversation.subject, message=True
            )
        except (MediaLost, MediaRefused, CarillonError) as problem:
            log.warning("A message could not be taken: %s", problem)
            return Taken()
        try:
            async with asyncio.timeout(asked.limit_ms / 1_000):
                await self._enough.wait()
        except TimeoutError:
            log.debug("a message was as long as it may be")
        await self._recorder.end(name, line)
        duration_ms = await self._recorder.finished(name)
        if duration_ms < SHORTEST_MS:
            await self._recorder.drop(name)
            return Taken()
        return Taken(duration_ms, name)

    async def _said(self, asked: TakeMessage) -> None:
        saying = self._house.carry(self._word_and_tone(asked), "a word before a message")
        enough = asyncio.create_task(self._enough.wait())
        await asyncio.wait({saying, enough}, timeout=SAYING_S, return_when=asyncio.FIRST_COMPLETED)
        enough.cancel()
        if not saying.done():
            # Whoever presses a key while the word is said wants to speak at once.
            self._conversation.hush()
            await asyncio.wait({saying}, timeout=1)
        customer = self._conversation.customer
        if customer is not None and customer.call is not None and not customer.call.ended:
            self._enough.clear()

    async def _word_and_tone(self, asked: TakeMessage) -> None:
        await self._conversation.tell(asked.utterance, (tone_file(self._house),), inside=True)


def tone_file(house: House) -> Path:
    """The tone after which one speaks."""
    return house.context.data_folder / "tone.wav"


def tone() -> bytes:
    """The tone as a WAV file."""
    time = np.arange(8 * TONE_MS) / 8_000
    edge = np.minimum(1.0, np.minimum(time, time[::-1]) / 0.01)
    data = (6_000 * edge * np.sin(2 * np.pi * TONE_HZ * time)).astype("<i2").tobytes()
    return wav_head(8_000, 1, len(data)) + data
