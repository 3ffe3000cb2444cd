"""A centre with a real desk server on loopback: hub, stores, seals, uvicorn; nothing is faked."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import msgspec
import uvicorn
from fastapi import APIRouter

from agent_desktop.auth import digest
from agent_desktop.context import Ports
from agent_desktop.guards import COOKIE
from agent_desktop.live import Silence, Whispers
from agent_desktop.passwords import PasswordHashes
from agent_desktop.permissions import Role
from agent_desktop.server import DeskServer, uvicorn_options
from agent_desktop.settings import Policy, Profile, Site
from agent_desktop.store import Database
from agent_desktop.store.sessions import SessionRow, SessionRows
from agent_desktop.store.users import User, UserRows
from agent_desktop.words import CONTENT_SCHEMA
from config.audit import Audit
from reporting.keeping import KeptHistory
from router.hub import Hub
from router.model.agent import Capacity, WrapUpRule
from router.model.catalogue import Agent, Catalogue, Disposition, Queue, Rule, RuleSet, Team
from router.model.commands import AddEntry, Arrive, ChangeCatalogue, Command, NewEntry, Scalar, Tick
from router.model.content import Author, Content, MailHeaders
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    QueueName,
    SubjectId,
    TeamName,
)
from router.ports import Clock, EventLog, Receipt
from router.seals import Address
from router.storage.customers import StoredCustomers
from router.storage.files import SealedFiles
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from router.storage.memory import MemoryLog
from router.storage.recordings import StoredRecordings
from router.storage.seals import BoxSeals
from router.storage.system import RandomIds
from tests.agent_desktop.canned import REPLIES
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.exchange import SmallExchange
from tests.support.clock import LeapingClock

MAIL, CHAT = Medium("mail"), Medium("chat")
BILLING, SALES = QueueName("billing"), QueueName("sales")
ASKED_SALES = "has(interaction.attributes.queue) && interaction.attributes.queue == 'sales'"
TO_SALES = Rule(name="sales", when=ASKED_SALES, queue=SALES)
POLICY = Policy()
PASSWORD = "three trams to the harbour"


@functools.cache
def hash_of_password() -> str:
    """The hash of PASSWORD, as costly as every other."""

    async def make() -> str:
        hashes = PasswordHashes()
        try:
            return await hashes.make(PASSWORD)
        finally:
            hashes.close()

    # A loop of its own: this is called from within the one of a test.
    with ThreadPoolExecutor(1) as apart:
        return apart.submit(asyncio.run, make()).result()


def an_agent(name: str, team: str, *queues: str, **more: Any) -> Agent:
    return Agent(
        id=AgentId(name),
        name=name.title(),
        queues=tuple(QueueName(queue) for queue in queues),
        teams=(TeamName(team),),
        **more,
    )


def a_catalogue(version: str = "v1", **more: Any) -> Catalogue:
    """Two teams of two agents, a queue each: Mia and Tom bill, Eve and Bob sell."""
    agents = (
        an_agent("mia", "billing", "billing"),
        an_agent("tom", "billing", "billing"),
        an_agent("eve", "sales", "sales"),
        an_agent("bob", "sales", "sales"),
        an_agent("sue", "billing"),
    )
    wrap_up = WrapUpRule(disposition_required=True)
    outcomes = (Disposition("solved", {"en": "Solved"}), Disposition("spam"))
    queues = (
        Queue(
            name=BILLING,
            title={"en": "Billing", "zh": "账务"},
            wrap_up={CHAT: wrap_up},
            dispositions=outcomes,
            target_ms={MAIL: 14_400_000},
        ),
        Queue(name=SALES, title={"en": "Sales"}),
    )
    return Catalogue(
        version=CatalogueVersion(version),
        queues={queue.name: queue for queue in queues},
        rules=RuleSet(default_queue=BILLING, rules=(TO_SALES,)),
        agents={agent.id: agent for agent in agents},
        teams={
            TeamName(name): Team(name=TeamName(name), queues=(QueueName(name),))
            for name in ("billing", "sales")
        },
        capacity=Capacity(slots={MAIL: 2, CHAT: 3}),
        offer_ms={MAIL: 60_000, CHAT: 30_000},
        reasons=("break", "meal"),
        **more,
    )


class World:
    """A running centre; what a test does to it goes by the front doors."""

    def __init__(self, folder: Path, log: EventLog, clock: LeapingClock) -> None:
        self.folder = folder
        self.log = log
        self.clock = clock
        self.ids = RandomIds()
        self.keys = KeyStore(
            f"sqlite:///{folder}/keys.db", MasterKeys(folder / "keys" / "master.json"), clock
        )
        self.seals = BoxSeals(self.keys)
        self.files = SealedFiles(folder / "files", self.keys, self.ids)
        self.customers = StoredCustomers(
            f"sqlite:///{folder}/customers.db", self.keys, self.ids, clock
        )
        self.recordings = StoredRecordings(f"sqlite:///{folder}/recordings.db", self.files)
        self.hub = Hub(log, clock)
        self.history = KeptHistory(f"sqlite:///{folder}/history.db", self.hub, log)
        self.server: DeskServer
        self.origin = ""
        self.http: httpx.AsyncClient
        self.open_desks: list[DeskClient] = []
        self.telephones = SmallExchange(clock)
        self.audit = Audit(folder / "audit.jsonl", clock)

    def ports(self, site: Site, whispers: Whispers) -> Ports:
        return Ports(
            inbox=self.hub,
            feed=self.hub,
            floor=self.hub,
            clock=self.clock,
            ids=self.ids,
            seals=self.seals,
            files=self.files,
            customers=self.customers,
            recordings=self.recordings,
            history=self.history.past,
            past=self.hub.past,
            replies=lambda: REPLIES,
            whispers=whispers,
            audit=self.audit,
            site=site,
            database_url=f"sqlite:///{self.folder}/desk.db",
            static=self.folder / "static",
            telephones=self.telephones,
        )

    # --- people ---------------------------------------------------------------------------

    async def add_user(self, user: str, role: Role = Role.AGENT, **more: Any) -> None:
        """A user whose password is PASSWORD; it is hashed once for all tests."""
        made = User(
            user=user,
            name=more.get("name", user.title()),
            role=role,
            agent_id=AgentId(more.get("agent_id", user)),
            teams=tuple(more.get("teams", ())),
            disabled=False,
            created=self.clock.now(),
        )
        await UserRows(self.database).add(made, hash_of_password())

    async def sign_in(self, user: str, role: Role = Role.AGENT, **more: Any) -> Person:
        """A person with a session, as log-in would leave it; the user is made when missing.

        What is proved of log-in itself goes by ``Person.sign_in``.
        """
        known = {each.user for each in await self.server.desk.accounts.list_users()}
        if user not in known:
            await self.add_user(user, role, **more)
        token, now = secrets.token_urlsafe(32), self.clock.now()
        row = SessionRow(
            token_hash=digest(token),
            user=user,
            created=now,
            last_active=now,
            expires=Instant(now + POLICY.session_total_ms),
            confirmed=now,
            address="127.0.0.1",
        )
        await SessionRows(self.database).add(row, POLICY.sessions)
        person = Person(self.origin, self.http)
        person.cookies[COOKIE] = token
        return person

    @property
    def database(self) -> Database:
        return self.server.database

    async def desk(self, user: str) -> DeskClient:
        """An agent at a desk, not ready yet."""
        person = await self.sign_in(user)
        desk = await DeskClient.open(person)
        self.open_desks.append(desk)
        return desk

    async def gone(self, user: str) -> None:
        """Wait until the server has noticed that this agent has no desk any more."""
        while self.server.desk.desks.tabs(AgentId(user)):
            await self.submit(Tick())

    async def leap(self, milliseconds: int) -> None:
        """Put the clock forward in steps, while the desks ping as they do."""
        while milliseconds > 0:
            step = min(10_000, milliseconds)
            milliseconds -= step
            self.clock.pass_ms(step)
            for desk in self.open_desks:
                if desk.close_code is None:
                    await desk.ping()
            await self.submit(Tick())

    async def ready(self, user: str) -> DeskClient:
        """An agent at a desk, ready."""
        desk = await self.desk(user)
        await desk.do("presence", presence="ready")
        return desk

    # --- customers ------------------------------------------------------------------------

    async def submit(self, command: Command) -> Receipt:
        return await self.hub.submit(command)

    async def content(self, subject: SubjectId, content: Content) -> NewEntry:
        entry_id = EntryId(self.ids.new())
        plain = msgspec.json.encode(content)
        sealed = await self.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        return NewEntry(entry_id, sealed, len(content.files), len(plain))

    async def arrive(
        self,
        medium: Medium = CHAT,
        text: str = "Where is my invoice?",
        sender: str = "ana@ruiz.example",
        name: str = "Ana Ruiz",
        queue: QueueName = BILLING,
        content: Content | None = None,
        **attributes: Scalar,
    ) -> InteractionId:
        """A customer reaches us with first words; they wait in this queue's line."""
        kind = "mail" if medium == MAIL else "chat"
        subject = await self.customers.resolve(Address(kind, sender), name)
        mail = MailHeaders(sender=sender, subject=text) if medium == MAIL else None
        words = content or Content(text=text, mail=mail)
        interaction_id = InteractionId(self.ids.new())
        await self.submit(
            Arrive(
                interaction_id=interaction_id,
                medium=medium,
                address="help@carillon.example",
                subject=subject,
                attributes={"queue": queue, **attributes},
                entry=await self.content(subject, words),
            )
        )
        return interaction_id

    async def says(self, interaction_id: InteractionId, text: str) -> Receipt:
        """The customer writes more."""
        view = self.hub.interaction(interaction_id)
        assert view is not None
        return await self.submit(
            AddEntry(
                interaction_id=interaction_id,
                author=Author.CUSTOMER,
                entry=await self.content(view.subject, Content(text=text)),
            )
        )

    async def given(self, user: str, **more: Any) -> tuple[DeskClient, InteractionId]:
        """An agent at a desk who has just accepted a new chat."""
        desk = await self.ready(user)
        interaction_id = await self.arrive(**more)
        offer = (await desk.push("offered"))["offer"]
        await desk.do("accept", offer_id=offer["offer_id"])
        await desk.push("item")
        return desk, interaction_id


