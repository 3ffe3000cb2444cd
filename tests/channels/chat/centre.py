"""A real centre around the chat: hub, log, seals, files, cards, and the widget's host on a port.

Nothing of ours stands in for anything of ours; mails that the chat sends are put on a list.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
from starlette.applications import Starlette
from starlette.routing import Mount

from channels.api import ChannelContext, OutgoingMail
from channels.chat.channel import ChatChannel
from channels.chat.settings import ChatSettings, Site
from config.serving import WebServer
from config.settings_types import Listen, WidgetSettings
from router.hub import Hub
from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Calendar, Catalogue, Queue, RuleSet
from router.model.commands import (
    Accept,
    AddEntry,
    ChangeCatalogue,
    End,
    NewEntry,
    SetPresence,
    SignIn,
)
from router.model.content import CONTENT_SCHEMA, Author, Content
from router.model.events import Arrived, EntryAdded, Event
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    InteractionId,
    Medium,
    Position,
    QueueName,
)
from router.model.views import InteractionView
from router.ports import EventLog
from router.storage.customers import StoredCustomers
from router.storage.files import SealedFiles
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from router.storage.open import event_log
from router.storage.recordings import StoredRecordings
from router.storage.seals import BoxSeals
from router.storage.system import RandomIds
from tests.channels.chat.client import Client, connected
from tests.channels.chat.flows import Shop
from tests.support.clock import StillClock
from tests.support.waiting import soon

CHAT = Medium("chat")
MAIL = Medium("mail")
HELP = QueueName("help")
MIA = AgentId("mia")
SITE = "k_7f"
ORIGIN = "http://localhost:9999"


def catalogue(**more: Any) -> Catalogue:
    """Mia serves chats and mails of one queue."""
    fields: dict[str, Any] = {
        "version": CatalogueVersion("v1"),
        "queues": {HELP: Queue(name=HELP)},
        "rules": RuleSet(default_queue=HELP),
        "agents": {MIA: Agent(id=MIA, name="Mia", queues=(HELP,))},
        "capacity": Capacity(slots={CHAT: 5, MAIL: 5}),
        "offer_ms": {CHAT: 30_000, MAIL: 30_000},
        "wrap_up": {CHAT: WrapUpRule(mode=WrapUpMode.NONE)},
        "calendars": {"shut": Calendar(name="shut")},
    }
    return Catalogue(**(fields | more))


def settings(**site: Any) -> ChatSettings:
    """One site that allows one foreign origin."""
    fields: dict[str, Any] = {"origins": (ORIGIN,), "languages": ("en", "zh-CN")} | site
    return ChatSettings(sites={SITE: Site(**fields)})


class ChatCentre:
    """A running centre with a chat, and short words for what agents do in it."""

    def __init__(
        self,
        folder: Path,
        clock: StillClock,
        log: EventLog,
        chat_settings: ChatSettings,
        shop: Shop | None = None,
    ) -> None:
        self.clock = clock
        self.log = log
        self.mails: list[OutgoingMail] = []
        self.mail_fault: Exception | None = None
        self.keys = KeyStore(f"sqlite:///{folder}/keys.db", MasterKeys(folder / "master"), clock)
        self.seals = BoxSeals(self.keys)
        ids = RandomIds()
        self.customers = StoredCustomers(f"sqlite:///{folder}/cards.db", self.keys, ids, clock)
        self.files = SealedFiles(folder / "files", self.keys, ids)
        self.hub = Hub(log, clock)
        self._mounts: list[Mount] = []
        self.channel = ChatChannel(
            chat_settings,
            ChannelContext(
                inbox=self.hub,
                feed=self.hub,
                floor=self.hub,
                clock=clock,
                ids=ids,
                seals=self.seals,
                files=self.files,
                customers=self.customers,
                recordings=StoredRecordings(f"sqlite:///{folder}/recordings.db", self.files),
                secrets=self.keys,
                data_folder=folder,
                database_url=f"sqlite:///{folder}/centre.db",
                mount=lambda path, app: self._mounts.append(Mount(path, app=app)),
                send_mail=self._send_mail,
                self_service=shop.ports() if shop is not None else None,
            ),
        )
        self.hub.attach(self.channel)
        application = Starlette(routes=self._mounts)
        listener = WidgetSettings(listen=Listen("127.0.0.1", 0))
        self._server = WebServer(application, listener, "widget")

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.port}"

    async def run(self, stack: AsyncExitStack, given: Catalogue) -> None:
        for store in (self.keys, self.customers):
            await store.open()
            stack.push_async_callback(store.close)
        await self.files.open()
        await self.hub.start()
        stack.push_async_callback(self.hub.stop, deadline_ms=2_000)
        if not self.hub.catalogue().queues:
            await self.hub.submit(ChangeCatalogue(given))
        await self.channel.start()
        stack.push_async_callback(self.channel.stop)
        await self._server.start()
        stack.push_async_callback(self._server.stop)

    async def _send_mail(self, mail: OutgoingMail) -> None:
        if self.mail_fault is not None:
            raise self.mail_fault
        if mail.key not in {sent.key for sent in self.mails}:
            self.mails.append(mail)

    def visitor(self, **more: Any) -> AbstractAsyncContextManager[Client]:
        options: dict[str, Any] = {"site": SITE, "origin": ORIGIN, **more}
        return connected(self.base, **options)

    async def ready(self, agent: AgentId = MIA) -> None:
        await self.hub.submit(SignIn(agent))
        await self.hub.submit(SetPresence(agent, Presence.READY))

    async def accept(self, agent: AgentId = MIA) -> InteractionId:
        """The agent takes the offer that rings, which comes soon."""
        await soon(lambda: self._offer(agent) is not None)
        offer = self._offer(agent)
        assert offer is not None
        assert offer.offer is not None
        await self.hub.submit(Accept(offer.offer.offer_id, agent))
        return offer.interaction_id

    def _offer(self, agent: AgentId) -> InteractionView | None:
        view = self.hub.agent(agent)
        if view is None or not view.offers:
            return None
        return self.hub.interaction(InteractionId(view.offers[0].rpartition(".")[0]))

    async def reply(
        self, interaction_id: InteractionId, text: str, agent: AgentId = MIA, **content: Any
    ) -> EntryId:
        """The agent says something."""
        view = self.hub.interaction(interaction_id)
        assert view is not None
        entry_id = EntryId(RandomIds().new())
        plain = msgspec.json.encode(Content(text=text, **content))
        sealed = await self.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, plain)
        entry = NewEntry(entry_id, sealed=sealed)
        await self.hub.submit(
            AddEntry(interaction_id, Author.AGENT, entry, agent_id=agent, force=True)
        )
        return entry_id

    async def end(self, interaction_id: InteractionId, agent: AgentId = MIA) -> None:
        await self.hub.submit(End(interaction_id, agent))

    async def events(self) -> list[Event]:
        found: list[Event] = []
        while batch := await self.log.read(Position(len(found))):
            found += [record.event for record in batch]
        return found

    async def arrived(self) -> list[Arrived]:
        return [event for event in await self.events() if isinstance(event, Arrived)]

    async def contents(self, author: Author = Author.CUSTOMER) -> list[Content]:
        """What was said, opened, in the order of the log."""
        found = []
        for event in await self.events():
            if isinstance(event, EntryAdded) and event.author is author and event.sealed:
                plain = await self.seals.open(event.sealed, event.entry_id)
                found.append(msgspec.json.decode(plain, type=Content))
        return found


@asynccontextmanager
async def chat_centre(
    folder: Path,
    chat_settings: ChatSettings | None = None,
    given: Catalogue | None = None,
    clock: StillClock | None = None,
    shop: Shop | None = None,
) -> AsyncIterator[ChatCentre]:
    """A centre whose stores are files of a folder: opened again, it goes on."""
    log = event_log(f"sqlite:///{folder}/log.db")
    await log.open()
    made = ChatCentre(folder, clock or StillClock(), log, chat_settings or settings(), shop)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(log.close)
        await made.run(stack, given or catalogue())
        yield made


Story = Callable[[ChatCentre], Awaitable[None]]


def tell(
    folder: Path,
    story: Story,
    chat_settings: ChatSettings | None = None,
    given: Catalogue | None = None,
) -> None:
    """Run a story in a centre of its own."""

    async def told() -> None:
        async with asyncio.timeout(30), chat_centre(folder, chat_settings, given) as made:
            await story(made)

    asyncio.run(told())


async def uploaded(
    centre: ChatCentre, visitor: Client, name: str, data: bytes, origin: str = ORIGIN
) -> httpx.Response:
    """A visitor sends a file up, from a page of this origin."""
    headers = {"Origin": origin, "Authorization": f"Bearer {visitor.token}"}
    async with httpx.AsyncClient(base_url=centre.base) as client:
        return await client.post(
            f"/chat/{SITE}/files", params={"name": name}, content=data, headers=headers
        )
