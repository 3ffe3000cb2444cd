"""A whole centre for a test: the real wiring on real files, configured by a few lines of TOML."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from config.check import load
from config.wiring import Centre
from router.model.agent import Presence
from router.model.commands import Accept, NewEntry, SetPresence, SignIn
from router.model.content import CONTENT_SCHEMA, Content
from router.model.events import EntryAdded, Offered, Recorded
from router.model.ids import AgentId, EntryId, InteractionId, Position

DEADLINE_S = 20.0


def write_configuration(folder: Path, **files: str) -> Path:
    """A configuration folder with these files (``channels="..."`` is channels.toml)."""
    folder.mkdir(mode=0o700, exist_ok=True)
    for name, text in files.items():
        path = folder / f"{name}.toml"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
    return folder


@asynccontextmanager
async def running_centre(folder: Path) -> AsyncIterator[Centre]:
    """The centre of this folder, running until the end of the block."""
    loaded = load(folder)
    assert not loaded.mistakes, loaded.mistakes
    centre = Centre(loaded)
    await centre.open()
    try:
        yield centre
    finally:
        await centre.close()


async def until(centre: Centre, wanted: Callable[[Recorded], bool]) -> Recorded:
    """The first event of the log that is wanted, waited for."""
    async with asyncio.timeout(DEADLINE_S):
        async for batch in centre.hub.follow(Position(0)):
            for recorded in batch:
                if wanted(recorded):
                    return recorded
    raise AssertionError("the hub ended first")


async def make_ready(centre: Centre, agent: str) -> None:
    """The agent signs in and is ready."""
    await centre.hub.submit(SignIn(AgentId(agent)))
    await centre.hub.submit(SetPresence(AgentId(agent), Presence.READY))


async def accept_next(centre: Centre, agent: str) -> Offered:
    """Wait for an offer to this agent that has not ended, and accept it."""

    def wanted(recorded: Recorded) -> bool:
        event = recorded.event
        if not isinstance(event, Offered) or event.agent_id != agent:
            return False
        view = centre.hub.interaction(event.interaction_id)
        return view is not None and view.offer is not None

    offered = (await until(centre, wanted)).event
    assert isinstance(offered, Offered)
    await centre.hub.submit(Accept(offered.offer_id, offered.agent_id))
    return offered


async def words(centre: Centre, interaction_id: InteractionId) -> list[Content]:
    """What was said in an interaction, opened."""
    found = []
    async with asyncio.timeout(DEADLINE_S):
        async for batch in centre.hub.follow(Position(0)):
            for recorded in batch:
                event = recorded.event
                if isinstance(event, EntryAdded) and event.interaction_id == interaction_id:
                    assert event.sealed is not None
                    plain = await centre.stores.seals.open(event.sealed, event.entry_id)
                    found.append(msgspec.json.decode(plain, type=Content))
            if batch[-1].position >= centre.hub.head():
                return found
    raise AssertionError("the hub ended first")


async def an_entry(centre: Centre, interaction_id: InteractionId, content: Content) -> NewEntry:
    """These words as a new sealed entry of the interaction's customer."""
    view = centre.hub.interaction(interaction_id)
    assert view is not None
    entry_id = EntryId(centre.ids.new())
    plain = msgspec.json.encode(content)
    sealed = await centre.stores.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, plain)
    return NewEntry(entry_id=entry_id, sealed=sealed, size_bytes=len(plain))
