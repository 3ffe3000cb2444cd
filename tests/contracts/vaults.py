"""A key store that a test opens as often as it wants, on a clock that stands until it is set."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from router.model.ids import SubjectId
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from tests.support.clock import StillClock

ANN = SubjectId("a" * 32)
BOB = SubjectId("b" * 32)


class Vault:
    """A key store's address and key file, to be opened as often as a test wants."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.key_file = folder / "keys" / "master.json"
        self.clock = StillClock()
        self.given = ""

    @asynccontextmanager
    async def open(self) -> AsyncIterator[KeyStore]:
        keys = KeyStore(self.url, MasterKeys(self.key_file, self.given), self.clock)
        await keys.open()
        try:
            yield keys
        finally:
            await keys.close()

    def run(self, use: Callable[[KeyStore], Awaitable[None]]) -> None:
        async def opened() -> None:
            async with self.open() as keys:
                await use(keys)

        asyncio.run(opened())
