"""The mail channel's own tables: what is still to be sent, what was polled, who was answered.

Addresses and message ids stand here only as keyed digests; words only as sealed boxes.
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa

from router.database import Database
from router.model.content import Sealed
from router.model.ids import DAY_MS, CaseId, EntryId, Instant, InteractionId

COPIES_MS = 7 * DAY_MS
"""How long a mail is known again when it comes once more."""
_AT_ONCE = 500
metadata = sa.MetaData()
_outbox = sa.Table(
    "mail_outbox",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("next_at", sa.BigInteger, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
)
sa.Index("mail_outbox_due", _outbox.c.state, _outbox.c.next_at)
_writers = sa.Table(
    "mail_writers",
    metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("agent_id", sa.Text, nullable=False),
    sa.Column("queue", sa.Text, nullable=False),
)
_threads = sa.Table(
    "mail_threads",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("agent_id", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
_conversations = sa.Table(
    "mail_conversations",
    metadata,
    sa.Column("interaction_id", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("mailbox", sa.Text, nullable=False),
    sa.Column("entry_id", sa.Text, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
_polls = sa.Table(
    "mail_polls",
    metadata,
    sa.Column("mailbox", sa.Text, primary_key=True),
    sa.Column("validity", sa.Text, primary_key=True),
    sa.Column("unique_id", sa.Text, primary_key=True),
)
_copies = sa.Table(
    "mail_copies",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("place", sa.Text, primary_key=True),
    sa.Column("interaction_id", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False, index=True),
)
_shares = sa.Table(
    "mail_shares",
    metadata,
    sa.Column("mailbox", sa.Text, primary_key=True),
    sa.Column("asked", sa.BigInteger, nullable=False),
)
_answered = sa.Table(
    "mail_acknowledged",
    metadata,
    sa.Column("digest", sa.Text, primary_key=True),
    sa.Column("mailbox", sa.Text, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)


class Outgoing(msgspec.Struct, frozen=True):
    """A message to be sent: its sealed words and how far it has come."""

    key: str
    interaction_id: InteractionId
    sealed: Sealed
    state: str
    attempts: int
    created_at: Instant
    next_at: Instant
    reason: str = ""


class Writer(msgspec.Struct, frozen=True):
    """Who wrote an answer and for which queue; each empty when it is not known."""

    agent_id: str = ""
    queue: str = ""


class Known(msgspec.Struct, frozen=True):
    """Where a message id belongs; ``agent_id`` wrote it, empty for a customer's."""

    case_id: CaseId
    interaction_id: InteractionId
    entry_id: EntryId
    agent_id: str = ""


NOBODY = Writer()


class Conversation(msgspec.Struct, frozen=True):
    """What an answer needs to know: the case, our mailbox, the customer's last headers (sealed
    as a ``Content`` under ``entry_id``)."""

    interaction_id: InteractionId
    case_id: CaseId
    mailbox: str
    entry_id: EntryId
    sealed: Sealed


