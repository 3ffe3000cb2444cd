"""What the hub orders, carried out: each effect becomes an item the visitor is shown."""

from typing import Any

from channels.chat import records
from channels.chat.conversations import Conversations
from channels.chat.parts import Parts
from channels.chat.records import Item
from channels.chat.rooms import Room
from channels.chat.wording import announcement
from router.model.commands import MarkEntry
from router.model.content import Mark
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
from router.model.ids import AgentId, Position


class Performing:
    """Carries out effects, durably and in order; what comes again is recognised."""

    def __init__(self, parts: Parts, conversations: Conversations) -> None:
        self._parts = parts
        self._conversations = conversations

    async def perform(self, effect: Effect, position: Position) -> bool:
        """Carry out; False when the conversation is unknown (its rows are long gone)."""
        room = await self._parts.rooms.room(effect.interaction_id)
        if room is None:
            return False
        await self._perform(room, effect, position)
        if room.conversation.state == records.ENDED and not room.listeners:
            self._parts.rooms.drop(room.interaction_id)
        return True

    async def _perform(self, room: Room, effect: Effect, position: Position) -> None:
        match effect:
            case Deliver():
                await self._deliver(room, effect)
            case Connect():
                await self._connect(room, effect, position)
            case Disconnect():
                name = self.agent_name(effect.agent_id)
                await self._show(room, position, "left", effect.agent_id, {"name": name})
            case HoldCustomer():
                await self._show(room, position, "held", effect.agent_id, {})
            case RetrieveCustomer():
                await self._show(room, position, "retrieved", effect.agent_id, {})
            case Wait():
                if room.conversation.state != records.ENDED:
                    item = self._item(position, "waiting", "", {})
                    await self._parts.rooms.add(room, item, state=records.WAITING)
            case Tell():
                await self._tell(room, effect, position)
            case Release():
                await self._conversations.ended(room, effect.outcome.value, effect.reason)
            case Ring() | StopRinging():
                # A chat rings nowhere but on the desk.
                return

    def agent_name(self, agent_id: AgentId | None) -> str:
        """What visitors call an agent."""
        if agent_id is None:
            return ""
        agent = self._parts.context.floor.catalogue().agents.get(agent_id)
        return agent.name if agent is not None else ""

    async def _deliver(self, room: Room, effect: Deliver) -> None:
        now = self._parts.context.clock.now()
        view = self._parts.context.floor.interaction(effect.interaction_id)
        item = Item(
            seq=0,
            key=f"e:{effect.entry_id}",
            at=now,
            kind="message",
            entry_id=effect.entry_id,
            number=view.entries if view is not None else 0,
            sealed=effect.sealed,
            data={"name": self.agent_name(effect.agent_id)},
            mail_due=room.conversation.mail_box is not None and not room.listeners,
        )
        await self._parts.rooms.add(room, item, last_at=now)
        self._parts.mark_later(MarkEntry(room.interaction_id, effect.entry_id, Mark.SENT))

    async def _connect(self, room: Room, effect: Connect, position: Position) -> None:
        data = {"name": self.agent_name(effect.agent_id)}
        item = self._item(position, "joined", effect.agent_id, data)
        if effect.lead:
            values = {"state": records.TALKING, "agent_id": effect.agent_id}
            await self._parts.rooms.add(room, item, **values)
        else:
            await self._parts.rooms.add(room, item)

    async def _tell(self, room: Room, effect: Tell, position: Position) -> None:
        text = announcement(effect)
        if not text and not effect.callback and not effect.voicemail:
            return
        data = {"text": text, "may_keep": effect.callback or effect.voicemail}
        item = self._item(position, "notice", effect.text, data)
        await self._parts.rooms.add(room, item)

    async def _show(
        self, room: Room, position: Position, kind: str, agent_id: AgentId, data: dict[str, str]
    ) -> None:
        await self._parts.rooms.add(room, self._item(position, kind, agent_id, data))

    def _item(self, position: Position, kind: str, about: str, data: dict[str, Any]) -> Item:
        """An item that follows from the fact at a position of the log."""
        key = f"p:{position}:{kind}:{about}"[:120]
        return Item(seq=0, key=key, at=self._parts.context.clock.now(), kind=kind, data=data)
