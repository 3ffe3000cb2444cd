"""The main process's line to one media node: wishes with a deadline each, and its events."""

import asyncio
import contextlib
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec

from channels.voice.media import protocol
from channels.voice.media.answers import (
    Allocated,
    Done,
    Event,
    Fetched,
    LegFigures,
    NodeFigures,
    Refused,
    Reply,
    Welcome,
)
from channels.voice.media.commands import Command, Fetch, Hello

DEADLINE_S = 5.0
CONNECT_S = 5.0
READ_BYTES = 256 * 1024

_Wanted = TypeVar("_Wanted", Allocated, Done, Fetched, LegFigures, NodeFigures, Welcome)


class MediaRefused(Exception):
    """The node did not do it, and nothing has changed. Code and field as in the protocol."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.message)
        self.code, self.field = refused.code, refused.field


class MediaLost(Exception):
    """The node did not answer in time, or its line is broken: what it did is not known."""


class MediaLine:
    """A line to a node, over a socket of this machine or TLS. ``connect`` makes one."""

    def __init__(
        self,
        streams: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        heard: Callable[[Event], None],
    ) -> None:
        self._reader, self._writer = streams
        self._heard = heard
        self._waiting: dict[int, asyncio.Future[Reply]] = {}
        self._number = 0
        self.closed = asyncio.Event()
        self._reading = asyncio.create_task(self._read(), name="media line")

    async def ask(
        self, wish: Command, wanted: type[_Wanted], *, deadline_s: float = DEADLINE_S
    ) -> _Wanted:
        """Have something done. Raises MediaRefused and MediaLost."""
        self._number += 1
        number = wish.number = self._number
        frame = protocol.framed(wish)
        if self.closed.is_set():
            raise MediaLost("the line is closed")
        answer: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            async with asyncio.timeout(deadline_s):
                self._writer.write(frame)
                await self._writer.drain()
                reply = await answer
        except (TimeoutError, OSError) as problem:
            raise MediaLost(f"no answer to {type(wish).__name__}") from problem
        finally:
            self._waiting.pop(number, None)
        if isinstance(reply, Refused):
            raise MediaRefused(reply)
        if not isinstance(reply, wanted):
            raise MediaLost(f"{type(reply).__name__} is no answer to {type(wish).__name__}")
        return reply

    async def do(self, wish: Command, *, deadline_s: float = DEADLINE_S) -> None:
        """Have something done that answers with nothing but that it is done."""
        await self.ask(wish, Done, deadline_s=deadline_s)

    async def recording(self, name: str) -> bytes:
        """A finished recording as it lies on the node's disk: ``sealed_recordings`` opens it."""
        whole = bytearray()
        while True:
            part = await self.ask(Fetch(name, len(whole)), Fetched)
            whole += part.data
            if len(whole) >= part.total or not part.data:
                return bytes(whole)

    async def close(self) -> None:
        """End the line; legs go on for a minute, for whoever says hello with the same name."""
        self._reading.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading

    async def _read(self) -> None:
        frames = protocol.Frames()
        try:
            while data := await self._reader.read(READ_BYTES):
                for frame in frames.feed(data):
                    self._take(protocol.ANSWERS.decode(frame))
        except (OSError, ValueError, msgspec.DecodeError):
            # What a node says that makes no sense ends the line, as silence does.
            pass
        finally:
            self.closed.set()
            self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(MediaLost("the line broke"))
            self._waiting.clear()

    def _take(self, said: Reply | Event) -> None:
        if not isinstance(said, Reply):
            self._heard(said)
            return
        answer = self._waiting.get(said.number)
        if answer is not None and not answer.done():
            answer.set_result(said)


class Place(msgspec.Struct, frozen=True):
    """Where a node listens: a path of this machine, or host, port and TLS."""

    path: Path | None = None
    host: str = ""
    port: int = 0
    tls: ssl.SSLContext | None = None


async def connect(
    place: Place, owner: str, epoch: int, heard: Callable[[Event], None]
) -> tuple[MediaLine, Welcome]:
    """A line to a node. Raises MediaLost when there is none, MediaRefused for an old epoch."""
    try:
        async with asyncio.timeout(CONNECT_S):
            if place.path is not None:
                streams = await asyncio.open_unix_connection(place.path)
            else:
                streams = await asyncio.open_connection(place.host, place.port, ssl=place.tls)
    except (OSError, TimeoutError) as problem:
        raise MediaLost(f"no media node there: {problem}") from problem
    line = MediaLine(streams, heard)
    try:
        welcome = await line.ask(Hello(owner, epoch), Welcome)
    except (MediaLost, MediaRefused):
        await line.close()
        raise
    return line, welcome
