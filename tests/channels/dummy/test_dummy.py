"""The medium without wires: customers by method calls, through the real hub."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from channels.dummy import CHANNEL
from channels.dummy.channel import Heard
from channels.dummy.settings import DummySettings
from router.model.agent import Capacity, Presence
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import (
    Accept,
    AddEntry,
    ChangeCatalogue,
    End,
    NewEntry,
    SetPresence,
    SignIn,
)
from router.model.content import CONTENT_SCHEMA, Author
from router.model.errors import NotFound
from router.model.ids import AgentId, CatalogueVersion, EntryId, InteractionId, Medium, QueueName
from tests.contracts.test_channels import tell
from tests.support.waiting import PATIENCE_S

MAIN, MIA = QueueName("main"), AgentId("mia")


async def with_mia(context: Any) -> None:
    """Mia serves dummy customers and is ready."""
    agent = Agent(id=MIA, name="Mia", queues=(MAIN,))
    await context.inbox.submit(
        ChangeCatalogue(
            Catalogue(
                version=CatalogueVersion("v2"),
                queues={MAIN: Queue(name=MAIN)},
                rules=RuleSet(default_queue=MAIN),
                agents={MIA: agent},
                capacity=Capacity(slots={Medium("dummy"): 2}),
            )
        )
    )
    await context.inbox.submit(SignIn(MIA))
    await context.inbox.submit(SetPresence(MIA, Presence.READY))


async def heard(channel: Any, interaction_id: InteractionId, kind: str) -> Heard:
    """The first thing of a kind the customer hears, soon."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            for told in channel.heard(interaction_id):
                if told.kind == kind:
                    return told  # type: ignore[no-any-return]  # the contract's story is untyped
            await asyncio.sleep(0.002)


def test_a_dummy_customer_is_served(tmp_path: Path) -> None:
    async def story(channel: Any, context: Any, settings: Any) -> None:
        context.inbox.attach(channel)
        await with_mia(context)
        one = await channel.arrive("hello", name="Ana", customer="ana", key="first")
        assert await channel.arrive("hello", customer="ana", key="first") == one
        view = context.floor.interaction(one)
        await context.inbox.submit(Accept(view.offer.offer_id, MIA))
        assert await heard(channel, one, "joined") == Heard("joined", "mia")
        entry_id = EntryId("a" * 32)
        sealed = await context.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, b'{"text":"hi"}')
        entry = NewEntry(entry_id, sealed=sealed)
        await context.inbox.submit(AddEntry(one, Author.AGENT, entry, agent_id=MIA, seen=1))
        assert await heard(channel, one, "words") == Heard("words", "hi")
        await channel.say(one, "thanks")
        await context.inbox.submit(End(one, MIA))
        await heard(channel, one, "released")
        assert [told.kind for told in channel.heard(one)] == [
            "wait",
            "joined",
            "words",
            "left",
            "released",
        ]

    tell(CHANNEL, tmp_path, story)


def test_a_dummy_customer_may_go_and_a_stranger_says_nothing(tmp_path: Path) -> None:
    async def story(channel: Any, context: Any, settings: Any) -> None:
        context.inbox.attach(channel)
        one = await channel.arrive("hello")
        await channel.leave(one, "bored")
        assert (await heard(channel, one, "released")).text == "abandoned"
        with pytest.raises(NotFound):
            await channel.say(InteractionId("0" * 32), "who am I?")

    tell(CHANNEL, tmp_path, story)


def test_only_so_many_customers_are_remembered(tmp_path: Path) -> None:
    async def story(channel: Any, context: Any, settings: Any) -> None:
        context.inbox.attach(channel)
        await channel.reconfigure(DummySettings(conversations_max=2))
        ones = [await channel.arrive("hello") for _ in range(4)]
        await heard(channel, ones[3], "wait")
        assert [bool(channel.heard(one)) for one in ones] == [False, False, True, True]

    tell(CHANNEL, tmp_path, story)
