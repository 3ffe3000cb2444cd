"""Customer cards: sealed at rest, found by a keyed digest of their addresses.

A merge changes no card: it only says which card stands for another, so undoing it is exact.
"""

import hashlib
import hmac
from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import (
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from router.database import AlreadyThere, Database
from router.model.content import Sealed
from router.model.errors import InvalidInput, NotFound, Refused
from router.model.ids import EntryId, SubjectId
from router.ports import Clock, Ids
from router.seals import Address, CardChange, CustomerCard
from router.storage.cards import changes, check, comparable
from router.storage.customer_tables import ADDRESSES, CARDS, CHANGES, TABLES
from router.storage.keystore import KeyStore
from router.storage.seals import BoxSeals

HISTORY_MOST = 200
_CHAIN_MOST = 100

_CARD = "card/1"
_CHANGE = "card change/1"


class StoredCustomers:
    """The Customers port. Constructor: ``StoredCustomers(url, keys, ids, clock)``.

    ``url`` is a database of its own (``Database``); ``keys`` an open KeyStore.
    """

    def __init__(self, url: str, keys: KeyStore, ids: Ids, clock: Clock) -> None:
        self._database = Database(url, "customers", TABLES)
        self._keys = keys
        self._seals = BoxSeals(keys)
        self._ids = ids
        self._clock = clock

    async def open(self) -> None:
        """Connect and bring the tables to today's shape. Raises StorageFailed."""
        await self._database.open()

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    async def resolve(self, address: Address, name: str = "") -> SubjectId:
        """The customer with this address, following merges; a new card when there is none."""
        digest = self._digest(address)
        found = await self._find(digest)
        if found is not None:
            return found
        subject = SubjectId(self._ids.new())
        card = CustomerCard(subject, name=name[:200].strip(), addresses=(address,), revision=1)
        check(card)
        sealed = await self._seal_card(card)
        line = await self._seal_change(subject, 1, "system", f"+{address.kind} {address.value}")

        def keep(connection: Connection) -> None:
            row = {"subject": subject, "revision": 1, "sealed": sealed}
            connection.execute(insert(CARDS), row)
            connection.execute(insert(ADDRESSES), {"digest": digest, "subject": subject})
            connection.execute(insert(CHANGES), line)

        try:
            await self._database.change(keep)
        except AlreadyThere:
            # Somebody else met this customer in the same moment: theirs is the card.
            await self._keys.forget(subject)
            found = await self._find(digest)
            if found is None:
                raise
            return found
        return subject

    async def find(self, address: Address) -> SubjectId | None:
        """The customer with exactly this address, following merges."""
        return await self._find(self._digest(address))

    async def card(self, subject: SubjectId) -> CustomerCard:
        """The card as it stands for itself. Raises NotFound when absent or erased."""
        return await self._open_card(await self._database.look(partial(_row, subject=subject)))

    async def change(self, card: CustomerCard, by: str) -> CustomerCard:
        """Save; the stored card, with its new revision.

        Raises Refused (``stale``) when ``card.revision`` is not the stored one, Refused
        (``address_taken``) when an address is another customer's, InvalidInput, NotFound.
        """
        check(card)
        digests = {self._digest(address) for address in card.addresses}
        try:
            async with self._database.writing() as connection:
                row = await connection.run_sync(_row, card.subject, lock=True)
                old = await self._open_card(row)
                if card.revision != old.revision:
                    raise Refused(
                        f"the card has changed: it is at revision {old.revision}", code="stale"
                    )
                what = changes(old, card)
                if not what:
                    return old
                gone = {self._digest(address) for address in old.addresses} - digests
                mine = ADDRESSES.c.subject == card.subject
                await connection.execute(
                    delete(ADDRESSES).where(mine, ADDRESSES.c.digest.in_(gone))
                )
                held = set(
                    (await connection.execute(select(ADDRESSES.c.digest).where(mine))).scalars()
                )
                for digest in digests - held:
                    values = {"digest": digest, "subject": card.subject}
                    await connection.execute(insert(ADDRESSES).values(values))
                return await self._save(connection, row, card, by, what)
        except AlreadyThere as error:
            raise Refused(
                "an address of this card belongs to another customer: merge the two",
                code="address_taken",
            ) from error

    async def history(self, subject: SubjectId) -> Sequence[CardChange]:
        """What was changed, newest first, 200 at most. Raises NotFound when absent or erased."""
        newest = CHANGES.c.number.desc()
        wanted = select(CHANGES).where(CHANGES.c.subject == subject).order_by(newest)

        def look(connection: Connection) -> Sequence[Row[Any]]:
            _row(connection, subject)
            return connection.execute(wanted.limit(HISTORY_MOST)).all()

        rows = await self._database.look(look)
        found = []
        for row in rows:
            box = Sealed(subject, _CHANGE, row.sealed)
            plain = await self._seals.open(box, _change_entry(subject, row.number))
            found.append(msgspec.msgpack.decode(plain, type=CardChange))
        return found

    async def merge(self, duplicate: SubjectId, into: SubjectId, by: str) -> CustomerCard:
        """Let ``into`` stand for both; the card of ``into``.

        Raises Refused: ``same_card`` for a card with itself or with one it stands for already,
        ``already_merged`` when ``duplicate`` is merged elsewhere; NotFound.
        """
        async with self._database.writing() as connection:
            one = await connection.run_sync(_row, duplicate, lock=True)
            other = await connection.run_sync(_row, into, lock=True)
            if one.merged_into is not None:
                raise Refused(
                    "this card is merged already: unmerge it first", code="already_merged"
                )
            if await connection.run_sync(_standing, into) == duplicate:
                raise Refused("a card cannot be merged with itself", code="same_card")
            link = update(CARDS).where(CARDS.c.subject == duplicate).values(merged_into=into)
            await connection.execute(link)
            await self._save(connection, one, await self._open_card(one), by, "merged")
            card = await self._open_card(other)
            return await self._save(connection, other, card, by, "a duplicate was merged in")

    async def unmerge(self, duplicate: SubjectId, by: str) -> CustomerCard:
        """Let a merged card stand for itself again, with its addresses; that card.

        Raises Refused (``not_merged``), NotFound.
        """
        async with self._database.writing() as connection:
            row = await connection.run_sync(_row, duplicate, lock=True)
            if row.merged_into is None:
                raise Refused("this card stands for itself", code="not_merged")
            link = update(CARDS).where(CARDS.c.subject == duplicate).values(merged_into=None)
            await connection.execute(link)
            other = await connection.run_sync(_row, SubjectId(row.merged_into), lock=True)
            await self._save(
                connection, other, await self._open_card(other), by, "a duplicate was taken out"
            )
            row = await connection.run_sync(_row, duplicate)
            return await self._save(connection, row, await self._open_card(row), by, "unmerged")

    async def same_person(self, subject: SubjectId) -> Sequence[SubjectId]:
        """The card that stands for the subject, then all that are merged into it.

        Raises NotFound when the subject has no card.
        """

        def look(connection: Connection) -> Sequence[SubjectId]:
            found = connection.execute(_ALONE, {"subject": subject}).one_or_none()
            if found is None:
                raise NotFound("there is no such customer")
            return (subject,) if found.alone else _person(connection, subject)

        return await self._database.look(look)

    async def erase(self, subject: SubjectId) -> None:
        """Delete card, blind index, history and key of the whole person (PRIV-3).

        The cards merged with it are the same person's and go with it. Erasing what is erased, or
        was broken off, is fine.
        """
        try:
            person = await self.same_person(subject)
        except NotFound:
            person = [subject]
        # The keys first: from here on nothing of this opens, whatever happens to us.
        for one in person:
            await self._seals.forget(one)
        async with self._database.writing() as connection:
            unlink = update(CARDS).where(CARDS.c.subject.in_(person)).values(merged_into=None)
            await connection.execute(unlink)
            for table in (ADDRESSES, CHANGES, CARDS):
                await connection.execute(delete(table).where(table.c.subject.in_(person)))
        for table in (ADDRESSES, CHANGES, CARDS):
            await self._database.scrub(table)

    async def _find(self, digest: bytes) -> SubjectId | None:
        def look(connection: Connection) -> SubjectId | None:
            subject = connection.execute(_WHOSE, {"digest": digest}).scalar_one_or_none()
            return None if subject is None else _standing(connection, SubjectId(subject))

        return await self._database.look(look)

    async def _save(
        self, connection: AsyncConnection, row: Row[Any], card: CustomerCard, by: str, what: str
    ) -> CustomerCard:
        revision = int(row.revision) + 1
        stored = msgspec.structs.replace(card, revision=revision)
        mine = CARDS.c.subject == card.subject
        sealed = await self._seal_card(stored)
        await connection.execute(update(CARDS).where(mine).values(revision=revision, sealed=sealed))
        line = await self._seal_change(card.subject, revision, by, what)
        await connection.execute(insert(CHANGES).values(line))
        old = CHANGES.c.number <= revision - HISTORY_MOST
        await connection.execute(delete(CHANGES).where(CHANGES.c.subject == card.subject, old))
        return await self._open_card(await connection.run_sync(_row, card.subject))

    async def _seal_card(self, card: CustomerCard) -> bytes:
        plain = msgspec.msgpack.encode(msgspec.structs.replace(card, merged_into=None))
        return (await self._seals.seal(card.subject, _card_entry(card.subject), _CARD, plain)).box

    async def _seal_change(
        self, subject: SubjectId, number: int, by: str, what: str
    ) -> dict[str, object]:
        plain = msgspec.msgpack.encode(CardChange(self._clock.now(), by, what))
        entry = _change_entry(subject, number)
        sealed = await self._seals.seal(subject, entry, _CHANGE, plain)
        return {"subject": subject, "number": number, "sealed": sealed.box}

    async def _open_card(self, row: Row[Any]) -> CustomerCard:
        subject = SubjectId(row.subject)
        plain = await self._seals.open(Sealed(subject, _CARD, row.sealed), _card_entry(subject))
        card = msgspec.msgpack.decode(plain, type=CustomerCard)
        return msgspec.structs.replace(card, merged_into=row.merged_into)

    def _digest(self, address: Address) -> bytes:
        key = self._keys.key("customers blind index")
        return hmac.new(key, comparable(address), hashlib.sha256).digest()


_SUBJECT = bindparam("subject", type_=CARDS.c.subject.type)
_CARD_ROW = select(CARDS).where(CARDS.c.subject == _SUBJECT)
_CARD_ROW_LOCKED = _CARD_ROW.with_for_update()
_MERGED_INTO = select(CARDS.c.merged_into).where(CARDS.c.subject == _SUBJECT)
_WHOSE = select(ADDRESSES.c.subject).where(ADDRESSES.c.digest == bindparam("digest"))
_OTHERS = CARDS.alias("others")
_ALONE = select(
    and_(
        CARDS.c.merged_into.is_(None),
        ~exists().where(_OTHERS.c.merged_into == CARDS.c.subject),
    ).label("alone")
).where(CARDS.c.subject == _SUBJECT)
# These are asked with every contact, so they are built once.


def _row(connection: Connection, subject: SubjectId, *, lock: bool = False) -> Row[Any]:
    wanted = _CARD_ROW_LOCKED if lock else _CARD_ROW
    row = connection.execute(wanted, {"subject": subject}).one_or_none()
    if row is None:
        raise NotFound("there is no such customer")
    return row


def _standing(connection: Connection, subject: SubjectId) -> SubjectId:
    """The card that stands for this one."""
    for _ in range(_CHAIN_MOST):
        into = connection.execute(_MERGED_INTO, {"subject": subject}).scalar_one_or_none()
        if into is None:
            return subject
        subject = SubjectId(into)
    raise InvalidInput("cards are merged in a circle", field="merged_into")


def _person(connection: Connection, subject: SubjectId) -> list[SubjectId]:
    person = [_standing(connection, subject)]
    level = person
    while level:
        wanted = select(CARDS.c.subject).where(CARDS.c.merged_into.in_(level))
        rows = connection.execute(wanted.order_by(CARDS.c.subject)).scalars()
        level = [SubjectId(merged) for merged in rows if merged not in person]
        person = [*person, *level]
    return person


def _card_entry(subject: SubjectId) -> EntryId:
    return EntryId(f"card {subject}")


def _change_entry(subject: SubjectId, number: int) -> EntryId:
    return EntryId(f"card {subject} change {number}")
