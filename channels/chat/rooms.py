"""Rooms: who is here in which conversation, and the numbered items they are shown.

Adding an item and joining a room exclude each other, so a visitor who joins gets every item once:
first from the store what stands behind their number, then what is added.
"""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from channels.chat.protocol import ITEMS_PER_FRAME, write_frame
from channels.chat.records import ENDED, Conversation, Item
from channels.chat.store import ChatStore
from router.model.content import Content, FileRef
from router.model.errors import CarillonError
from router.model.ids import Instant, InteractionId
from router.ports import Clock
from router.seals import Seals

_REPLAY = 200


class Listener(Protocol):
    """One of a visitor's windows."""

    def offer(self, text: str) -> None:
        """Take a frame without waiting; one that is too slow is cut off and resumes later."""
        ...

    async def send(self, text: str) -> None:
        """Take a frame, waiting for room."""
        ...


class Room:
    """One open conversation and its visitor's windows. ``away_since``: nobody is here since;
    ``leaving``: why the visitor is being said to be gone."""

    def __init__(self, conversation: Conversation, now: Instant) -> None:
        self.conversation = conversation
        self.lock = asyncio.Lock()
        self.listeners: set[Listener] = set()
        self.away_since: Instant | None = now
        self.visitor_types = False
        self.leaving = ""

    @property
    def interaction_id(self) -> InteractionId:
        """The interaction this room shows."""
        return self.conversation.interaction_id

    def tell(self, text: str) -> None:
        """Offer a frame to every window."""
        for listener in tuple(self.listeners):
            listener.offer(text)


class Rooms:
    """All rooms in use, and the way items get into them."""

    def __init__(self, store: ChatStore, seals: Seals, clock: Clock) -> None:
        self._store = store
        self._seals = seals
        self._clock = clock
        self._rooms: dict[InteractionId, Room] = {}
        self._making = asyncio.Lock()

    def __iter__(self) -> Iterator[Room]:
        return iter(tuple(self._rooms.values()))

    def here(self, interaction_id: InteractionId) -> Room | None:
        """The room, when it is in memory: every open conversation is."""
        return self._rooms.get(interaction_id)

    async def room(self, interaction_id: InteractionId) -> Room | None:
        """The room of an interaction, fetched from the store when it is not in memory."""
        there = self._rooms.get(interaction_id)
        if there is not None:
            return there
        async with self._making:
            there = self._rooms.get(interaction_id)
            if there is None:
                found = await self._store.by_id(interaction_id)
                there = self.open(found) if found is not None else None
            return there

    def open(self, conversation: Conversation) -> Room:
        """Make the room of a conversation, or return it."""
        room = self._rooms.get(conversation.interaction_id)
        if room is None:
            room = Room(conversation, self._clock.now())
            self._rooms[conversation.interaction_id] = room
        return room

    def drop(self, interaction_id: InteractionId) -> None:
        """Take a room out of memory."""
        self._rooms.pop(interaction_id, None)

    def drop_if_over(self, room: Room) -> None:
        """Take a room out of memory whose conversation has ended and that nobody is in."""
        if room.conversation.state == ENDED and not room.listeners:
            self.drop(room.interaction_id)

    async def add(self, room: Room, item: Item, **values: Any) -> tuple[Item, bool]:
        """Add an item durably, set columns of the conversation, and show it to who is here."""
        async with room.lock:
            added, new = await self._store.add_item(room.interaction_id, item, **values)
            if new:
                room.conversation = msgspec.structs.replace(
                    room.conversation, last_seq=added.seq, **values
                )
                if room.listeners:
                    frame = write_frame("items", items=[await self.shown(room, added)])
                    room.tell(frame)
        return added, new

    async def change(self, room: Room, **values: Any) -> None:
        """Set columns of the conversation, durably."""
        async with room.lock:
            await self._store.change(room.interaction_id, **values)
            room.conversation = msgspec.structs.replace(room.conversation, **values)

    async def join(self, room: Room, listener: Listener, after: int) -> int:
        """Show what stands behind ``after`` and everything that comes; the number reached."""
        while True:
            async with room.lock:
                items = await self._store.items(room.interaction_id, after, _REPLAY)
                if len(items) < _REPLAY:
                    for text in await self._batches(room, items):
                        listener.offer(text)
                    room.listeners.add(listener)
                    room.away_since = None
                    return items[-1].seq if items else after
            for text in await self._batches(room, items):
                await listener.send(text)
            after = items[-1].seq

    def leave(self, room: Room, listener: Listener) -> None:
        """A window is gone."""
        room.listeners.discard(listener)
        if not room.listeners:
            room.away_since = self._clock.now()

    async def shown(self, room: Room, item: Item) -> Mapping[str, Any]:
        """An item as the visitor sees it. Words whose key was destroyed are shown as gone."""
        frame: dict[str, Any] = {"seq": item.seq, "at": item.at, "kind": item.kind, **item.data}
        if item.number:
            frame["number"] = item.number
        if item.sealed is not None and item.entry_id is not None:
            try:
                plain = await self._seals.open(item.sealed, item.entry_id)
            except CarillonError:
                return frame | {"text": "", "gone": True}
            content = msgspec.json.decode(plain, type=Content)
            frame["text"] = content.text
            frame["files"] = [_shown_file(file) for file in content.files]
        return frame

    async def _batches(self, room: Room, items: Sequence[Item]) -> list[str]:
        shown = [await self.shown(room, item) for item in items]
        return [
            write_frame("items", items=shown[at : at + ITEMS_PER_FRAME])
            for at in range(0, len(shown), ITEMS_PER_FRAME)
        ]


def _shown_file(file: FileRef) -> dict[str, Any]:
    return {
        "file_id": file.file_id,
        "name": file.name,
        "media_type": file.media_type,
        "size_bytes": file.size_bytes,
    }
