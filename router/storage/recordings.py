"""Recordings: what is known of each in a small database, its sound in a sealed file (FILE-6)."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Delete,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    Select,
    String,
    Table,
    Update,
    delete,
    false,
    func,
    insert,
    select,
    true,
    update,
)

from router.database import Database
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import DAY_MS, Instant, InteractionId, SubjectId
from router.model.recording import (
    CHANNELS_MAX,
    RATES_HZ,
    RECORDING_BYTES_MAX,
    Listening,
    Recording,
    RecordingKind,
)
from router.seals import FileReader, Files, FileWriter

LISTENINGS_SHOWN = 100
REMOVED_AT_ONCE = 200
_TABLES = MetaData(schema="carillon_recordings")

RECORDINGS = Table(
    "recordings",
    _TABLES,
    Column("recording_id", String(64), primary_key=True),
    Column("interaction_id", String(64), nullable=False, index=True),
    Column("subject", String(64), nullable=False, index=True),
    Column("kind", String(20), nullable=False),
    Column("began", BigInteger, nullable=False, index=True),
    Column("rate_hz", Integer, nullable=False),
    Column("channels", String(100), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("torn", Boolean, nullable=False),
    Column("kept", Boolean, nullable=False),
    Column("file_id", String(64), nullable=False),
    Column("hold_by", String(64), nullable=False),
    Column("hold_reason", String(500), nullable=False),
    Column("removed", BigInteger),
)

LISTENINGS = Table(
    "listenings",
    _TABLES,
    Column(
        "recording_id", ForeignKey("carillon_recordings.recordings.recording_id"), primary_key=True
    ),
    Column("number", BigInteger, primary_key=True),
    Column("listener", String(64), nullable=False),
    Column("name", String(200), nullable=False),
    Column("at", BigInteger, nullable=False),
)


class StoredRecordings:
    """The Recordings port. Constructor: ``StoredRecordings(url, files)``.

    ``url`` is a database of its own (``Database``); ``files`` keeps the sound.
    """

    def __init__(self, url: str, files: Files) -> None:
        self._database = Database(url, "recordings", _TABLES)
        self._files = files

    async def open(self) -> None:
        """Connect and bring the tables to today's shape. Raises StorageFailed."""
        await self._database.open()

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    async def store(self, recording: Recording) -> "StoredWriter":
        """Begin to store one; see the port."""
        if recording.rate_hz not in RATES_HZ:
            raise InvalidInput(f"{recording.rate_hz} samples a second", field="rate_hz")
        if not 1 <= len(recording.channels) <= CHANNELS_MAX:
            raise InvalidInput("one or two channels", field="channels")
        if not all(name.isidentifier() and len(name) <= 40 for name in recording.channels):
            raise InvalidInput("a channel is named by a word", field="channels")
        before = await self._database.look(partial(_row, recording_id=recording.recording_id))
        if before is not None and not before.kept:
            await self._files.remove(before.file_id)
        writer = await self._files.begin(recording.subject, RECORDING_BYTES_MAX)
        try:
            await self._database.change(partial(_begin, recording=recording, file=writer.file_id))
        except CarillonError:
            await writer.discard()
            raise
        return StoredWriter(recording, writer, self._files, self._database)

    async def of(self, interaction_id: InteractionId) -> Sequence[Recording]:
        """The recordings of an interaction in the order they began, deleted ones too."""
        wanted = (
            select(RECORDINGS)
            .where(RECORDINGS.c.interaction_id == interaction_id, RECORDINGS.c.kept == true())
            .order_by(RECORDINGS.c.began, RECORDINGS.c.recording_id)
        )
        return [_recording(row) for row in await self._rows(wanted)]

    async def recording(self, recording_id: str) -> Recording:
        """A kept recording. Raises NotFound."""
        return _recording(await self._found(recording_id))

    async def sound(self, recording: Recording) -> FileReader:
        """Its samples. Raises NotFound when they were deleted or their key is gone."""
        row = await self._found(recording.recording_id)
        if row.removed is not None:
            raise NotFound("the sound of this recording was deleted")
        return await self._files.reader(SubjectId(row.subject), row.file_id)

    async def heard(self, listening: Listening) -> None:
        """Note that somebody listens. Raises NotFound for an unknown recording."""

        def note(connection: Connection) -> None:
            # One number after the other: who listens at the same moment waits for this row.
            mine = RECORDINGS.c.recording_id == listening.recording_id
            held = connection.execute(select(RECORDINGS.c.began).where(mine).with_for_update())
            if held.first() is None:
                raise NotFound("there is no such recording")
            last = select(func.max(LISTENINGS.c.number)).where(
                LISTENINGS.c.recording_id == listening.recording_id
            )
            connection.execute(
                insert(LISTENINGS).values(
                    recording_id=listening.recording_id,
                    number=(connection.execute(last).scalar() or 0) + 1,
                    listener=listening.user,
                    name=listening.name,
                    at=listening.at,
                )
            )

        await self._database.change(note)

    async def listenings(self, recording_id: str) -> Sequence[Listening]:
        """Who listened, the newest first, 100 at most."""
        wanted = (
            select(LISTENINGS)
            .where(LISTENINGS.c.recording_id == recording_id)
            .order_by(LISTENINGS.c.number.desc())
            .limit(LISTENINGS_SHOWN)
        )
        return [
            Listening(row.recording_id, row.listener, row.name, Instant(row.at))
            for row in await self._rows(wanted)
        ]

    async def hold(self, recording_id: str, by: str, reason: str) -> Recording:
        """Keep it past its time; an empty reason ends the hold. Raises NotFound."""
        values = {"hold_by": by if reason else "", "hold_reason": reason}
        mine = RECORDINGS.c.recording_id == recording_id
        await self._write(update(RECORDINGS).where(mine).values(values))
        return await self.recording(recording_id)

    async def expire(self, before: Instant, now: Instant) -> int:
        """Delete the sound of those that began before a moment and are not held; how many.

        What began to be stored and was not kept within a day goes too.
        """
        forgotten = (RECORDINGS.c.kept == false()) & (RECORDINGS.c.began < now - DAY_MS)
        half = select(RECORDINGS.c.recording_id, RECORDINGS.c.file_id).where(forgotten)
        for row in await self._rows(half.limit(REMOVED_AT_ONCE)):
            await self._files.remove(row.file_id)
            mine = forgotten & (RECORDINGS.c.recording_id == row.recording_id)
            await self._write(delete(RECORDINGS).where(mine))
        return await self._remove(
            (RECORDINGS.c.began < before) & (RECORDINGS.c.hold_reason == ""), now
        )

    async def forget(self, subjects: Sequence[SubjectId], now: Instant) -> int:
        """Delete all sound of these customers (PRIV-3); how many."""
        return await self._remove(RECORDINGS.c.subject.in_(subjects), now)

    async def _remove(self, which: Any, now: Instant) -> int:
        wanted = (
            select(RECORDINGS.c.recording_id, RECORDINGS.c.file_id)
            .where(RECORDINGS.c.removed.is_(None), RECORDINGS.c.kept == true(), which)
            .limit(REMOVED_AT_ONCE)
        )
        count = 0
        while rows := await self._rows(wanted):
            for row in rows:
                # The sound first: what still says it is there is looked at again next time.
                await self._files.remove(row.file_id)
                mine = RECORDINGS.c.recording_id == row.recording_id
                await self._write(update(RECORDINGS).where(mine).values(removed=now))
            count += len(rows)
        return count

    async def _rows(self, wanted: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        return await self._database.look(lambda connection: connection.execute(wanted).all())

    async def _write(self, statement: Update | Delete) -> None:
        await self._database.change(lambda connection: connection.execute(statement).rowcount)

    async def _found(self, recording_id: str) -> Row[Any]:
        row = await self._database.look(partial(_row, recording_id=recording_id))
        if row is None or not row.kept:
            raise NotFound("there is no such recording")
        return row


class StoredWriter:
    """The RecordingWriter port over a file being written."""

    def __init__(
        self, recording: Recording, writer: FileWriter, files: Files, database: Database
    ) -> None:
        self._recording, self._writer = recording, writer
        self._files, self._database = files, database
        self._size = 0

    async def write(self, samples: bytes) -> None:
        """Add samples. Raises InvalidInput over the bound, StorageFailed; then discard it."""
        await self._writer.write(samples)
        self._size += len(samples)

    async def keep(self, *, torn: bool = False) -> Recording:
        """It is whole, or torn. Durable on return.

        Raises StorageFailed, and Refused (``exists``) when another began to store it meanwhile.
        """
        kept = msgspec.structs.replace(
            self._recording, size_bytes=self._size, torn=torn, kept=True, removed=None
        )
        await self._writer.keep()
        values = {"size_bytes": self._size, "torn": torn, "kept": True}
        change = update(RECORDINGS).where(self._mine).values(values)
        if not await self._database.change(lambda each: each.execute(change).rowcount):
            await self._files.remove(self._writer.file_id)
            raise Refused("this recording is stored by another", code="exists")
        return kept

    async def discard(self) -> None:
        """Do not keep it."""
        await self._writer.discard()
        gone = delete(RECORDINGS).where(self._mine, RECORDINGS.c.kept == false())
        await self._database.change(lambda each: each.execute(gone).rowcount)

    @property
    def _mine(self) -> Any:
        same = RECORDINGS.c.recording_id == self._recording.recording_id
        return same & (RECORDINGS.c.file_id == self._writer.file_id)


def _begin(connection: Connection, recording: Recording, file: str) -> None:
    """A row that says what is being stored; what another began and did not keep gives way."""
    row = _row(connection, recording.recording_id)
    if row is not None and row.kept:
        raise Refused("this recording is kept already", code="exists")
    mine = RECORDINGS.c.recording_id == recording.recording_id
    connection.execute(delete(RECORDINGS).where(mine))
    values = msgspec.structs.asdict(recording) | {
        "kind": recording.kind.value,
        "channels": ",".join(recording.channels),
        "file_id": file,
        "kept": False,
        "removed": None,
    }
    connection.execute(insert(RECORDINGS).values(values))


def _row(connection: Connection, recording_id: str) -> Row[Any] | None:
    wanted = select(RECORDINGS).where(RECORDINGS.c.recording_id == recording_id)
    return connection.execute(wanted).one_or_none()


def _recording(row: Row[Any]) -> Recording:
    return Recording(
        recording_id=row.recording_id,
        interaction_id=InteractionId(row.interaction_id),
        subject=SubjectId(row.subject),
        kind=RecordingKind(row.kind),
        began=Instant(row.began),
        rate_hz=row.rate_hz,
        channels=tuple(row.channels.split(",")),
        size_bytes=row.size_bytes,
        torn=row.torn,
        kept=True,
        hold_by=row.hold_by,
        hold_reason=row.hold_reason,
        removed=row.removed,
    )
