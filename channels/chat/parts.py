"""What the pieces of a running chat channel share."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

import msgspec

from channels.api import ChannelContext
from channels.chat.limits import Held, Window
from channels.chat.rooms import Room, Rooms
from channels.chat.settings import ChatSettings, Site
from channels.chat.store import ChatStore
from router.model.commands import MarkEntry, NewEntry
from router.model.content import CONTENT_SCHEMA, Content
from router.model.errors import CarillonError, Refused
from router.model.ids import HOUR_MS, MINUTE_MS, EntryId, InteractionId, Medium, SubjectId

T = TypeVar("T")
MEDIUM = Medium("chat")
MARKS_MAX = 10_000
FORMS_PER_SOURCE = 5
CODES_PER_SOURCE = 10


class Limits:
    """The counters of CHAT-4, made anew when the settings change."""

    def __init__(self, settings: ChatSettings) -> None:
        self.sockets = Held(settings.sockets_per_source)
        self.chats = Window(settings.chats_per_source, settings.chats_window_ms)
        self.forms = Window(FORMS_PER_SOURCE, settings.chats_window_ms)
        self.codes = Window(CODES_PER_SOURCE, HOUR_MS)
        self.messages = Window(settings.messages_per_minute, MINUTE_MS)
        self.uploads = Window(30, MINUTE_MS)

    def adopt(self, settings: ChatSettings) -> None:
        """Take new bounds; what was counted stays counted."""
        self.sockets.limit = settings.sockets_per_source
        self.chats.limit = settings.chats_per_source
        self.chats.span_ms = self.forms.span_ms = settings.chats_window_ms
        self.messages.limit = settings.messages_per_minute


class Parts:
    """The context, the settings in force, the tables, the rooms and the counters."""

    def __init__(self, settings: ChatSettings, context: ChannelContext) -> None:
        self.settings = settings
        self.context = context
        self.store = ChatStore(context.database_url)
        self.rooms = Rooms(self.store, context.seals, context.clock)
        self.limits = Limits(settings)
        self.retired = False
        self.shown: dict[EntryId, dict[str, Any]] = {}
        """What messages of flows show beside their words, until they are shown."""
        self.on_typing: Callable[[InteractionId, bool], None] | None = None
        self._carried: set[asyncio.Task[Any]] = set()
        self._marks: asyncio.Queue[MarkEntry] = asyncio.Queue(MARKS_MAX)

    def site(self, key: str) -> Site | None:
        """The site of a key, if it is still configured."""
        return self.settings.sites.get(key)

    def site_of(self, room: Room) -> Site:
        """The site of a room; one whose site left the configuration lives on with defaults."""
        return self.settings.sites.get(room.conversation.site) or Site(origins=())

    async def seal(
        self, subject: SubjectId, content: Content, entry_id: EntryId, files: int = 0
    ) -> NewEntry:
        """An entry of sealed words, ready for the Inbox."""
        plain = msgspec.json.encode(content)
        sealed = await self.context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        return NewEntry(entry_id=entry_id, sealed=sealed, files=files, size_bytes=len(plain))

    def entry_id(self) -> EntryId:
        """A fresh id of an entry."""
        return EntryId(self.context.ids.new())

    def carry(self, wish: Coroutine[object, object, T]) -> "asyncio.Task[T]":
        """Begin a wish that goes on even when who wished is gone."""
        task = asyncio.create_task(wish)
        self._carried.add(task)
        task.add_done_callback(self._carried.discard)
        return task

    @property
    def carrying(self) -> bool:
        """Whether a wish has begun and is not done."""
        return bool(self._carried)

    async def all_carried(self) -> None:
        """Wait until every wish that has begun is done."""
        await asyncio.gather(*self._carried, return_exceptions=True)

    def mark_later(self, mark: MarkEntry) -> None:
        """Tell the router what became of an entry, without waiting for it."""
        if not self._marks.full():
            self._marks.put_nowait(mark)

    async def carry_marks(self) -> None:
        """Hand the marks to the Inbox for as long as the channel runs."""
        while True:
            mark = await self._marks.get()
            try:
                await self.context.inbox.submit(mark)
            except Refused:
                # The interaction is long finished: nobody looks at the mark any more.
                continue
            except CarillonError:
                # A mark may be shed: the words themselves are safe.
                continue
            finally:
                self._marks.task_done()

    async def marks_carried(self) -> None:
        """Wait until every mark so far was handed over."""
        await self._marks.join()
