"""Who changed what: JSON lines whose hashes chain, so that a changed line is found (PRIV-6).

A line is durable before what it tells of is done; where it cannot be written, nothing is done
(LOG-3). The desk, the configuration and the command line write to the same file: each holds it
while it appends, and follows what others have appended.
"""

import asyncio
import fcntl
import hashlib
import logging
import os
from pathlib import Path

import msgspec

from agent_desktop.audit import AuditEntry, AuditPage, AuditQuestion, Verdict
from config.checkpoints import EVERY_MS, Checkpoints, Marks
from config.lines import backwards, end_of_lines, first_lines, utc
from router.model.errors import StorageFailed
from router.ports import Clock

log = logging.getLogger(__name__)

FIRST = "0" * 64
"""The hash before the first line."""

DETAIL_MAX = 4_000
READ_MAX = 500
LOOKED_AT_MAX = 50_000
"""Lines that one question looks at; its answer says where to go on."""


class Audit:
    """One file. Constructor: ``Audit(path, clock, checkpoints)``; ``open`` first.

    Without checkpoints nothing is signed here: the command line leaves that to the centre.
    """

    def __init__(self, path: Path, clock: Clock, checkpoints: Checkpoints | None = None) -> None:
        self._path = path
        self._clock = clock
        self._checkpoints = checkpoints
        self._verifying = asyncio.Lock()
        self._turn = asyncio.Lock()
        self._seq = 0
        self._last = FIRST
        self._size = 0

    async def open(self) -> None:
        """Find the end of the chain; a line torn by a crash is cut off (it was never confirmed).

        Raises StorageFailed when the file cannot be used or its last line is not its own.
        """
        await asyncio.to_thread(self._open)

    async def record(
        self,
        action: str,
        what: str,
        *,
        actor: str,
        role: str = "",
        address: str = "",
        reason: str = "",
        detail: str = "",
    ) -> AuditEntry:
        """Add a line; durable on return. Raises StorageFailed: then do not do it."""
        bare = AuditEntry(
            seq=0,
            utc=utc(self._clock.now()),
            actor=actor,
            role=role,
            address=address,
            action=action,
            object=what,
            reason=reason[:DETAIL_MAX],
            detail=detail[:DETAIL_MAX],
            prev="",
        )
        async with self._turn:
            entry = await asyncio.to_thread(self._append, bare)
        if self._checkpoints is not None and self._checkpoints.due(entry.seq):
            await self._try_to_sign()
        return entry

    async def read(self, question: AuditQuestion) -> AuditPage:
        """The newest lines first that answer a question. Raises StorageFailed."""
        return await asyncio.to_thread(self._read, question)

    async def verify(self) -> Verdict:
        """Follow the whole chain, one at a time. Raises StorageFailed when it cannot be read."""
        async with self._verifying:
            return await asyncio.to_thread(self._verify)

    async def sign(self) -> None:
        """Sign the newest line, whoever wrote it, unless it is signed already.

        Raises StorageFailed when it cannot be signed, or when lines that were signed are gone.
        """
        if self._checkpoints is not None:
            async with self._turn:
                await asyncio.to_thread(self._sign, self._checkpoints)

    async def keep_signing(self) -> None:
        """Sign once a minute for as long as this runs, and once more when it is told to end."""
        try:
            while True:
                await asyncio.sleep(EVERY_MS / 1_000)
                await self._try_to_sign()
        finally:
            await self._try_to_sign()

    async def _try_to_sign(self) -> None:
        """What cannot be signed stays unsigned, and the next time tries again; the log says so."""
        try:
            await self.sign()
        except StorageFailed as error:
            log.error(
                "the audit could not be signed",
                extra={"event": "audit_unsigned", "reason": error.message},
            )

    def _sign(self, checkpoints: Checkpoints) -> None:
        try:
            with self._path.open("rb") as stream:
                fcntl.flock(stream, fcntl.LOCK_SH)
                self._follow_end(os.fstat(stream.fileno()).st_size)
        except OSError as error:
            raise StorageFailed(f"the audit {self._path}: {error}") from error
        if self._seq:
            checkpoints.sign(self._seq, self._last)

    def _verify(self) -> Verdict:
        return verify(self._path, self._checkpoints.marks() if self._checkpoints else None)

    def _open(self) -> None:
        if self._checkpoints is not None:
            self._checkpoints.open()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                whole = stream.seek(0, os.SEEK_END)
                end = end_of_lines(stream.fileno())
                if end < whole:
                    stream.truncate(end)
                    os.fsync(stream.fileno())
        except OSError as error:
            raise StorageFailed(f"the audit {self._path}: {error}") from error
        self._follow_end(end)

    def _follow_end(self, size: int) -> None:
        """Take up the chain where it ends now, at this many bytes."""
        last = next(backwards(self._path), None)
        if last is None:
            self._seq, self._last, self._size = 0, FIRST, size
            return
        try:
            entry = msgspec.json.decode(last, type=AuditEntry)
        except msgspec.MsgspecError as error:
            raise StorageFailed(f"the audit {self._path}: its last line: {error}") from error
        if entry.h != _hash(entry):
            raise StorageFailed(f"the audit {self._path}: line {entry.seq} was changed")
        self._seq, self._last, self._size = entry.seq, entry.h, size

    def _append(self, bare: AuditEntry) -> AuditEntry:
        try:
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                # Held until it is closed; another process holds it for one line at most.
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                before = os.fstat(descriptor).st_size
                if before != self._size:
                    self._follow_end(before)
                numbered = msgspec.structs.replace(bare, seq=self._seq + 1, prev=self._last)
                entry = msgspec.structs.replace(numbered, h=_hash(numbered))
                line = msgspec.json.encode(entry) + b"\n"
                if os.write(descriptor, line) != len(line):
                    os.ftruncate(descriptor, before)
                    raise OSError("the line was written in part only")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StorageFailed(f"the audit cannot be written: {error}") from error
        self._seq, self._last, self._size = entry.seq, entry.h, before + len(line)
        return entry

    def _read(self, question: AuditQuestion) -> AuditPage:
        found: list[AuditEntry] = []
        looked_at = 0
        try:
            for line in backwards(self._path):
                entry = _entry(line)
                # What is not a line any more hides none of the others; verifying names it.
                if entry is None or entry.seq >= question.before:
                    continue
                if len(found) >= min(question.limit, READ_MAX) or looked_at >= LOOKED_AT_MAX:
                    return AuditPage(found, entry.seq + 1)
                looked_at += 1
                if question.fits(entry):
                    found.append(entry)
        except OSError as error:
            raise StorageFailed(f"the audit {self._path}: {error}") from error
        return AuditPage(found)


