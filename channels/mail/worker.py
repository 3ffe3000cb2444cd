"""Mails are read by throw-away workers (MAIL-2): this is the side of the main process.

``ParserPool.parse`` always gives something to show. A mail that a worker could not read in time
or memory is read again with less and less of it, each time in a fresh worker; in the end it
arrives with its raw source attached and a notice.
"""

import asyncio
import contextlib
import socket
import sys
from collections.abc import AsyncIterator, Mapping, Sequence

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
_SLACK_S = 0.5
_EXTRA_BYTES = 65_536
_PIECE = 262_144
Ladder = Sequence[tuple[Depth, Bounds]]
LADDER: Ladder = (
    (Depth.FULL, Bounds(cpu_s=5, wall_s=5)),
    (Depth.PLAIN, Bounds(cpu_s=2, wall_s=2)),
    (Depth.HEADERS, Bounds(cpu_s=1, wall_s=1)),
)
"""How much of a mail is read, and with which means: each step is taken when the one before it
failed. Their times and half a second each make the 10 s within which every mail is done."""
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
        ladder: Ladder = LADDER,
    ) -> None:
        self.ladder = ladder
        self.limits = limits
        self.site = site or Site()
        self.isolation = Isolation()
        self._slots = asyncio.Semaphore(workers)
        self._room = workers + waiting
        self._inside = 0
        self._starting = asyncio.Lock()
        self._stopped = True
        self._parent: asyncio.subprocess.Process | None = None
        self._control: socket.socket | None = None

    async def __aenter__(self) -> "ParserPool":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def process_id(self) -> int | None:
        """The process that forks the workers; None while there is none."""
        return self._parent.pid if self._parent is not None else None

    async def start(self) -> None:
        """Start the process that forks workers; raises OSError when it does not come up in 20 s.

        ``isolation`` then says what could be taken away from the workers.
        """
        self._stopped = False
        await self._start_parent()

    async def stop(self) -> None:
        """End the workers; mails in hand come out as failed. Never raises, takes 5 s at most."""
        self._stopped = True
        await self._end_parent()

    async def _start_parent(self) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(0)
        self._control = ours
        try:
            with theirs:
                self._parent = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-P", "-m", "channels.mail.worker_parent"),
                    str(theirs.fileno()),
                    pass_fds=(theirs.fileno(),),
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=asyncio.subprocess.DEVNULL,
                    stderr=asyncio.subprocess.DEVNULL,
                )
            async with asyncio.timeout(_START_S):
                hello = await asyncio.get_running_loop().sock_recv(ours, 256)
            self.isolation = msgspec.msgpack.decode(hello, type=Isolation)
        except (TimeoutError, OSError, msgspec.MsgspecError) as error:
            await self._end_parent()
            raise OSError("the process that reads mail did not start") from error

    async def _end_parent(self) -> None:
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

    async def parse(
        self, raw: bytes, *, envelope_sender: str | None = None
    ) -> ParsedMail | ParsingFailed:
        """Read a mail; takes 10 s at most once its turn has come. Raises Overloaded, only.

        ``envelope_sender`` is that of the SMTP dialogue; None for a fetched mail.
        A mail that takes too much comes back with less: without its HTML (``html_left_out``),
        then as ParsingFailed with its header fields.
        """
        if len(raw) > MAIL_BYTES:
            return ParsingFailed("too_large", _nothing())
        code = "crashed"
        async with self._turn():
            for depth, bounds in self.ladder:
                request = Request(bounds, self.limits, self.site, depth, envelope_sender)
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
        """One job in one fresh worker; once more when the process that forks died meanwhile."""
        for attempt in (1, 2):
            await self._ensure_parent()
            try:
                return await self._attempt(request, raw)
            except (TimeoutError, OSError, EOFError, msgspec.MsgspecError, ValueError) as error:
                if attempt == 2 or self._is_alive():
                    raise _JobFailed("crashed") from error
        raise AssertionError("both attempts return or raise")

    async def _attempt(self, request: Request, raw: bytes) -> tuple[Reply, tuple[bytes, ...]]:
        async with asyncio.timeout(request.bounds.wall_s + _SLACK_S):
            reader, writer = await self._fresh_worker(request.bounds)
            try:
                return await _converse(reader, writer, request, raw)
            finally:
                writer.transport.abort()

    async def _fresh_worker(
        self, bounds: Bounds
    ) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._control is None:
            raise OSError("no process that forks")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            try:
                message = msgspec.msgpack.encode(bounds)
                socket.send_fds(self._control, [message], [theirs.fileno()])
            except OSError:
                ours.close()
                raise
        ours.settimeout(0)
        return await asyncio.open_connection(sock=ours, limit=_PIECE)

    def _is_alive(self) -> bool:
        """Whether the process that forks still holds its end; it never says a word after hello."""
        if self._control is None:
            return False
        try:
            return self._control.recv(1, socket.MSG_PEEK) != b""
        except BlockingIOError:
            return True
        except OSError:
            return False

    async def _ensure_parent(self) -> None:
        """Start the process that forks again if it died; raises _JobFailed if it will not."""
        async with self._starting:
            if self._stopped:
                raise _JobFailed("no_worker")
            if self._is_alive():
                return
            await self._end_parent()
            try:
                await self._start_parent()
            except OSError as error:
                raise _JobFailed("no_worker") from error


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
    if sum(reply.sizes) > len(raw) + _EXTRA_BYTES or min(reply.sizes, default=0) < 0:
        raise ValueError("more attachments than the mail can hold")
    if reply.mail is not None and len(reply.sizes) != len(reply.mail.attachments):
        raise ValueError("attachments without their sizes")
    data = [await reader.readexactly(size) for size in reply.sizes]
    return reply, tuple(data)
