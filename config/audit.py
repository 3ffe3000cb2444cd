"""Who changed what: JSON lines whose hashes chain, so that a changed line is found (PRIV-6).

A line is durable before what it tells of is done; where it cannot be written, nothing is done
(LOG-3). The desk, the configuration and the command line write to the same file: each holds it
while it appends, and follows what others have appended.
"""

import asyncio
import fcntl
import hashlib
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from agent_desktop.audit import AuditEntry, Verdict
from router.model.errors import StorageFailed
from router.ports import Clock

FIRST = "0" * 64
"""The hash before the first line."""

DETAIL_MAX = 4_000
READ_MAX = 500


class Audit:
    """One file. Constructor: ``Audit(path, clock)``; ``open`` first."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
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
            utc=_utc(self._clock),
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
            return await asyncio.to_thread(self._append, bare)

    async def read(self, before: int | None = None, limit: int = 100) -> list[AuditEntry]:
        """The newest lines first, those before a number when one is given; 500 at most."""
        return await asyncio.to_thread(self._read, before, min(limit, READ_MAX))

    async def verify(self) -> Verdict:
        """Follow the whole chain. Raises StorageFailed when it cannot be read."""
        return await asyncio.to_thread(verify, self._path)

    def _open(self) -> None:
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                whole = stream.seek(0, os.SEEK_END)
                end = _end_of_lines(stream.fileno(), whole)
                if end < whole:
                    stream.truncate(end)
                    os.fsync(stream.fileno())
        except OSError as error:
            raise StorageFailed(f"the audit {self._path}: {error}") from error
        self._follow_end(end)

    def _follow_end(self, size: int) -> None:
        """Take up the chain where it ends now, at this many bytes."""
        last = next(_backwards(self._path), None)
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

    def _read(self, before: int | None, limit: int) -> list[AuditEntry]:
        found: list[AuditEntry] = []
        for line in _backwards(self._path):
            if len(found) >= limit:
                break
            entry = msgspec.json.decode(line, type=AuditEntry)
            if before is None or entry.seq < before:
                found.append(entry)
        return found


def verify(path: Path) -> Verdict:
    """Follow the whole chain; names the first line that was changed, left out or put in.

    Raises StorageFailed when the file cannot be read.
    """
    seq, last = 0, FIRST
    try:
        with path.open("rb") as stream:
            for line in stream:
                seq += 1
                try:
                    entry = msgspec.json.decode(line, type=AuditEntry)
                except msgspec.MsgspecError:
                    return Verdict(seq - 1, last, seq, "is not a line of an audit")
                if entry.seq != seq:
                    return Verdict(seq - 1, last, seq, f"bears the number {entry.seq}")
                if entry.prev != last:
                    return Verdict(seq - 1, last, seq, "does not follow the one before it")
                if entry.h != _hash(entry):
                    return Verdict(seq - 1, last, seq, "was changed")
                last = entry.h
    except OSError as error:
        raise StorageFailed(f"the audit {path}: {error}") from error
    return Verdict(seq, last)


def _hash(entry: AuditEntry) -> str:
    bare = msgspec.json.encode(msgspec.structs.replace(entry, h=""))
    return hashlib.sha256(entry.prev.encode() + bare).hexdigest()


def _utc(clock: Clock) -> str:
    moment = datetime.fromtimestamp(clock.now() / 1_000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _end_of_lines(descriptor: int, size: int) -> int:
    """Where the last whole line ends."""
    at = size
    while at > 0:
        start = max(0, at - 65_536)
        found = os.pread(descriptor, at - start, start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        at = start
    return 0


def _backwards(path: Path) -> Iterator[bytes]:
    """The lines from the last to the first, without reading more than is asked for."""
    with path.open("rb") as stream:
        at = stream.seek(0, os.SEEK_END)
        rest = b""
        while at > 0:
            start = max(0, at - 65_536)
            stream.seek(start)
            lines = (stream.read(at - start) + rest).split(b"\n")
            rest = lines[0]
            yield from (line for line in reversed(lines[1:]) if line)
            at = start
        if rest:
            yield rest
