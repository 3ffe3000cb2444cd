"""A line that breaks: a TCP proxy on loopback that cuts, delays and freezes what goes through."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

CHUNK_BYTES = 65_536


class ChaosProxy:
    """Forwards connections to a port; tests break them. ``port`` is where to connect to."""

    def __init__(self, target_port: int, target_host: str = "127.0.0.1") -> None:
        self._target = (target_host, target_port)
        self._server: asyncio.Server | None = None
        self._lines: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._refusing = False
        self.delay_s = 0.0
        self.bytes_down = 0

    @property
    def port(self) -> int:
        assert self._server is not None, "the proxy is not open"
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def origin(self) -> str:
        """Where a browser finds the page that is behind it."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def connections(self) -> int:
        """How many lines are up."""
        return len(self._lines)

    def cut(self) -> None:
        """Break every line without a word, as a pulled cable does once it is noticed."""
        for writer in tuple(self._writers):
            writer.transport.abort()

    def sever(self) -> None:
        """Break every line, and every new one at once, until ``mend``."""
        self._refusing = True
        self.cut()

    def mend(self) -> None:
        """Take connections again."""
        self._refusing = False

    def freeze(self) -> None:
        """Let nothing through any more in either direction; the lines stay up."""
        self._flowing.clear()

    def thaw(self) -> None:
        """Let what was held back through, and everything after it."""
        self._flowing.set()

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
        self.thaw()
        self.cut()
        if self._lines:
            await asyncio.wait(self._lines)
        if self._server is not None:
            await self._server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.current_task()
        assert line is not None
        self._lines.add(line)
        self._writers.add(writer)
        try:
            if self._refusing:
                writer.transport.abort()
                return
            far_reader, far_writer = await asyncio.open_connection(*self._target)
            self._writers.add(far_writer)
            try:
                async with asyncio.TaskGroup() as both:
                    both.create_task(self._pump(reader, far_writer, down=False))
                    both.create_task(self._pump(far_reader, writer, down=True))
            finally:
                self._writers.discard(far_writer)
                far_writer.transport.abort()
        except* OSError:
            pass  # A line that breaks is what this is for.
        finally:
            self._lines.discard(line)
            self._writers.discard(writer)
            writer.transport.abort()

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, down: bool
    ) -> None:
        while data := await source.read(CHUNK_BYTES):
            if self.delay_s:
                await asyncio.sleep(self.delay_s)
            await self._flowing.wait()
            if down:
                self.bytes_down += len(data)
            sink.write(data)
            await sink.drain()
        with contextlib.suppress(OSError):
            sink.write_eof()
        raise ConnectionResetError


@asynccontextmanager
async def chaos_proxy(target_port: int) -> AsyncIterator[ChaosProxy]:
    """A proxy in front of a port, within the ``async with``."""
    proxy = ChaosProxy(target_port)
    await proxy.open()
    try:
        yield proxy
    finally:
        await proxy.close()