@asynccontextmanager
async def serving(server: DeskServer, port: int = 0) -> AsyncIterator[int]:
    """The server behind uvicorn on a loopback port; an open one when none is named."""
    bound = socket.create_server(("127.0.0.1", port))
    config = uvicorn.Config(server.app, lifespan="off", log_config=None, **uvicorn_options())
    web = uvicorn.Server(config)
    web.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]  # the test's own signals
    task = asyncio.create_task(web.serve(sockets=[bound]))
    try:
        yield int(bound.getsockname()[1])
    finally:
        web.should_exit = True
        await task
        bound.close()


@asynccontextmanager
async def world(
    folder: Path,
    *,
    log: EventLog | None = None,
    catalogue: Catalogue | None = None,
    profile: Profile = Profile.LAB,
    whispers: Whispers | None = None,
    database_url: str = "",
    routers: Callable[[World], Sequence[APIRouter]] = lambda made: (),
    still: bool = False,
    exchange: Callable[[Clock], SmallExchange] = SmallExchange,
) -> AsyncIterator[World]:
    """A centre that lives within the ``async with``."""
    made = World(folder, log or MemoryLog(), LeapingClock(still=still))
    made.telephones = exchange(made.clock)
    (folder / "keys").mkdir(exist_ok=True)
    free = socket.create_server(("127.0.0.1", 0))
    port = int(free.getsockname()[1])
    free.close()
    made.origin = f"http://127.0.0.1:{port}"
    async with contextlib.AsyncExitStack() as stack:
        for store in (made.log, made.keys, made.customers, made.recordings):
            await store.open()
            stack.push_async_callback(store.close)
        await made.files.open()
        await made.hub.start()
        stack.push_async_callback(made.hub.stop)
        if made.hub.catalogue().version != (wanted := catalogue or a_catalogue()).version:
            await made.submit(ChangeCatalogue(wanted))
        await made.audit.open()
        await made.history.start()
        stack.push_async_callback(made.history.stop)
        ports = made.ports(Site((made.origin,), profile), whispers or Silence())
        if database_url:
            ports = msgspec.structs.replace(ports, database_url=database_url)
        made.server = DeskServer(ports, routers(made))
        await made.server.start()
        stack.push_async_callback(made.server.stop)
        await stack.enter_async_context(serving(made.server, port))
        made.http = await stack.enter_async_context(
            httpx.AsyncClient(base_url=made.origin, timeout=60)
        )
        yield made


def story(
    folder: Path, tell: Callable[[World], Awaitable[None]], patience_s: float = 60, **more: Any
) -> None:
    """Run a test's story in a world of its own."""

    async def run() -> None:
        async with asyncio.timeout(patience_s), world(folder, **more) as made:
            await tell(made)

    asyncio.run(run())


Story = Callable[[World], Awaitable[None]]
Rows = Sequence[dict[str, Any]]
