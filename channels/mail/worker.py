"""Mails are read by throw-away workers (MAIL-2): this is the side of the main process.

``ParserPool.parse`` always gives something to show. A mail that a worker could not read in time
or memory is read again with less and less of it, each time in a fresh worker; in the end it
arrives with its raw source attached and a notice.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Mapping

import msgspec

from channels.mail.kinds import Kind, Recognised
from channels.mail.limits import DEFAULT_LIMITS, Limits
from channels.mail.parsing import UNREADABLE, Depth, ParsedMail, Site
from channels.mail.sandbox import Bounds, Isolation
from channels.mail.verdicts import DkimResult, Result
from channels.mail.worker_protocol import (
    LENGTH,
    MAIL_BYTES,
    REPLY_BYTES,
    Reply,
    Request,
    with_attachments,
)
from router.model.content import MailHeaders
from router.model.errors import Overloaded

_START_S = 20
_STOP_S = 5
_SLACK_BYTES = 65_536
_PIECE = 262_144
_LADDER = (
    (Depth.FULL, Bounds(cpu_s=5, wall_s=5)),
    (Depth.PLAIN, Bounds(cpu_s=2, wall_s=2)),
    (Depth.HEADERS, Bounds(cpu_s=1, wall_s=1)),
)
_SIGNATURE_BOUNDS = Bounds(cpu_s=3, wall_s=4)


class ParsingFailed(msgspec.Struct, frozen=True):
    """A mail that could not be read. ``mail`` holds what could: its header fields, or nothing.

    The interaction arrives all the same: store the raw source, attach it, show the notices of
    ``mail``. ``code`` says why, for the log: ``crashed`` (time or memory ran out, or the worker
    died), ``memory``, ``too_large``, ``no_worker``, or the name of an error in our own code.
    """

    code: str
    mail: ParsedMail


class _JobFailed(Exception):
    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ParserPool:
    """Reads mails in fresh worker processes, a few at a time.

    ``workers`` run at once; ``waiting`` more calls may wait, beyond that ``parse`` raises
    Overloaded. Use it as an asynchronous context manager, or call ``start`` and ``stop``.
    """

    def __init__(
        self,
        *,
        workers: int = 2,
        waiting: int = 200,
        limits: Limits = DEFAULT_LIMITS,
        site: Site | None = None,
    ) -> None:
        self.limits = limits
        self.site = site or Site()
        self.isolation = Isolation()
        self._slots = asyncio.Semaphore(workers)
        self._room = workers + waiting
        self._inside = 0
        self._starting = asyncio.Lock()
        self._parent: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None

    async def __aenter__(self) -> "ParserPool":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def start(self) -> None:
        """Start the process that forks workers; raises OSError when it does not come up in 20 s.

        ``isolation`` then says what could be taken away from the workers.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(0)
        with theirs:
            self._parent = await asyncio.create_subprocess_exec(
                sys.executable,
                "-P",
                "-m",
                "channels.mail.worker_parent",
                str(theirs.fileno()),
                pass_fds=(theirs.fileno(),),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.DEVNULL,
            )
        self._control = ours
        try:
            async with asyncio.timeout(_START_S):
                hello = await asyncio.get_running_loop().sock_recv(ours, 256)
            self.isolation = msgspec.msgpack.decode(hello, type=Isolation)
        except (TimeoutError, OSError, msgspec.DecodeError) as error:
            await self.stop()
            raise OSError("the process that reads mail did not start") from error

    async def stop(self) -> None:
        """End the workers; mails in hand come out as failed. Never raises, takes 5 s at most."""
        if self._control is not None:
            self._control.close()
            self._control = None
        parent, self._parent = self._parent, None
        if parent is None:
            return
        try:
            async with asyncio.timeout(_STOP_S):
                await parent.wait()
        except TimeoutError:
            with contextlib.suppress(ProcessLookupError):
                parent.kill()
            await parent.wait()

    async def parse(self, raw: bytes) -> ParsedMail | ParsingFailed:
        """Read a mail; takes 10 s at most once its turn has come. Raises Overloaded, only.

        A mail that takes too much comes back with less: without its HTML (``html_left_out``),
        then as ParsingFailed with its header fields.
        """
        if len(raw) > MAIL_BYTES:
            return ParsingFailed("too_large", _nothing())
        code = "crashed"
        async with self._turn():
            for depth, bounds in _LADDER:
                request = Request(bounds, self.limits, self.site, depth)
                try:
                    reply, data = await self._run(request, raw)
                except _JobFailed as failed:
                    code = failed.code
                    continue
                mail = with_attachments(reply, data)
                if mail is None:
                    code = reply.failure or "crashed"
                elif depth is Depth.HEADERS:
                    return ParsingFailed(code, mail)
                else:
                    return mail
        return ParsingFailed(code, _nothing())

    async def verify(self, raw: bytes, keys: Mapping[str, str]) -> tuple[DkimResult, ...]:
        """Check DKIM signatures; ``authentication.check_authentication`` takes this function.

        A worker that fails is a temporary error of every signature. Raises Overloaded.
        """
        async with self._turn():
            try:
                request = Request(bounds=_SIGNATURE_BOUNDS, keys=dict(keys))
                reply, _ = await self._run(request, raw)
            except _JobFailed:
                return (DkimResult(Result.TEMPERROR, "", detail="could not be checked"),)
        return reply.signatures

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        if self._inside >= self._room:
            raise Overloaded("too many mails wait to be read")
        self._inside += 1
        try:
            async with self._slots:
                yield
        finally:
            self._inside -= 1

    async def _run(self, request: Request, raw: bytes) -> tuple[Reply, tuple[bytes, ...]]:
        try:
            async with asyncio.timeout(request.bounds.wall_s + 0.5):
                reader, writer = await self._fresh_worker(request.bounds, len(raw))
                try:
                    return await _converse(reader, writer, request, raw)
                finally:
                    writer.transport.abort()
        except (TimeoutError, OSError, EOFError, msgspec.DecodeError, ValueError) as error:
            raise _JobFailed("crashed") from error

    async def _fresh_worker(
        self, bounds: Bounds, size: int
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                await self._send_descriptor(theirs, bounds)
            except OSError as error:
                ours.close()
                raise _JobFailed("no_worker") from error
        ours.settimeout(0)
        return await asyncio.open_connection(sock=ours, limit=_PIECE)

    async def _send_descriptor(self, theirs: socket.socket, bounds: Bounds) -> None:
        """Hand a socket to the parent; one that has died is started again, once."""
        message = msgspec.msgpack.encode(bounds)
        if self._control is not None:
            with contextlib.suppress(OSError):
                socket.send_fds(self._control, [message], [theirs.fileno()])
                return
        async with self._starting:
            if self._parent is None or self._parent.returncode is not None:
                await self.stop()
                await self.start()
        if self._control is None:
            raise OSError("no process to read mail")
        socket.send_fds(self._control, [message], [theirs.fileno()])


def _nothing() -> ParsedMail:
    return ParsedMail(
        headers=MailHeaders(),
        recognised=Recognised(Kind.NOTICE, "unreadable"),
        notices=(UNREADABLE,),
        sender_clear=False,
    )


async def _converse(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: Request, raw: bytes
) -> tuple[Reply, tuple[bytes, ...]]:
    head = msgspec.msgpack.encode(request)
    writer.write(LENGTH.pack(len(head)) + head)
    view = memoryview(raw)
    for start in range(0, len(raw), _PIECE):
        writer.write(view[start : start + _PIECE])
        await writer.drain()
    writer.write_eof()
    (length,) = LENGTH.unpack(await reader.readexactly(LENGTH.size))
    if length > REPLY_BYTES:
        raise ValueError("reply too large")
    reply = msgspec.msgpack.decode(await reader.readexactly(length), type=Reply)
    if sum(reply.sizes) > len(raw) + _SLACK_BYTES or min(reply.sizes, default=0) < 0:
        raise ValueError("more attachments than the mail can hold")
    data = [await reader.readexactly(size) for size in reply.sizes]
    return reply, tuple(data)
