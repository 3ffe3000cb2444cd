"""What the voice channel keeps itself: calls in hand, callbacks, recordings to fetch, devices.

Numbers and keys of recordings are sealed boxes here, as words are in the log (PRIV-1).
"""

from collections.abc import Sequence

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from router.database import Database
from router.model.content import Sealed
from router.model.ids import AgentId, Instant, InteractionId, SubjectId
from router.telephones import Device

_TABLES = MetaData()
_CALLS = Table(
    "voice_calls",
    _TABLES,
    Column("interaction_id", String(32), primary_key=True),
    Column("subject", String(32), nullable=False),
    Column("language", String(20), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("callback", LargeBinary, nullable=True),
    Column("tries", Integer, nullable=False),
)
_RECORDINGS = Table(
    "voice_recordings",
    _TABLES,
    Column("recording", String(64), primary_key=True),
    Column("interaction_id", String(32), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("message", Boolean, nullable=False),
    Column("key", LargeBinary, nullable=False),
)
_DEVICES = Table(
    "voice_devices",
    _TABLES,
    Column("agent_id", String(200), primary_key=True),
    Column("device", String(16), nullable=False),
)


class KeptCall(msgspec.Struct, frozen=True):
    """A call in hand, or a promise to call back (``callback`` is the sealed number)."""

    interaction_id: InteractionId
    subject: SubjectId
    language: str
    at: Instant
    callback: Sealed | None = None
    tries: int = 0


class KeptRecording(msgspec.Struct, frozen=True):
    """A recording that lies at a node until it is fetched; ``message``: a customer left it."""

    recording: str
    interaction_id: InteractionId
    subject: SubjectId
    at: Instant
    message: bool
    key: Sealed


class VoiceStore:
    """The tables of the voice channel. Every method raises StorageFailed when the base fails."""

    def __init__(self, url: str) -> None:
        """Raises InvalidInput for a URL that is no database's."""
        self._tables = Database(url, "voice", _TABLES)

    async def open(self) -> None:
        """Make the tables where they are missing."""
        await self._tables.open()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._tables.close()

    async def begin_call(self, call: KeptCall) -> None:
        """Keep that a call is in hand."""
        async with self._tables.writing() as connection:
            await connection.execute(
                self._tables.insert(_CALLS)
                .values(
                    interaction_id=call.interaction_id,
                    subject=call.subject,
                    language=call.language,
                    at=call.at,
                    callback=_box(call.callback),
                    tries=call.tries,
                )
                .on_conflict_do_nothing()
            )

    async def promise(self, interaction_id: InteractionId, callback: Sealed) -> None:
        """Keep that somebody is to be called back."""
        async with self._tables.writing() as connection:
            await connection.execute(
                update(_CALLS)
                .where(_CALLS.c.interaction_id == interaction_id)
                .values(callback=_box(callback))
            )

    async def tried(self, interaction_id: InteractionId, tries: int) -> None:
        """Keep how often somebody was called back in vain."""
        async with self._tables.writing() as connection:
            await connection.execute(
                update(_CALLS).where(_CALLS.c.interaction_id == interaction_id).values(tries=tries)
            )

    async def end_call(self, interaction_id: InteractionId) -> None:
        """Forget a call that is over."""
        async with self._tables.writing() as connection:
            await connection.execute(
                delete(_CALLS).where(_CALLS.c.interaction_id == interaction_id)
            )

    async def calls(self) -> Sequence[KeptCall]:
        """All calls that were in hand, oldest first."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(select(_CALLS).order_by(_CALLS.c.at))
            return [
                KeptCall(
                    InteractionId(row["interaction_id"]),
                    SubjectId(row["subject"]),
                    row["language"],
                    Instant(row["at"]),
                    _opened(row["callback"]) if row["callback"] is not None else None,
                    row["tries"],
                )
                for row in rows.mappings()
            ]

    async def begin_recording(self, kept: KeptRecording) -> None:
        """Keep what opens a recording, before it begins."""
        async with self._tables.writing() as connection:
            await connection.execute(
                insert(_RECORDINGS).values(
                    recording=kept.recording,
                    interaction_id=kept.interaction_id,
                    subject=kept.subject,
                    at=kept.at,
                    message=kept.message,
                    key=_box(kept.key),
                )
            )

    async def end_recording(self, recording: str) -> None:
        """Forget a recording that was fetched, or never became one."""
        async with self._tables.writing() as connection:
            await connection.execute(
                delete(_RECORDINGS).where(_RECORDINGS.c.recording == recording)
            )

    async def recordings(self) -> Sequence[KeptRecording]:
        """All recordings that were not fetched, oldest first."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(select(_RECORDINGS).order_by(_RECORDINGS.c.at))
            return [
                KeptRecording(
                    row["recording"],
                    InteractionId(row["interaction_id"]),
                    SubjectId(row["subject"]),
                    Instant(row["at"]),
                    row["message"],
                    _opened(row["key"]),
                )
                for row in rows.mappings()
            ]

    async def choose(self, agent_id: AgentId, device: Device) -> None:
        """Keep which device of an agent rings."""
        async with self._tables.writing() as connection:
            statement = self._tables.insert(_DEVICES).values(agent_id=agent_id, device=device.value)
            await connection.execute(
                statement.on_conflict_do_update(
                    index_elements=["agent_id"], set_={"device": device.value}
                )
            )

    async def devices(self) -> dict[AgentId, Device]:
        """What agents have chosen."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(select(_DEVICES))
            return {AgentId(row["agent_id"]): Device(row["device"]) for row in rows.mappings()}


def _box(sealed: Sealed | None) -> bytes | None:
    return None if sealed is None else msgspec.msgpack.encode(sealed)


def _opened(box: bytes) -> Sealed:
    return msgspec.msgpack.decode(box, type=Sealed)
