"""The running chat channel: starts its parts, carries out effects, and ends cleanly."""

import asyncio
import contextlib
from collections.abc import Callable, Coroutine, Mapping

from channels.api import ChannelContext
from channels.chat import protocol, records
from channels.chat.answers_by_mail import AnswersByMail
from channels.chat.conversations import Conversations
from channels.chat.departures import Departures
from channels.chat.forms import Forms
from channels.chat.pages import Pages
from channels.chat.parts import MEDIUM, Parts
from channels.chat.performing import Performing
from channels.chat.places import Places
from channels.chat.protocol import write_frame
from channels.chat.self_service import Flows
from channels.chat.settings import ChatSettings
from channels.chat.starting import Starts
from channels.chat.transcripts import Transcripts
from channels.chat.uploads import Uploads
from channels.chat.visitor import Desks
from channels.chat.vouching import Vouching
from router.model.effects import Effect
from router.model.ids import InteractionId, Medium, Position

STOP_WITHIN_S = 5.0


class ChatChannel:
    """Web chat as a medium. ``on_typing`` is called when a visitor begins or stops to write."""

    def __init__(self, settings: ChatSettings, context: ChannelContext) -> None:
        parts = Parts(settings, context)
        vouching = Vouching(parts)
        flows = self._flows = Flows(parts)
        conversations = Conversations(parts, vouching, flows)
        self._parts = parts
        self._departures = Departures(parts, conversations, flows)
        self._mails = AnswersByMail(parts)
        self._places = Places(parts)
        self._performing = Performing(parts, conversations, self._places, flows)
        desks = Desks(
            parts,
            Starts(parts, vouching, flows),
            conversations,
            Forms(parts),
            Transcripts(parts),
            self._places,
        )
        self._pages = Pages(desks, Uploads(parts))
        self._tasks: dict[str, asyncio.Task[None]] = {}
        context.mount("/", self._pages.application())

    @property
    def medium(self) -> Medium:
        """``chat``."""
        return MEDIUM

    @property
    def on_typing(self) -> Callable[[InteractionId, bool], None] | None:
        """Who is told that a visitor writes, or stopped; set by the wiring."""
        return self._parts.on_typing

    @on_typing.setter
    def on_typing(self, listener: Callable[[InteractionId, bool], None] | None) -> None:
        """Tell this one from now on."""
        self._parts.on_typing = listener

    async def start(self) -> None:
        """Open the tables, take up the open conversations, follow the log."""
        await self._parts.store.open()
        for conversation in await self._parts.store.open_ones():
            self._parts.rooms.open(conversation)
        self._pages.stopping = False
        for name, work in (
            ("marks", self._parts.carry_marks()),
            ("places", self._places.follow()),
            ("departures", self._departures.watch()),
            ("mails", self._mails.carry()),
        ):
            self._begin(name, work)

    async def stop(self) -> None:
        """Take no new visitors, let begun wishes end, close the sockets (they resume later)."""
        self._pages.stopping = True
        # What is not done by then was not acknowledged: the visitor's side sends it again.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN_S - 1):
                await self._parts.all_carried()
        self._flows.stop()
        self._pages.cut_all(protocol.STOPPED, "the server stops")
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        self._tasks.clear()
        await self._parts.store.close()

    async def reconfigure(self, settings: ChatSettings) -> None:
        """Take new settings; conversations go on, also those of a site that is gone."""
        self._parts.settings = settings
        self._parts.limits.adopt(settings)

    async def retire(self) -> None:
        """Begin no more chats and take no more forms; those that run go on and can be resumed."""
        self._parts.retired = True

    async def busy(self) -> bool:
        """Whether a wish of a visitor is still being carried out."""
        return self._parts.carrying

    def health(self) -> Mapping[str, str]:
        """What is not well."""
        ill = {
            "departures": self._departures.failure,
            "mails": self._mails.failure,
            "widget": self._pages.built(),
        }
        for name, task in self._tasks.items():
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                ill[name] = f"stopped: {type(error).__name__}: {error}"
        return {name: reason for name, reason in ill.items() if reason}

    async def perform(self, effect: Effect, position: Position) -> None:
        """Carry out an effect durably; what comes again is recognised."""
        await self._performing.perform(effect, position)
        self._mails.due()

    def typing(
        self,
        interaction_id: InteractionId,
        agent_name: str,
        typing: bool,  # noqa: FBT001  # the fact itself, as the desk's bus hands it on
    ) -> None:
        """An agent writes, or stopped."""
        room = self._parts.rooms.here(interaction_id)
        if room is not None and room.conversation.state != records.ENDED:
            room.tell(write_frame("typing", name=agent_name, typing=typing))

    def read(self, interaction_id: InteractionId, number: int) -> None:
        """The agent has read the entries up to a number."""
        room = self._parts.rooms.here(interaction_id)
        if room is not None and number > room.conversation.seen_number:
            room.tell(write_frame("seen", number=number))
            self._parts.carry(self._parts.rooms.change(room, seen_number=number))

    async def look(self) -> None:
        """Look after who is gone, now rather than at the next turn."""
        await self._departures.look()

    async def marks_carried(self) -> None:
        """Wait until every mark so far was handed to the router."""
        await self._parts.marks_carried()

    def _begin(self, name: str, work: Coroutine[object, object, None]) -> None:
        self._tasks[name] = asyncio.create_task(work, name=f"chat-{name}")


def build(settings: ChatSettings, context: ChannelContext) -> ChatChannel:
    """The chat channel with these settings."""
    return ChatChannel(settings, context)
