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
from router.storage.recordings import StoredRecordings
from router.storage.seals import BoxSeals

MASTER_FILE = "master.json"


class Stores:
    """Log, keys, seals, files, customers, recordings; and where the history is kept.

    On SQLite each is a file of its own in the storage folder, so that none waits for another's
    writer; on PostgreSQL each is a schema or a set of tables. The keys stand apart (PRIV-1).
    """

    def __init__(
        self, settings: StorageSettings, secrets: SecretSettings, clock: Clock, ids: Ids
    ) -> None:
        self._folder = settings.folder
        self.log: EventLog = event_log(settings.log_url)
        key = secrets.key_encryption_key
        master = MasterKeys(self._folder / "keys" / MASTER_FILE, key.reveal() if key else "")
        self.keys = KeyStore(settings.keys_url, master, clock)
        self.seals = BoxSeals(self.keys)
        self.files = SealedFiles(settings.files_folder, self.keys, ids)
        self.customers = StoredCustomers(settings.customers_url, self.keys, ids, clock)
        self.recordings = StoredRecordings(settings.recordings_url, self.files)
        self.history_url = _psycopg(settings.history_url)
        self._open = AsyncExitStack()

    async def open(self) -> None:
        """Open everything, or nothing. Raises StorageFailed with the reason."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._folder / "keys").mkdir(mode=0o700, exist_ok=True)
        async with AsyncExitStack() as opening:
            for store in (self.log, self.keys, self.customers, self.recordings):
                await store.open()
                opening.push_async_callback(store.close)
            await self.files.open()
            self._open = opening.pop_all()

    async def close(self) -> None:
        """Let go of everything, in the opposite order."""
        await self._open.aclose()


def channel_folder(settings: StorageSettings, name: str) -> Path:
    """The folder of a channel's own files."""
    folder = settings.folder / "channels" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _psycopg(url: str) -> str:
    return url.replace("postgresql://", "postgresql+psycopg://", 1)
