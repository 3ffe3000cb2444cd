"""What the chat channel keeps itself: who may resume what, and what a visitor is shown.

Words are sealed boxes here as they are in the log (PRIV-1). A conversation's rows go 24 hours
after its last word, or when its last answer went by mail; the log keeps what was said.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    RowMapping,
    String,
    Table,
    Text,
    delete,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from channels.chat.records import ENDED, Conversation, Item
from router.database import AlreadyThere, Database
from router.model.content import FileRef, Sealed
from router.model.ids import Instant, InteractionId

_TABLES = MetaData()
_CONVERSATIONS = Table(
    "chat_conversations",
    _TABLES,
    Column("interaction_id", String(32), primary_key=True),
    Column("site", String(40), nullable=False),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("start_id", String(64), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("language", String(35), nullable=False),
    Column("state", String(16), nullable=False),
    Column("last_seq", Integer, nullable=False),
    Column("last_at", BigInteger, nullable=False),
    Column("seen_number", Integer, nullable=False),
    Column("got_seq", Integer, nullable=False),
    Column("read_seq", Integer, nullable=False),
    Column("rated", Boolean, nullable=False),
    Column("identified", Boolean, nullable=False),
    Column("mail_box", LargeBinary, nullable=True),
    Column("agent_id", String(200), nullable=True),
)
_ITEMS = Table(
    "chat_items",
    _TABLES,
    Column(
        "interaction_id",
        ForeignKey("chat_conversations.interaction_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("seq", Integer, primary_key=True),
    Column("key", String(120), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("entry_id", String(32), nullable=True),
    Column("number", Integer, nullable=False),
    Column("sealed", LargeBinary, nullable=True),
    Column("data", Text, nullable=False),
    Column("mail_due", Boolean, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("about", String(200), nullable=False),
    Index("chat_items_key", "interaction_id", "key", unique=True),
    Index("chat_items_mail_due", "mail_due"),
)
_FILES = Table(
    "chat_files",
    _TABLES,
    Column("file_id", String(64), primary_key=True),
    Column("interaction_id", String(32), nullable=False, index=True),
    Column("size_bytes", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("used", Boolean, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)
_IDENTITIES = Table(
    "chat_identities",
    _TABLES,
    Column("jti", String(64), primary_key=True),
    Column("expires", BigInteger, nullable=False),
)


class ChatStore:
    """The tables of the chat channel. Every method raises StorageFailed when the base fails."""

    def __init__(self, url: str) -> None:
        """Raises InvalidInput for a URL that is no database's."""
        self._tables = Database(url, "chat", _TABLES)

    async def open(self) -> None:
        """Make the tables where they are missing."""
        await self._tables.open()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._tables.close()

    async def add_conversation(self, conversation: Conversation) -> Conversation:
        """Keep a new conversation; one with the same token that is there already is returned."""
        try:
            async with self._tables.writing() as connection:
                await connection.execute(
                    insert(_CONVERSATIONS).values(**msgspec.structs.asdict(conversation))
                )
        except AlreadyThere:
            there = await self.by_token(conversation.token_digest)
            if there is None:
                raise
            return there
        return conversation

    async def by_token(self, token_digest: str) -> Conversation | None:
        """The conversation a token opens."""
        return await self._conversation(_CONVERSATIONS.c.token_digest == token_digest)

    async def by_id(self, interaction_id: InteractionId) -> Conversation | None:
        """The conversation of an interaction."""
        return await self._conversation(_CONVERSATIONS.c.interaction_id == interaction_id)

    async def open_ones(self) -> Sequence[Conversation]:
        """All conversations that have not ended."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(
                select(_CONVERSATIONS).where(_CONVERSATIONS.c.state != ENDED)
            )
            return [_conversation(row) for row in rows.mappings()]

    async def drop(self, interaction_id: InteractionId) -> None:
        """Forget a conversation that could not begin."""
        async with self._tables.writing() as connection:
            for table in (_FILES, _ITEMS, _CONVERSATIONS):
                await connection.execute(
                    delete(table).where(table.c.interaction_id == interaction_id)
                )

    async def change(self, interaction_id: InteractionId, **values: Any) -> None:
        """Set columns of a conversation."""
        async with self._tables.writing() as connection:
            await connection.execute(
                update(_CONVERSATIONS)
                .where(_CONVERSATIONS.c.interaction_id == interaction_id)
                .values(**values)
            )

    async def add_item(
        self, interaction_id: InteractionId, item: Item, **values: Any
    ) -> tuple[Item, bool]:
        """Add an item as the next of its conversation and set columns of the conversation.

        Returns the item with its number, and whether it is new: a key is added once.
        """
        async with self._tables.writing() as connection:
            there = await _by_key(connection, interaction_id, item.key)
            if there is not None:
                return there, False
            seq = (
                await connection.execute(
                    update(_CONVERSATIONS)
                    .where(_CONVERSATIONS.c.interaction_id == interaction_id)
                    .values(last_seq=_CONVERSATIONS.c.last_seq + 1, **values)
                    .returning(_CONVERSATIONS.c.last_seq)
                )
            ).scalar_one()
            added = msgspec.structs.replace(item, seq=seq)
            await connection.execute(insert(_ITEMS).values(_item_row(interaction_id, added)))
            return added, True

    async def items(
        self, interaction_id: InteractionId, after: int = 0, limit: int = 200
    ) -> Sequence[Item]:
        """The items behind a number, in order."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(
                select(_ITEMS)
                .where(_ITEMS.c.interaction_id == interaction_id, _ITEMS.c.seq > after)
                .order_by(_ITEMS.c.seq)
                .limit(limit)
            )
            return [_item(row) for row in rows.mappings()]

    async def item(self, interaction_id: InteractionId, key: str) -> Item | None:
        """The item of a key."""
        async with self._tables.reading() as connection:
            return await _by_key(connection, interaction_id, key)

    async def last_of(
        self, interaction_id: InteractionId, kinds: Sequence[str], about: str | None, upto: int
    ) -> Item | None:
        """The latest item of some kinds, about somebody if named, from ``upto`` in the log or
        before."""
        condition = [_ITEMS.c.interaction_id == interaction_id, _ITEMS.c.kind.in_(kinds)]
        condition += [_ITEMS.c.position <= upto]
        condition += [_ITEMS.c.about == about] if about is not None else []
        newest = (_ITEMS.c.position.desc(), _ITEMS.c.seq.desc())
        async with self._tables.reading() as connection:
            rows = await connection.execute(
                select(_ITEMS).where(*condition).order_by(*newest).limit(1)
            )
            row = rows.mappings().first()
            return _item(row) if row is not None else None

    async def mails_due(self) -> Sequence[tuple[InteractionId, Item]]:
        """Answers that still have to go by mail to visitors who left."""
        async with self._tables.reading() as connection:
            rows = await connection.execute(
                select(_ITEMS).where(_ITEMS.c.mail_due).order_by(_ITEMS.c.at).limit(1_000)
            )
            return [(InteractionId(row["interaction_id"]), _item(row)) for row in rows.mappings()]

    async def mail_done(self, interaction_id: InteractionId, seq: int) -> None:
        """The answer went by mail."""
        async with self._tables.writing() as connection:
            await connection.execute(
                update(_ITEMS)
                .where(_ITEMS.c.interaction_id == interaction_id, _ITEMS.c.seq == seq)
                .values(mail_due=False)
            )

    async def add_file(
        self, interaction_id: InteractionId, file: FileRef, sealed: Sealed, at: Instant
    ) -> None:
        """Keep what a visitor uploaded until it is sent."""
        async with self._tables.writing() as connection:
            await connection.execute(
                insert(_FILES).values(
                    file_id=file.file_id,
                    interaction_id=interaction_id,
                    size_bytes=file.size_bytes,
                    at=at,
                    used=False,
                    sealed=msgspec.msgpack.encode(sealed),
                )
            )

    async def files(self, interaction_id: InteractionId) -> Mapping[str, tuple[Sealed, int]]:
        """The files of a conversation by id: their sealed references and sizes in bytes."""
        columns = (_FILES.c.file_id, _FILES.c.sealed, _FILES.c.size_bytes)
        async with self._tables.reading() as connection:
            rows = await connection.execute(
                select(*columns).where(_FILES.c.interaction_id == interaction_id)
            )
            return {row[0]: (msgspec.msgpack.decode(row[1], type=Sealed), row[2]) for row in rows}

    async def use_files(self, file_ids: Sequence[str]) -> None:
        """The files were sent with a message."""
        async with self._tables.writing() as connection:
            await connection.execute(
                update(_FILES).where(_FILES.c.file_id.in_(file_ids)).values(used=True)
            )

    async def take_identity(self, jti: str, expires: Instant, now: Instant) -> bool:
        """Take a signed token's id once; False when it was taken before (CHAT-3)."""
        async with self._tables.writing() as connection:
            await connection.execute(delete(_IDENTITIES).where(_IDENTITIES.c.expires < now))
        try:
            async with self._tables.writing() as connection:
                await connection.execute(insert(_IDENTITIES).values(jti=jti, expires=expires))
        except AlreadyThere:
            return False
        return True

    async def purge(
        self,
        before: Instant,
        unmailed_before: Instant = Instant(0),  # noqa: B008 - an immutable number
    ) -> Sequence[str]:
        """Drop ended conversations whose last word is older; returns ids of files never sent.

        One with an answer that still has to go by mail stays until ``unmailed_before``.
        """
        unmailed = select(_ITEMS.c.interaction_id).where(_ITEMS.c.mail_due)
        last_at, here = _CONVERSATIONS.c.last_at, _CONVERSATIONS.c.interaction_id
        old = select(here).where(
            _CONVERSATIONS.c.state == ENDED,
            last_at < before,
            or_(here.not_in(unmailed), last_at < unmailed_before),
        )
        async with self._tables.writing() as connection:
            rows = await connection.execute(
                select(_FILES.c.file_id).where(
                    _FILES.c.used.is_(False), _FILES.c.interaction_id.in_(old)
                )
            )
            unsent = [str(row[0]) for row in rows]
            await connection.execute(delete(_FILES).where(_FILES.c.interaction_id.in_(old)))
            # Its items go with it.
            await connection.execute(delete(_CONVERSATIONS).where(here.in_(old)))
            return unsent

    async def _conversation(self, condition: Any) -> Conversation | None:
        async with self._tables.reading() as connection:
            row = (await connection.execute(select(_CONVERSATIONS).where(condition))).mappings()
            found = row.first()
            return _conversation(found) if found is not None else None


def _conversation(row: RowMapping) -> Conversation:
    return Conversation(**{str(name): value for name, value in row.items()})


async def _by_key(
    connection: AsyncConnection, interaction_id: InteractionId, key: str
) -> Item | None:
    rows = await connection.execute(
        select(_ITEMS).where(_ITEMS.c.interaction_id == interaction_id, _ITEMS.c.key == key)
    )
    row = rows.mappings().first()
    return _item(row) if row is not None else None


def _item_row(interaction_id: InteractionId, item: Item) -> dict[str, Any]:
    row = {name: getattr(item, name) for name in item.__struct_fields__}
    row["interaction_id"] = interaction_id
    row["sealed"] = msgspec.msgpack.encode(item.sealed) if item.sealed is not None else None
    row["data"] = msgspec.json.encode(item.data).decode()
    return row


def _item(row: RowMapping) -> Item:
    values = {name: row[name] for name in Item.__struct_fields__}
    if values["sealed"] is not None:
        values["sealed"] = msgspec.msgpack.decode(values["sealed"], type=Sealed)
    values["data"] = msgspec.json.decode(values["data"], type=dict[str, Any])
    return Item(**values)
