"""The stores of a centre: which adapter keeps what where, opened and closed together."""

from contextlib import AsyncExitStack
from pathlib import Path

from config.settings_types import SecretSettings, StorageSettings
from router.ports import Clock, EventLog, Ids
from router.storage.customers import StoredCustomers
from router.storage.files import SealedFiles
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from router.storage.open import event_log
from router.storage.seals import BoxSeals

MASTER_FILE = "master.json"


class Stores:
    """Log, keys, seals, files and customers of one centre, and where its history is kept.

    On SQLite each is a file of its own in the storage folder, so that none waits for another's
    writer; on PostgreSQL each is a schema or a set of tables. The keys stand apart (PRIV-1).
    """

    def __init__(
        self, settings: StorageSettings, secrets: SecretSettings, clock: Clock, ids: Ids
    ) -> None:
        self._folder = settings.folder
        keys_url = _plain(settings.keys_url) if settings.keys else self._file("keys/keys.db")
        self.log: EventLog = event_log(self._or_file(settings, "log.db"))
        key = secrets.key_encryption_key
        master = MasterKeys(self._folder / "keys" / MASTER_FILE, key.reveal() if key else "")
        self.keys = KeyStore(keys_url, master, clock)
        self.seals = BoxSeals(self.keys)
        self.files = SealedFiles(settings.files_folder, self.keys, ids)
        customers_url = self._or_file(settings, "customers.db")
        self.customers = StoredCustomers(customers_url, self.keys, ids, clock)
        self.history_url = _psycopg(self._or_file(settings, "history.db"))
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Open everything, or nothing. Raises StorageFailed with the reason."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / "keys").mkdir(mode=0o700, exist_ok=True)
        async with AsyncExitStack() as opening:
            for store in (self.log, self.keys, self.customers):
                await store.open()
                opening.push_async_callback(store.close)
            await self.files.open()
            self._open = opening.pop_all()

    async def close(self) -> None:
        """Let go of everything, in the opposite order."""
        await self._open.aclose()

    def _file(self, name: str) -> str:
        return f"sqlite:///{self._folder / name}"

    def _or_file(self, settings: StorageSettings, name: str) -> str:
        return _plain(settings.database_url) if settings.database else self._file(name)


def channel_folder(settings: StorageSettings, name: str) -> Path:
    """The folder of a channel's own files."""
    folder = settings.folder / "channels" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def channel_database(settings: StorageSettings) -> str:
    """The SQLAlchemy URL, with an async driver, of the tables that channels keep."""
    drivers = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg"}
    scheme, _, rest = _plain(settings.database_url).partition("://")
    return f"{drivers[scheme]}://{rest}"


def _plain(url: str) -> str:
    """A URL without the driver that SQLAlchemy would take."""
    scheme, _, rest = url.partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
