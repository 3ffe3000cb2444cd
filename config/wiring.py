"""The composition root: builds a running centre from its settings. No decisions are made here."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from typing import Any

from channels.api import Channel, ChannelContext, OutgoingMail
from config.check import Loaded
from config.media import Media
from config.self_service import RunningFlows
from config.settings_types import Settings
from config.stores import Stores, channel_folder
from reporting.keeping import KeptHistory
from router.hub import Hub
from router.model.catalogue import Catalogue
from router.model.commands import ChangeCatalogue
from router.model.errors import InvalidInput
from router.model.ids import Medium
from router.ports import Clock, Ids
from router.storage.system import RandomIds, SystemClock


class Centre:
    """Everything that runs: opened from the inside out, let go from the outside in."""

    def __init__(self, loaded: Loaded, clock: Clock | None = None, ids: Ids | None = None) -> None:
        if loaded.settings is None or loaded.catalogue is None:
            raise InvalidInput("this configuration has mistakes: run `carillon check`")
        self.settings: Settings = loaded.settings
        self.catalogue: Catalogue = loaded.catalogue
        self.clock = clock or SystemClock()
        self.ids = ids or RandomIds()
        self.stores = Stores(self.settings.storage, self.settings.secrets, self.clock, self.ids)
        self.hub = Hub(self.stores.log, self.clock)
        self.history = KeptHistory(self.stores.history_url, self.hub, self.stores.log)
        self.flows = RunningFlows(lambda: self.settings, self.hub, self.clock, self.ids)
        self.media = Media(self.hub, self.context)
        self._running = AsyncExitStack()

    async def open(self) -> None:
        """Open the stores, take the lead, start channels and history; all of it or nothing."""
        async with AsyncExitStack() as opening:
            await self.stores.open()
            opening.push_async_callback(self.stores.close)
            await self.flows.open(self.stores.keys.key("look-ups"))
            opening.push_async_callback(self.flows.close)
            self.media.build(self.settings.channels)
            await self.hub.start()
            opening.push_async_callback(self.hub.stop)
            await self.put_in_force(self.catalogue)
            await self.history.start()
            opening.push_async_callback(self.history.stop)
            # Stopped even where a start fails: it may have begun half of its work.
            opening.push_async_callback(self.media.stop)
            await self.media.start()
            self._running = opening.pop_all()

    async def close(self) -> None:
        """Let go of everything; channels first, stores last."""
        await self._running.aclose()

    @property
    def channels(self) -> Mapping[Medium, Channel]:
        """The channels that take contacts, by medium."""
        return self.media.channels

    async def put_in_force(self, catalogue: Catalogue) -> None:
        """Let a version of the configuration decide from now on; the same one changes nothing."""
        if self.hub.catalogue().version != catalogue.version:
            await self.hub.submit(ChangeCatalogue(catalogue=catalogue))
        self.catalogue = catalogue

    async def adopt(self, settings: Settings) -> None:
        """Take new settings live. Raises CarillonError when a channel cannot take its own."""
        former, self.settings = self.settings, settings
        try:
            await self.media.adopt(settings.channels)
        except BaseException:
            self.settings = former
            raise

    def health(self) -> Mapping[str, str]:
        """What is not well, by part; empty when everything is."""
        found = {**self.hub.health(), **self.media.health(), **self.flows.health()}
        if trouble := self.history.projector.health():
            found["history"] = trouble
        return found

    def spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        """Begin work that goes on beside everything else; whoever begins it ends it."""
        return asyncio.create_task(work, name=name)

    def context(self, name: Medium, mount: Callable[[str, Any], None]) -> ChannelContext:
        """What a channel of this name is given."""
        stores = self.stores
        return ChannelContext(
            inbox=self.hub,
            feed=self.hub,
            floor=self.hub,
            clock=self.clock,
            ids=self.ids,
            seals=stores.seals,
            files=stores.files,
            customers=stores.customers,
            recordings=stores.recordings,
            secrets=stores.keys,
            data_folder=channel_folder(self.settings.storage, name),
            database_url=self.settings.storage.database_url,
            mount=mount,
            send_mail=self.send_mail,
            self_service=self.flows.port(),
        )

    async def send_mail(self, mail: OutgoingMail) -> None:
        """Hand a notification to the mail channel. Raises InvalidInput where there is none."""
        channel: Any = self.media.of(Medium("mail"))
        if channel is None:
            raise InvalidInput("no mail channel is configured to send it", field="channels.mail")
        await channel.notify(mail)
