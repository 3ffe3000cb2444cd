"""The keys of subjects and the centre's own secrets, wrapped, in a store apart from the log."""

import asyncio
import secrets
from collections import OrderedDict

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from router.database import AlreadyThere, Database
from router.model.errors import NotFound, StorageFailed
from router.model.ids import Instant, SubjectId
from router.ports import Clock
from router.storage.master import KEY_BYTES, MasterKeys

SCHEMA = "carillon_keys"

_TABLES = MetaData(schema=SCHEMA)
_KEYS = Table(
    "subject_keys",
    _TABLES,
    Column("subject", String(64), primary_key=True),
    Column("version", Integer, nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
)
_FORGOTTEN = Table(
    "forgotten",
    _TABLES,
    Column("subject", String(64), primary_key=True),
    Column("at", BigInteger, nullable=False),
)
_SECRETS = Table(
    "own_secrets",
    _TABLES,
    Column("name", String(64), primary_key=True),
    Column("version", Integer, nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

_SUBJECT = bindparam("subject", type_=_KEYS.c.subject.type)
_KEY_OF = select(_KEYS).where(_KEYS.c.subject == _SUBJECT)
_GONE = select(_FORGOTTEN.c.at).where(_FORGOTTEN.c.subject == _SUBJECT)
# These are asked with every new customer, so they are built once.

CACHE_MOST = 4_096
CACHE_MS = 5_000
"""PRIV-3: a key destroyed by another process is out of every cache within five seconds."""

_ROOT = "root"
_REWRAPPED_AT_ONCE = 500


class KeyStore:
    """One key per subject, made when first needed and durable before it is used.

    Constructor: ``KeyStore(url, master, clock)`` with a database of its own (``Database``) and the
    key-encryption keys. It is also the ``Secrets`` of channels: a named key is derived from one
    secret of the centre, so it is the same after any restart.
    """

    def __init__(self, url: str, master: MasterKeys, clock: Clock) -> None:
        self._database = Database(url, "keys", _TABLES)
        self._master = master
        self._clock = clock
        self._cache: OrderedDict[SubjectId, tuple[Instant, bytes]] = OrderedDict()
        self._root = b""

    async def open(self) -> None:
        """Get ready; the first time, make the master key and the centre's secret.

        When the operator has given a new master key above the old one, all is wrapped anew by it.
        Raises StorageFailed when the store holds keys whose master key is not there: a new one
        would open none of them.
        """
        await self._database.open()
        try:
            await asyncio.to_thread(self._master.load)
            async with self._database.writing() as connection:
                versions = {
                    *(await connection.execute(select(_KEYS.c.version).distinct())).scalars(),
                    *(await connection.execute(select(_SECRETS.c.version))).scalars(),
                }
                missing = sorted(v for v in versions if not self._master.knows(v))
                if missing:
                    raise StorageFailed(
                        f"the master key's version {missing[0]} is missing: restore its file"
                    )
                if self._master.current == 0:
                    await asyncio.to_thread(self._master.add)
                self._root = await self._own_secret(connection)
            if self._master.is_given and versions - {self._master.current}:
                await self._rewrap_all()
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Let go of the store and of every key in memory."""
        self._cache.clear()
        self._root = b""
        await self._database.close()

    def key(self, name: str) -> bytes:
        """A 256-bit key of this name, always the same. Raises StorageFailed before ``open``."""
        if not self._root:
            raise StorageFailed("the key store is closed")
        info = f"carillon secret {name}".encode()
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=info).derive(self._root)

    async def existing(self, subject: SubjectId) -> bytes:
        """The subject's key. Raises NotFound when it was never made or is destroyed."""
        key = self._cached(subject)
        if key is None:
            whose = {"subject": subject}
            row = await self._database.look(
                lambda connection: connection.execute(_KEY_OF, whose).first()
            )
            if row is None:
                raise NotFound("there is no key of this subject")
            key = self._remember(subject, self._master.unwrap(row.version, row.wrapped, subject))
        return key

    async def ensured(self, subject: SubjectId) -> bytes:
        """The subject's key, made and durable if there was none.

        Raises NotFound when the subject was forgotten: they get no new key.
        """
        try:
            return await self.existing(subject)
        except NotFound:
            pass
        version, wrapped = self._master.wrap(key := secrets.token_bytes(KEY_BYTES), subject)

        def keep(connection: Connection) -> None:
            if connection.execute(_GONE, {"subject": subject}).first() is not None:
                raise NotFound("this subject was forgotten", code="forgotten")
            row = {"subject": subject, "version": version, "wrapped": wrapped}
            connection.execute(insert(_KEYS), row)

        try:
            await self._database.change(keep)
        except AlreadyThere:
            # Somebody else made it in the same moment; theirs holds.
            return await self.existing(subject)
        return self._remember(subject, key)

    async def forget(self, subject: SubjectId) -> None:
        """Destroy the subject's key for ever; doing it again is fine."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(delete(_KEYS).where(_KEYS.c.subject == subject))
                known = select(func.count()).where(_FORGOTTEN.c.subject == subject)
                if not (await connection.execute(known)).scalar_one():
                    row = {"subject": subject, "at": self._clock.now()}
                    await connection.execute(insert(_FORGOTTEN).values(row))
        finally:
            self._cache.pop(subject, None)
        await self._database.scrub(_KEYS)

    async def rotate(self) -> int:
        """Make a new master key and wrap every key anew under it; how many were wrapped.

        Touches no sealed box. May be broken off and run again: old versions still unwrap.
        """
        await asyncio.to_thread(self._master.add)
        return await self._rewrap_all()

    async def _rewrap_all(self) -> int:
        count = await self._rewrap(_SECRETS, "name")
        while more := await self._rewrap(_KEYS, "subject"):
            count += more
        await self._database.scrub(_KEYS)
        return count

    async def _rewrap(self, table: Table, owner: str) -> int:
        old = table.c.version != self._master.current
        wanted = select(table).where(old).limit(_REWRAPPED_AT_ONCE)
        async with self._database.writing() as connection:
            rows = (await connection.execute(wanted.with_for_update())).all()
            for row in rows:
                name = row._mapping[owner]
                key = self._master.unwrap(row.version, row.wrapped, name)
                version, wrapped = self._master.wrap(key, name)
                change = update(table).where(table.c[owner] == name)
                await connection.execute(change.values(version=version, wrapped=wrapped))
        return len(rows)

    async def _own_secret(self, connection: AsyncConnection) -> bytes:
        found = select(_SECRETS).where(_SECRETS.c.name == _ROOT)
        row = (await connection.execute(found)).one_or_none()
        if row is not None:
            return self._master.unwrap(row.version, row.wrapped, _ROOT)
        version, wrapped = self._master.wrap(root := secrets.token_bytes(KEY_BYTES), _ROOT)
        values = {"name": _ROOT, "version": version, "wrapped": wrapped}
        await connection.execute(insert(_SECRETS).values(values))
        return root

    def _cached(self, subject: SubjectId) -> bytes | None:
        found = self._cache.get(subject)
        if found is None or found[0] <= self._clock.now():
            return None
        self._cache.move_to_end(subject)
        return found[1]

    def _remember(self, subject: SubjectId, key: bytes) -> bytes:
        self._cache[subject] = (Instant(self._clock.now() + CACHE_MS), key)
        self._cache.move_to_end(subject)
        if len(self._cache) > CACHE_MOST:
            self._cache.popitem(last=False)
        return key
