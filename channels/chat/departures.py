"""Who is gone without saying so: nobody here while waiting, or nothing said for too long."""

import asyncio

from channels.chat import records
from channels.chat.conversations import Conversations
from channels.chat.parts import Parts
from channels.chat.rooms import Room
from channels.chat.self_service import Flows
from channels.chat.tokens import TOKEN_AGE_S
from router.model.errors import CarillonError, StorageFailed
from router.model.ids import DAY_MS, MINUTE_MS, Instant

LOOK_EVERY_S = 5.0
PURGE_EVERY_MS = 10 * MINUTE_MS
ANSWER_KEPT_MS = 30 * DAY_MS
"""How long an answer that cannot be mailed is tried before its chat is dropped all the same."""


def reason_to_leave(room: Room, now: Instant, away_ms: int, idle_ms: int) -> str:
    """Why the visitor counts as gone: ``away``, ``idle``, or empty while they do not.

    Who left a message and keeps the place may be away and silent for as long as it takes.
    """
    conversation = room.conversation
    if conversation.state == records.ENDED or conversation.mail_box is not None:
        return ""
    waits = conversation.state in {records.WAITING, records.STARTING, records.SERVED}
    away = room.away_since is not None
    if waits:
        gone_ms = now - room.away_since if room.away_since is not None else 0
        return "away" if away and gone_ms >= away_ms else ""
    return "idle" if now - conversation.last_at >= idle_ms else ""


class Departures:
    """Looks after rooms whose visitor may be gone, and drops what has had its time."""

    def __init__(self, parts: Parts, conversations: Conversations, flows: Flows) -> None:
        self._parts = parts
        self._flows = flows
        self._conversations = conversations
        self._purged_at = Instant(0)
        self.failure = ""

    async def watch(self) -> None:
        """Look every five seconds for as long as the channel runs."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """End the conversations of who is gone, begin flows again that were lost, and drop what
        ended 24 hours ago."""
        settings = self._parts.settings
        now = self._parts.context.clock.now()
        self.failure = ""
        for room in self._parts.rooms:
            reason = reason_to_leave(room, now, settings.away_ms, settings.idle_ms)
            if reason:
                try:
                    await self._conversations.leave(room, reason)
                except CarillonError as error:
                    # It is tried again at the next look.
                    self.failure = f"a conversation could not be ended: {error.code}"
        self._flows.look()
        if now - self._purged_at >= PURGE_EVERY_MS:
            self._purged_at = now
            await self._purge(now)

    async def _purge(self, now: Instant) -> None:
        before, unmailed_before = now - TOKEN_AGE_S * 1000, now - ANSWER_KEPT_MS
        try:
            for file_id in await self._parts.store.purge(Instant(before), Instant(unmailed_before)):
                await self._parts.context.files.remove(file_id)
        except StorageFailed as error:
            self.failure = error.message