def verify(path: Path, marks: Marks | None = None) -> Verdict:
    """Follow the whole chain; names the first line that was changed, left out or put in.

    With the checkpoints' marks a chain that was written anew or cut off shows, too. Raises
    StorageFailed when a file cannot be read.
    """
    seq, last = 0, FIRST

    def bad(reason: str) -> Verdict:
        return _verdict(seq - 1, last, marks, first_bad=seq, reason=reason)

    try:
        for line in first_lines(path, _size_between_writes(path)):
            seq += 1
            entry = _entry(line)
            if entry is None:
                return bad("is not a line of an audit")
            if entry.seq != seq:
                return bad(f"bears the number {entry.seq}")
            if entry.prev != last:
                return bad("does not follow the one before it")
            if entry.h != _hash(entry):
                return bad("was changed")
            if marks is not None and (reason := marks.against(seq, entry.h)):
                return bad(reason)
            last = entry.h
    except OSError as error:
        raise StorageFailed(f"the audit {path}: {error}") from error
    if marks is not None and (reason := marks.missing()):
        seq += 1
        return bad(reason)
    return _verdict(seq, last, marks)


def _verdict(
    entries: int, last: str, marks: Marks | None, first_bad: int | None = None, reason: str = ""
) -> Verdict:
    if marks is None:
        return Verdict(entries, last, first_bad, reason)
    return Verdict(entries, last, first_bad, reason, marks.passed, marks.signed_to)


def _size_between_writes(path: Path) -> int:
    """How long the file is while nobody is in the middle of a line."""
    with path.open("rb") as stream:
        fcntl.flock(stream, fcntl.LOCK_SH)
        return os.fstat(stream.fileno()).st_size


def _entry(line: bytes) -> AuditEntry | None:
    try:
        return msgspec.json.decode(line, type=AuditEntry)
    except msgspec.MsgspecError:
        return None


def _hash(entry: AuditEntry) -> str:
    bare = msgspec.json.encode(msgspec.structs.replace(entry, h=""))
    return hashlib.sha256(entry.prev.encode() + bare).hexdigest()
