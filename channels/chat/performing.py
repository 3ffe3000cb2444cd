"""What the hub orders, carried out: each effect becomes an item the visitor is shown."""

import hashlib
from typing import Any

from channels.chat import records
from channels.chat.conversations import Conversations
from channels.chat.parts import Parts
from channels.chat.places import Places
from channels.chat.records import Item
from channels.chat.rooms import Room
from channels.chat.self_service import Flows, shown_with
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

PRESENCE = ("joined", "left")
HOLD = ("held", "retrieved")
PROGRESS = ("waiting", "joined")


class Performing:
    """Carries out effects, durably and in order; what comes again is recognised."""

    def __init__(
        self, parts: Parts, conversations: Conversations, places: Places, flows: Flows
    ) -> None:
        self._parts = parts
        self._flows = flows
        self._conversations = conversations
        self._places = places

    async def perform(self, effect: Effect, position: Position) -> bool:
        """Carry out; False when the conversation is unknown (its rows are long gone)."""
        room = await self._parts.rooms.room(effect.interaction_id)
        if room is None:
            return False
        await self._perform(room, effect, position)
        self._parts.rooms.drop_if_over(room)
        return True

    async def _perform(self, room: Room, effect: Effect, position: Position) -> None:
        match effect:
            case Deliver():
                await self._deliver(room, effect)
            case Connect():
                await self._connect(room, effect, position)
            case Disconnect():
                item = self._item(position, "left", effect.agent_id)
                await self._show(room, item, PRESENCE, effect.agent_id)
            case HoldCustomer():
                await self._show(room, self._item(position, "held"), HOLD)
            case RetrieveCustomer():
                await self._show(room, self._item(position, "retrieved"), HOLD)
            case Wait():
                self._flows.forget(room)
                item = self._item(position, "waiting")
                await self._show(room, item, PROGRESS, state=records.WAITING)
                self._places.show(room)
            case Tell():
                await self._tell(room, effect, position)
            case Release():
                self._flows.forget(room)
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
            data={
                "name": self.agent_name(effect.agent_id),
                **shown_with(self._parts, effect.entry_id),
            },
            mail_due=room.conversation.mail_box is not None and not room.listeners,
        )
        await self._parts.rooms.add(room, item, last_at=now)
        self._parts.mark_later(MarkEntry(room.interaction_id, effect.entry_id, Mark.SENT))

    async def _connect(self, room: Room, effect: Connect, position: Position) -> None:
        agent_id = effect.agent_id
        values = {"state": records.TALKING, "agent_id": agent_id} if effect.lead else {}
        item = self._item(position, "joined", agent_id)
        await self._show(room, item, PRESENCE, agent_id, **values)
        if effect.lead and room.conversation.agent_id != agent_id:
            # They were here already, asked in by the one who led before.
            await self._parts.rooms.change(room, agent_id=agent_id)

    async def _tell(self, room: Room, effect: Tell, position: Position) -> None:
        text = announcement(effect)
        may_keep = effect.callback or effect.voicemail
        if not text and not may_keep:
            return
        item = self._item(position, "notice", data={"text": text, "may_keep": may_keep})
        last = await self._parts.store.last_of(room.interaction_id, ["notice"], None, position)
        if last is None or last.data != item.data:
            await self._parts.rooms.add(room, item)

    async def _show(
        self,
        room: Room,
        item: Item,
        kinds: tuple[str, ...],
        about: str | None = None,
        **values: Any,
    ) -> None:
        """Show an item unless it says again what the last of these kinds said by then.

        An effect may come again, and then stand at its own place in the log rather than at the
        first place of its decision. Facts of these kinds alternate (who joined must leave before
        they join again), so the same as the last one up to there is that one.
        """
        if room.conversation.state == records.ENDED:
            return
        last = await self._parts.store.last_of(room.interaction_id, kinds, about, item.position)
        if last is None or last.kind != item.kind:
            await self._parts.rooms.add(room, item, **values)

    def _item(
        self,
        position: Position,
        kind: str,
        agent_id: AgentId | None = None,
        data: dict[str, Any] | None = None,
    ) -> Item:
        """An item that follows from the fact at a position of the log."""
        # One decision may announce several things at one place.
        about = agent_id or (_digest(data) if data else "")
        if data is None:
            data = {"name": self.agent_name(agent_id)} if agent_id is not None else {}
        return Item(
            seq=0,
            key=f"p:{position}:{kind}:{about}"[:120],
            at=self._parts.context.clock.now(),
            kind=kind,
            data=data,
            position=position,
            about=about,
        )


def _digest(data: dict[str, Any]) -> str:
    return hashlib.sha256(repr(sorted(data.items())).encode()).hexdigest()[:16]
