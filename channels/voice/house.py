"""What the pieces of a running voice channel share."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from channels.api import ChannelContext
from channels.voice.nodes import Nodes
from channels.voice.settings import VoiceSettings
from channels.voice.sip.endpoint import SipEndpoint
from channels.voice.store import VoiceStore
from ivr.asks import Found, LookUp
from ivr.ports import FlowPorts
from ivr.prompts import Utterance
from ivr.session import World
from router.model.commands import Command, NewEntry
from router.model.content import CONTENT_SCHEMA, Content
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import EntryId, Instant, Medium, SubjectId
from router.ports import Receipt
from router.telephones import CallState

log = logging.getLogger(__name__)
T = TypeVar("T")
MEDIUM = Medium("voice")
AGAIN_S = (0.1, 0.5, 2.0, 5.0, 10.0, 10.0, 10.0)
"""Rests before what must be said to the router is said again."""


class House:
    """The context, the settings in force, nodes, stack and tables.

    ``nodes`` and ``endpoint`` are there once the channel has started.
    """

    nodes: Nodes
    endpoint: SipEndpoint

    def __init__(self, settings: VoiceSettings, context: ChannelContext) -> None:
        self.settings = settings
        self.context = context
        self.store = VoiceStore(context.database_url)
        self.flows = context.self_service or _no_flows()
        self.music = context.data_folder / "music.wav"
        self.show: Callable[[CallState], None] = lambda state: None
        """Tells an agent's telephones how a call stands."""
        self.retired = False
        self.stopping = False
        self._carried: set[asyncio.Task[Any]] = set()

    @property
    def now(self) -> Instant:
        """The clock's moment."""
        return self.context.clock.now()

    def carry(self, work: Coroutine[Any, Any, T], name: str = "voice") -> "asyncio.Task[T]":
        """Begin work that goes on even when who began it is gone; what it raises is logged."""
        task = asyncio.create_task(work, name=name)
        self._carried.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: "asyncio.Task[Any]") -> None:
        self._carried.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("voice: %s failed", task.get_name(), exc_info=error)

    @property
    def carrying(self) -> bool:
        """Whether work has begun and is not done."""
        return bool(self._carried)

    async def all_carried(self) -> None:
        """Wait until all work that has begun is done."""
        while self._carried:
            await asyncio.wait(self._carried)

    def drop_carried(self) -> None:
        """Give up what has not been done in time."""
        for task in self._carried:
            task.cancel()

    async def say(self, command: Command) -> Receipt | None:
        """Tell the router something that has happened, for as long as it cannot hear it.

        None when the state does not allow it any more: then it does not matter any more.
        """
        for rest_s in (*AGAIN_S, None):
            try:
                return await self.context.inbox.submit(command)
            except (Refused, NotFound, InvalidInput) as error:
                log.debug("%s was refused: %s", type(command).__name__, error.code)
                return None
            except CarillonError as error:
                if rest_s is None:
                    log.exception("%s could not be told: %s", type(command).__name__, error.code)
                    return None
                await asyncio.sleep(rest_s)
        return None

    async def seal(self, subject: SubjectId, content: Content) -> NewEntry:
        """An entry of sealed words, ready for the Inbox."""
        entry_id = EntryId(self.context.ids.new())
        plain = msgspec.json.encode(content)
        sealed = await self.context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        return NewEntry(entry_id, sealed=sealed, size_bytes=len(plain))

    def caller_id(self, queue: str | None) -> str:
        """The number we show for calls of a queue; empty: the trunk's own."""
        return self.settings.dialling.caller_ids.get(queue or "", "")

    def music_file(self) -> Path:
        """What is heard while waiting."""
        return self.settings.music or self.music


def _no_flows() -> FlowPorts:
    """Where no self-service is configured at all: every flow is missing, nobody speaks."""

    async def answer(ask: LookUp) -> Found:
        return Found("failed")

    async def files(utterance: Utterance) -> tuple[Path, ...]:
        return ()

    return FlowPorts(
        world=lambda: World({}, lambda calendar, now: True, lambda text, known, now: False),
        answer=answer,
        files=files,
    )
