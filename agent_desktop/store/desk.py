"""What an agent's desk keeps on the server: drafts, read marks, settings, uploads."""

from collections.abc import Iterable, Sequence

import msgspec
from sqlalchemy import and_, delete, func, insert, select, update

from agent_desktop.store.schema import DRAFTS, READ_MARKS, SETTINGS, UPLOADS
from router.database import Database
from router.model.content import Sealed
from router.model.errors import Refused
from router.model.ids import AgentId, Instant, InteractionId, SubjectId


class DraftRow(msgspec.Struct, frozen=True):
    """Words not sent yet, sealed under their customer's key."""

    agent_id: AgentId
    interaction_id: InteractionId
    kind: str
    revision: int
    sealed: Sealed
    changed: Instant


class UploadRow(msgspec.Struct, frozen=True):
    """A file an agent brought; ``sealed`` holds its FileRef."""

    file_id: str
    interaction_id: InteractionId
    subject: SubjectId
    agent_id: AgentId
    size_bytes: int
    sealed: Sealed
    at: Instant
    used: bool = False


class DeskRows:
    """The tables behind a desk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def drafts(self, agent_id: AgentId, interaction_id: InteractionId) -> Sequence[DraftRow]:
        """An agent's drafts in an interaction."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(DRAFTS).where(
                    DRAFTS.c.agent_id == agent_id, DRAFTS.c.interaction_id == interaction_id
                )
            )
            return [
                DraftRow(
                    agent_id=agent_id,
                    interaction_id=interaction_id,
                    kind=row["kind"],
                    revision=row["revision"],
                    sealed=msgspec.msgpack.decode(row["sealed"], type=Sealed),
                    changed=Instant(row["changed"]),
                )
                for row in rows.mappings()
            ]

    async def save_draft(self, draft: DraftRow, after: int) -> None:
        """Keep a draft; Refused (``stale``) unless the kept one has the revision ``after``.

        There being none counts as any revision, so that a draft cleared elsewhere can be kept.
        """
        place = and_(
            DRAFTS.c.agent_id == draft.agent_id,
            DRAFTS.c.interaction_id == draft.interaction_id,
            DRAFTS.c.kind == draft.kind,
        )
        async with self._database.writing() as connection:
            await self._database.lock(connection, f"draft {draft.agent_id} {draft.interaction_id}")
            row = (await connection.execute(select(DRAFTS.c.revision).where(place))).first()
            if row is not None and row.revision > after:
                raise Refused("this draft was changed elsewhere", code="stale")
            await connection.execute(delete(DRAFTS).where(place))
            await connection.execute(
                insert(DRAFTS).values(
                    agent_id=draft.agent_id,
                    interaction_id=draft.interaction_id,
                    kind=draft.kind,
                    revision=draft.revision,
                    sealed=msgspec.msgpack.encode(draft.sealed),
                    changed=draft.changed,
                )
            )

    async def read_marks(self) -> Iterable[tuple[AgentId, InteractionId, int]]:
        """All read marks."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(READ_MARKS))
            return [
                (AgentId(row.agent_id), InteractionId(row.interaction_id), row.number)
                for row in rows
            ]

    async def save_read_mark(
        self, agent_id: AgentId, interaction_id: InteractionId, number: int, at: Instant
    ) -> None:
        """Remember how far an agent has read."""
        place = and_(
            READ_MARKS.c.agent_id == agent_id, READ_MARKS.c.interaction_id == interaction_id
        )
        async with self._database.writing() as connection:
            await self._database.lock(connection, f"mark {agent_id} {interaction_id}")
            done = await connection.execute(
                update(READ_MARKS).where(place).values(number=number, changed=at)
            )
            if not done.rowcount:
                await connection.execute(
                    insert(READ_MARKS).values(
                        agent_id=agent_id,
                        interaction_id=interaction_id,
                        number=number,
                        changed=at,
                    )
                )

    async def settings(self, user: str) -> str:
        """A user's settings as JSON; empty when they have none."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(SETTINGS.c.settings).where(SETTINGS.c.user == user)
            )
            return str(rows.scalar() or "")

    async def save_settings(self, user: str, settings: str) -> None:
        """Keep a user's settings."""
        async with self._database.writing() as connection:
            await self._database.lock(connection, f"settings {user}")
            await connection.execute(delete(SETTINGS).where(SETTINGS.c.user == user))
            await connection.execute(insert(SETTINGS).values(user=user, settings=settings))

    async def add_upload(self, upload: UploadRow) -> None:
        """Remember a file that was brought."""
        values = msgspec.structs.asdict(upload) | {"sealed": msgspec.msgpack.encode(upload.sealed)}
        async with self._database.writing() as connection:
            await connection.execute(insert(UPLOADS).values(values))

    async def upload(self, file_id: str, interaction_id: InteractionId) -> UploadRow | None:
        """A file brought to this very interaction."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(UPLOADS).where(
                    UPLOADS.c.file_id == file_id, UPLOADS.c.interaction_id == interaction_id
                )
            )
            row = rows.mappings().first()
        if row is None:
            return None
        return UploadRow(
            file_id=row["file_id"],
            interaction_id=InteractionId(row["interaction_id"]),
            subject=SubjectId(row["subject"]),
            agent_id=AgentId(row["agent_id"]),
            size_bytes=row["size_bytes"],
            sealed=msgspec.msgpack.decode(row["sealed"], type=Sealed),
            at=Instant(row["at"]),
            used=row["used"],
        )

    async def uploaded_bytes(self, interaction_id: InteractionId) -> int:
        """How much agents have brought to an interaction so far."""
        async with self._database.reading() as connection:
            rows = await connection.execute(
                select(func.sum(UPLOADS.c.size_bytes)).where(
                    UPLOADS.c.interaction_id == interaction_id
                )
            )
            return int(rows.scalar() or 0)

    async def mark_used(self, file_ids: Sequence[str], *, used: bool = True) -> None:
        """These files are sent, and kept with the entry; or they were not after all."""
        if not file_ids:
            return
        async with self._database.writing() as connection:
            await connection.execute(
                update(UPLOADS).where(UPLOADS.c.file_id.in_(file_ids)).values(used=used)
            )

    async def prune(self, drafts_before: Instant, uploads_before: Instant) -> list[str]:
        """Delete old drafts, marks and uploads never sent; the files of the latter are returned."""
        async with self._database.writing() as connection:
            await connection.execute(delete(DRAFTS).where(DRAFTS.c.changed < drafts_before))
            await connection.execute(delete(READ_MARKS).where(READ_MARKS.c.changed < drafts_before))
            gone = and_(UPLOADS.c.at < uploads_before, UPLOADS.c.used.is_(False))
            rows = await connection.execute(select(UPLOADS.c.file_id).where(gone))
            files = [row.file_id for row in rows]
            await connection.execute(delete(UPLOADS).where(gone))
        return files