class MailStore:
    """The tables of the mail channel. Every method raises StorageFailed when the base fails."""

    def __init__(self, url: str) -> None:
        """Raises InvalidInput for a URL that is no database's."""
        self._tables = Database(url, "mail", metadata)
        self._insert = self._tables.insert

    async def open(self) -> None:
        """Make the tables where needed."""
        await self._tables.open()

    async def close(self) -> None:
        """Let go of the database."""
        await self._tables.close()

    # -- what is to be sent

    async def add_outgoing(self, message: Outgoing, writer: Writer = NOBODY) -> bool:
        """Keep a message to be sent, durably; False when its key is known already."""
        values = msgspec.structs.asdict(message)
        values["sealed"] = msgspec.msgpack.encode(message.sealed)
        statement = self._insert(_outbox).values(values).on_conflict_do_nothing()
        async with self._tables.writing() as connection:
            new = bool((await connection.execute(statement)).rowcount)
            if new and writer != NOBODY:
                who = {"key": message.key, **msgspec.structs.asdict(writer)}
                await connection.execute(sa.insert(_writers).values(who))
            return new

    async def writer(self, key: str) -> Writer:
        """Who wrote a message that is kept."""
        statement = sa.select(_writers.c.agent_id, _writers.c.queue).where(_writers.c.key == key)
        async with self._tables.reading() as connection:
            row = (await connection.execute(statement)).first()
        return NOBODY if row is None else Writer(*row)

    async def due(self, now: Instant, limit: int = 50) -> list[Outgoing]:
        """Messages whose next try is due, the longest due first."""
        return await self._queue(_outbox.c.next_at <= now, _outbox.c.next_at, limit)

    async def untried(self, limit: int = 50) -> list[Outgoing]:
        """Messages that nothing was said about yet, oldest first."""
        return await self._queue(_outbox.c.reason == "", _outbox.c.created_at, limit)

    async def taken(self, limit: int = 50) -> list[Outgoing]:
        """Messages that the relay took and whose end was not told yet."""
        return await self._queue(sa.true(), _outbox.c.next_at, limit, state="taken")

    async def _queue(
        self, condition: Any, order: Any, limit: int, state: str = "queued"
    ) -> list[Outgoing]:
        statement = sa.select(_outbox).where(_outbox.c.state == state, condition)
        async with self._tables.reading() as connection:
            rows = await connection.execute(statement.order_by(order).limit(limit))
            return [_outgoing(row) for row in rows.mappings()]

    async def next_due(self) -> Instant | None:
        """When the next try is due; None when nothing is to be sent."""
        statement = sa.select(sa.func.min(_outbox.c.next_at)).where(_outbox.c.state == "queued")
        async with self._tables.reading() as connection:
            value = (await connection.execute(statement)).scalar_one()
            return None if value is None else Instant(value)

    async def move_outgoing(
        self, key: str, state: str, *, attempts: int, next_at: Instant, reason: str = ""
    ) -> None:
        """Remember what became of a try: ``queued`` again, ``taken``, ``sent`` or ``failed``."""
        statement = (
            sa.update(_outbox)
            .where(_outbox.c.key == key)
            .values(state=state, attempts=attempts, next_at=next_at, reason=reason)
        )
        async with self._tables.writing() as connection:
            await connection.execute(statement)

    async def forget_done(self, before: Instant) -> None:
        """Drop messages that were sent or given up before a moment."""
        old = sa.and_(_outbox.c.state != "queued", _outbox.c.created_at < before)
        gone = sa.select(_outbox.c.key).where(old)
        async with self._tables.writing() as connection:
            await connection.execute(sa.delete(_writers).where(_writers.c.key.in_(gone)))
            await connection.execute(sa.delete(_outbox).where(old))

    # -- which message belongs where

    async def remember(self, digest: str, known: Known, at: Instant) -> None:
        """Remember where a message id belongs; the first word stands."""
        values = {"digest": digest, "at": at, **msgspec.structs.asdict(known)}
        statement = self._insert(_threads).values(values).on_conflict_do_nothing()
        async with self._tables.writing() as connection:
            await connection.execute(statement)

    async def belongs(self, digests: Sequence[str]) -> list[Known]:
        """Where the messages with these digests belong, newest first (100 digests at most)."""
        if not digests:
            return []
        names = ("case_id", "interaction_id", "entry_id", "agent_id")
        columns = [_threads.c[name] for name in names]
        statement = (
            sa.select(*columns)
            .where(_threads.c.digest.in_(list(digests)[:100]))
            .order_by(_threads.c.at.desc())
        )
        async with self._tables.reading() as connection:
            return [Known(*row) for row in await connection.execute(statement)]

    async def forget_threads(self, before: Instant, live: Callable[[str], bool]) -> int:
        """Drop what is remembered of interactions whose last message is older; how many they were.

        Those that ``live`` says go on keep theirs. One transaction takes a few hundred of them.
        """
        newest = sa.func.max(_threads.c.at)
        old = sa.select(_threads.c.interaction_id).group_by(_threads.c.interaction_id)
        statement = old.having(newest < before).order_by(newest).limit(_AT_ONCE)
        async with self._tables.writing() as connection:
            found = (await connection.execute(statement)).scalars()
            gone = [interaction_id for interaction_id in found if not live(interaction_id)]
            for table in (_threads, _conversations):
                await connection.execute(sa.delete(table).where(table.c.interaction_id.in_(gone)))
        return len(gone)

    async def sent(self, digest: str) -> Known | None:
        """Which entry of ours left under this message id; None for what others wrote.

        Ours are those whose entry stands in the outbox, where it stays for 30 days.
        """
        names = ("case_id", "interaction_id", "entry_id", "agent_id")
        statement = (
            sa.select(*(_threads.c[name] for name in names))
            .join(_outbox, _outbox.c.key == _threads.c.entry_id)
            .where(_threads.c.digest == digest)
        )
        async with self._tables.reading() as connection:
            row = (await connection.execute(statement)).first()
        return None if row is None else Known(*row)

    async def keep_conversation(self, conversation: Conversation) -> None:
        """Remember what an answer needs; the customer's last words replace earlier ones."""
        values = msgspec.structs.asdict(conversation)
        values["sealed"] = msgspec.msgpack.encode(conversation.sealed)
        statement = self._insert(_conversations).values(values)
        changed = {name: values[name] for name in ("mailbox", "entry_id", "sealed")}
        async with self._tables.writing() as connection:
            await connection.execute(
                statement.on_conflict_do_update(index_elements=["interaction_id"], set_=changed)
            )

    async def forget_conversation(self, interaction_id: InteractionId) -> None:
        """Nothing came into this interaction: its mail was taken before, and is elsewhere."""
        mine = _conversations.c.interaction_id == interaction_id
        async with self._tables.writing() as connection:
            await connection.execute(sa.delete(_conversations).where(mine))

    async def conversation(self, interaction_id: InteractionId) -> Conversation | None:
        """What an answer in this interaction needs."""
        statement = sa.select(_conversations).where(
            _conversations.c.interaction_id == interaction_id
        )
        async with self._tables.reading() as connection:
            row = (await connection.execute(statement)).mappings().first()
        if row is None:
            return None
        values = dict(row)
        values["sealed"] = msgspec.msgpack.decode(values["sealed"], type=Sealed)
        return Conversation(**values)

    # -- what was polled

    async def validity(self, mailbox: str) -> str:
        """The validity under which a mailbox was read last; empty when it never was."""
        statement = sa.select(_polls.c.validity).where(_polls.c.mailbox == mailbox).limit(1)
        async with self._tables.reading() as connection:
            row = (await connection.execute(statement)).first()
        return "" if row is None else str(row[0])

    async def polled(self, mailbox: str, validity: str) -> set[str]:
        """The unique ids of a mailbox that are durable here already."""
        statement = sa.select(_polls.c.unique_id).where(
            _polls.c.mailbox == mailbox, _polls.c.validity == validity
        )
        async with self._tables.reading() as connection:
            return {row[0] for row in await connection.execute(statement)}

    async def add_polled(self, mailbox: str, validity: str, unique_id: str) -> None:
        """A message of a mailbox is durable here."""
        values = {"mailbox": mailbox, "validity": validity, "unique_id": unique_id}
        statement = self._insert(_polls).values(values).on_conflict_do_nothing()
        async with self._tables.writing() as connection:
            await connection.execute(statement)

    async def keep_polled(self, mailbox: str, validity: str, present: set[str]) -> None:
        """Forget unique ids that the server does not have any more, and former validities."""
        former = sa.delete(_polls).where(_polls.c.mailbox == mailbox, _polls.c.validity != validity)
        async with self._tables.writing() as connection:
            await connection.execute(former)
        gone = sorted(await self.polled(mailbox, validity) - present)
        async with self._tables.writing() as connection:
            for start in range(0, len(gone), _AT_ONCE):
                statement = sa.delete(_polls).where(
                    _polls.c.mailbox == mailbox,
                    _polls.c.validity == validity,
                    _polls.c.unique_id.in_(gone[start : start + _AT_ONCE]),
                )
                await connection.execute(statement)

    # -- one mail that came on several ways

    async def copies(self, digest: str) -> dict[str, InteractionId]:
        """Where a mail came in already: the interaction by its place (a queue, or a case)."""
        statement = sa.select(_copies.c.place, _copies.c.interaction_id).where(
            _copies.c.digest == digest
        )
        async with self._tables.reading() as connection:
            rows = await connection.execute(statement)
            return {str(place): InteractionId(found) for place, found in rows}

    async def add_copy(
        self, digest: str, place: str, interaction_id: InteractionId, now: Instant
    ) -> None:
        """A mail came in at a place; remembered for a week."""
        values = {"digest": digest, "place": place, "interaction_id": interaction_id, "at": now}
        async with self._tables.writing() as connection:
            await connection.execute(sa.delete(_copies).where(_copies.c.at <= now - COPIES_MS))
            await connection.execute(self._insert(_copies).values(values).on_conflict_do_nothing())

    # -- whom we acknowledged (MAIL-5)

    async def may_acknowledge(self, digest: str, mailbox: str, now: Instant, an_hour: int) -> bool:
        """Take the one acknowledgement a sender gets a day, within the mailbox's share an hour."""
        async with self._tables.writing() as connection:
            # The mailbox's row is locked until the end: between counting and taking nobody else
            # of this mailbox can take, in this process or another.
            turn = self._insert(_shares).values(mailbox=mailbox, asked=now)
            await connection.execute(
                turn.on_conflict_do_update(index_elements=["mailbox"], set_={"asked": now})
            )
            await connection.execute(sa.delete(_answered).where(_answered.c.at <= now - DAY_MS))
            recent = sa.select(sa.func.count()).where(
                _answered.c.mailbox == mailbox, _answered.c.at > now - DAY_MS // 24
            )
            if (await connection.execute(recent)).scalar_one() >= an_hour:
                return False
            values = {"digest": digest, "mailbox": mailbox, "at": now}
            statement = self._insert(_answered).values(values).on_conflict_do_nothing()
            return bool((await connection.execute(statement)).rowcount)


def _outgoing(row: Any) -> Outgoing:
    values = dict(row)
    values["sealed"] = msgspec.msgpack.decode(values["sealed"], type=Sealed)
    return Outgoing(**values)
