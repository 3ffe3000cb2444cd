"""A real desk server whose configuration is a folder on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import httpx
from fastapi import APIRouter

from config import proposal_routes
from config.admin import routes
from config.administration import Administration
from config.check import Loaded, load, load_texts
from config.proposals import Proposals
from config.reload import Reload
from config.settings_types import Settings
from config.versions import Versions
from router.model.catalogue import Catalogue
from router.model.commands import ChangeCatalogue
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import World, world
from tests.config.support import CENTRE, lines, write

API = "/api/v1/configuration"


class Centre:
    """A world whose configuration is a folder on disk."""

    def __init__(self, world: World, folder: Path, reload: Reload, audit_file: Path) -> None:
        self.world = world
        self.folder = folder
        self.reload = reload
        self.audit_file = audit_file

    async def revision(self, person: Person) -> str:
        return str((await person.get(API)).json()["revision"])

    async def put(self, person: Person, path: str, table: Any, **more: Any) -> httpx.Response:
        body = {"table": table, "revision": await self.revision(person), **more}
        return await person.request("PUT", f"{API}/{path}", json=body)

    async def tables(self, person: Person, section: str) -> Any:
        response = await person.get(f"{API}/{section}")
        assert response.status_code == 200, response.text
        return response.json()[section]

    @property
    def catalogue(self) -> Catalogue:
        return self.world.hub.catalogue()


def told(
    tmp_path: Path, story: Callable[[Centre], Awaitable[None]], files: dict[str, str] = CENTRE
) -> None:
    """Run a story in a centre over these files."""
    folder = write(tmp_path / "centre", files)

    async def tell() -> None:
        async with asyncio.timeout(60), AsyncExitStack() as stack:
            await story(await _opened(stack, tmp_path, folder))

    asyncio.run(tell())


async def _opened(stack: AsyncExitStack, tmp_path: Path, folder: Path) -> Centre:
    def read() -> Loaded:
        return load(folder, environment={}, channels={})

    first = read()
    assert lines(first) == []
    made: dict[str, Any] = {}

    def routers(world: World) -> Sequence[APIRouter]:
        async def take(catalogue: Catalogue) -> None:
            await world.hub.submit(ChangeCatalogue(catalogue))

        async def ignore(settings: Settings) -> None:
            return None

        async def keep(loaded: Loaded) -> None:
            assert loaded.catalogue is not None
            await asyncio.to_thread(versions.record, loaded.texts, loaded.catalogue.version)

        versions = Versions(tmp_path / "versions", world.clock)
        reload = Reload(first, read, take, ignore, world.clock, keep)
        administration = Administration(
            folder,
            lambda where, texts: load_texts(where, texts, environment={}, channels={}),
            reload,
            versions,
            world.audit,
            world.hub,
        )
        made.update(reload=reload)
        proposals = Proposals(tmp_path / "proposals", world.clock)
        return [proposal_routes.routes(administration, proposals), routes(administration, versions)]

    (tmp_path / "world").mkdir()
    running = await stack.enter_async_context(
        world(tmp_path / "world", catalogue=first.catalogue, routers=routers)
    )
    await made["reload"].start()
    stack.push_async_callback(made["reload"].stop)
    await made["reload"].reload()
    return Centre(running, folder, made["reload"], tmp_path / "world" / "audit.jsonl")
