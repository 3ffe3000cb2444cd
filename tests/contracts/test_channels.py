"""What every channel owes, run on each that ``discover`` finds. A new folder is a new case."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.api import Channel, ChannelContext, ChannelSpec, OutgoingMail, discover
from router.hub import Hub
from router.model.catalogue import Catalogue, Queue, RuleSet
from router.model.commands import ChangeCatalogue
from router.model.content import CONTENT_SCHEMA, Content
from router.model.effects import (
    Connect,
    Deliver,
    Disconnect,
    Effect,
    HoldCustomer,
    Release,
    RetrieveCustomer,
    Ring,
    StopRinging,
    Tell,
    Wait,
)
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    InteractionId,
    Medium,
    OfferId,
    Position,
    QueueName,
)
from router.model.interaction import Outcome
from router.seals import Address
from router.storage.customers import StoredCustomers
from router.storage.files import SealedFiles
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from router.storage.memory import MemoryLog
from router.storage.recordings import StoredRecordings
from router.storage.seals import BoxSeals
from router.storage.system import RandomIds, SystemClock
from tests.support import loop

MAIN = QueueName("main")
MIA = AgentId("mia")
PERFORM_S = 1.0
STOP_S = 5.0


@asynccontextmanager
async def surroundings(folder: Path) -> AsyncIterator[ChannelContext]:
    """A real hub and real stores, in a folder of their own."""
    clock, ids = SystemClock(), RandomIds()
    keys = KeyStore(f"sqlite:///{folder}/keys.db", MasterKeys(folder / "master"), clock)
    customers = StoredCustomers(f"sqlite:///{folder}/cards.db", keys, ids, clock)
    files = SealedFiles(folder / "files", keys, ids)
    recordings = StoredRecordings(f"sqlite:///{folder}/recordings.db", files)
    log = MemoryLog()
    hub = Hub(log, clock)

    async def send_mail(mail: OutgoingMail) -> None:
        raise AssertionError("nothing of the contract sends a mail")

    def mount(path: str, application: Any) -> None:
        assert callable(application)

    async with AsyncExitStack() as stack:
        for store in (log, keys, customers, recordings):
            await store.open()
            stack.push_async_callback(store.close)
        await files.open()
        await hub.start()
        stack.push_async_callback(hub.stop)
        queues = {MAIN: Queue(name=MAIN)}
        rules = RuleSet(default_queue=MAIN)
        await hub.submit(ChangeCatalogue(Catalogue(CatalogueVersion("v1"), queues, rules)))
        yield ChannelContext(
            inbox=hub,
            feed=hub,
            floor=hub,
            clock=clock,
            ids=ids,
            seals=BoxSeals(keys),
            files=files,
            customers=customers,
            recordings=recordings,
            secrets=keys,
            data_folder=folder,
            database_url=f"sqlite+aiosqlite:///{folder}/centre.db",
            mount=mount,
            send_mail=send_mail,
        )


def default_settings(spec: ChannelSpec) -> Any:
    """The settings of an empty table, listening on a free port where it listens at all."""
    settings = spec.settings()
    incoming = getattr(settings, "incoming", None)
    if incoming is not None and hasattr(incoming, "listen"):
        free = msgspec.structs.replace(incoming, listen="127.0.0.1:0")
        settings = msgspec.structs.replace(settings, incoming=free)
    listen = getattr(settings, "listen", None)
    if listen is not None and hasattr(listen, "udp"):
        free = msgspec.structs.replace(listen, udp="127.0.0.1:0", tcp="127.0.0.1:0")
        settings = msgspec.structs.replace(settings, listen=free)
    return settings


async def every_effect(context: ChannelContext) -> list[Effect]:
    """One of each effect, about an interaction that no channel knows."""
    one = InteractionId("f" * 32)
    entry_id = EntryId("e" * 32)
    subject = await context.customers.resolve(Address(kind="site:contract", value="x"))
    plain = msgspec.json.encode(Content(text="words"))
    sealed = await context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
    return [
        Wait(one, "main"),
        Tell(one, "You are number {position}.", position=1),
        Ring(one, OfferId("o.1"), MIA),
        StopRinging(one, OfferId("o.1"), MIA),
        Connect(one, MIA),
        Deliver(one, entry_id, sealed, MIA),
        HoldCustomer(one, MIA),
        RetrieveCustomer(one, MIA),
        Disconnect(one, MIA),
        Release(one, Outcome.HANDLED),
    ]


Story = Callable[[Channel, ChannelContext, Any], Awaitable[None]]


def tell(spec: ChannelSpec, folder: Path, story: Story) -> None:
    """Run a story with a started channel."""

    async def told() -> None:
        async with asyncio.timeout(30), surroundings(folder) as context:
            settings = default_settings(spec)
            channel = spec.build(settings, context)
            await channel.start()
            try:
                await story(channel, context, settings)
            finally:
                await asyncio.wait_for(channel.stop(), STOP_S)

    # Some media stand on Twisted, whose reactor has one loop in a process.
    loop.run(told())


async def _nothing() -> None:
    return None


def found() -> dict[Medium, ChannelSpec]:
    """All channels. Importing some makes Twisted's reactor, which must be on our loop first."""
    loop.run(_nothing())
    return discover()


SPECS = found()


@pytest.fixture(params=sorted(SPECS))
def spec(request: pytest.FixtureRequest) -> ChannelSpec:
    return SPECS[request.param]


def check_its_settings(spec: ChannelSpec) -> None:
    assert spec.settings.__struct_config__.forbid_unknown_fields
    assert spec.check(spec.settings()) == []
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"no such setting": 1}, spec.settings)


def check_it_starts_and_stops(spec: ChannelSpec, folder: Path) -> None:
    async def story(channel: Channel, context: ChannelContext, settings: Any) -> None:
        assert channel.medium == spec.name
        assert all(isinstance(why, str) for why in channel.health().values())
        await asyncio.wait_for(channel.stop(), STOP_S)
        await channel.start()
        await channel.reconfigure(settings)

    tell(spec, folder, story)


def check_it_performs(spec: ChannelSpec, folder: Path) -> None:
    async def story(channel: Channel, context: ChannelContext, settings: Any) -> None:
        effects = await every_effect(context)
        for _ in range(2):
            for number, effect in enumerate(effects, 1):
                await asyncio.wait_for(channel.perform(effect, Position(number)), PERFORM_S)

    tell(spec, folder, story)


def test_its_settings_refuse_what_they_do_not_know(spec: ChannelSpec) -> None:
    check_its_settings(spec)


def test_it_starts_stops_starts_again_and_takes_new_settings(
    spec: ChannelSpec, tmp_path: Path
) -> None:
    check_it_starts_and_stops(spec, tmp_path)


def test_every_effect_is_carried_out_in_time_and_again_without_harm(
    spec: ChannelSpec, tmp_path: Path
) -> None:
    check_it_performs(spec, tmp_path)
