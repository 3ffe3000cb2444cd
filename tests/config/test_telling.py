"""Lines bear the id of the interaction that is worked on, whoever logs them (LOG-1)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import Any

from config.logs import Logs
from config.settings_types import LogSettings
from config.telling import TellingApplication, TellingMedium, interaction_of
from router.model.effects import Effect, HoldCustomer
from router.model.ids import AgentId, InteractionId, Medium, Position

log = logging.getLogger("carillon.test")


class Pigeons:
    """A medium that logs what it does."""

    medium = Medium("pigeon")

    async def perform(self, effect: Effect, position: Position) -> None:
        await asyncio.sleep(0)
        log.info("flying")


def told(work: Any) -> list[dict[str, Any]]:
    stream = io.StringIO()
    logs = Logs(LogSettings(format="json"), stream)
    logs.start()
    try:
        asyncio.run(work)
    finally:
        logs.stop()
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_mediums_lines_bear_the_interaction_of_its_effect() -> None:
    async def work() -> None:
        medium = TellingMedium(Pigeons())
        assert medium.medium == "pigeon"
        effects = [HoldCustomer(InteractionId(name), AgentId("mia")) for name in ("i1", "i2")]
        await asyncio.gather(*(medium.perform(effect, Position(1)) for effect in effects))
        log.info("rest")

    lines = told(work())
    assert sorted(line.get("interaction", "") for line in lines) == ["", "i1", "i2"]


def test_a_requests_lines_bear_the_interaction_of_its_path() -> None:
    async def answer(scope: Any, receive: Any, send: Any) -> None:
        log.info("asked")

    async def work() -> None:
        application = TellingApplication(answer)
        for path in ("/api/v1/interactions/0f3a/why", "/api/v1/board"):
            nothing: Any = None  # neither is called
            await application({"type": "http", "path": path}, nothing, nothing)

    assert [line.get("interaction") for line in told(work())] == ["0f3a", None]


def test_only_a_whole_part_of_a_path_is_an_interaction() -> None:
    assert interaction_of("/api/v1/interactions/0f3a") == "0f3a"
    assert interaction_of("/api/v1/interactions/0f3a/files") == "0f3a"
    assert interaction_of("/api/v1/interactions/") == ""
    assert interaction_of("/api/v1/interactions/" + "x" * 65) == ""
