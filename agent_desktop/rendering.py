"""Pushes and snapshots as frames."""

from typing import Any

from agent_desktop.circles import Circles
from agent_desktop.glimpses import Glimpses
from agent_desktop.items import Items
from agent_desktop.projection import Projection, PushRef
from agent_desktop.protocol import Push, SnapshotFrame
from agent_desktop.rows import Rows
from agent_desktop.shapes import ColleagueShape, ItemShape, MentionShape, QueueShape
from agent_desktop.showing import agent_shape, reason_shapes
from agent_desktop.writing import in_hand
from router.model import events
from router.model.errors import NotFound
from router.model.ids import AgentId, InteractionId, Position
from router.ports import Floor

MENTIONS_SHOWN = 20
MENTION_CHARACTERS = 200


class Rendering:
    """Makes frames from the floor, the facts and what the seals open."""

    def __init__(
        self,
        floor: Floor,
        items: Items,
        glimpses: Glimpses,
        projection: Projection,
        rows: Rows,
        circles: Circles,
    ) -> None:
        self._rows = rows
        self._circles = circles
        self._floor = floor
        self._items = items
        self._glimpses = glimpses
        self._projection = projection

    async def push(self, agent_id: AgentId, ref: PushRef) -> Push:
        """A fact as the push it is to an agent."""
        head: dict[str, Any] = {"seq": ref.seq, "previous": ref.previous, "at": ref.event.at}
        event = ref.event
        interaction_id: InteractionId | None = getattr(event, "interaction_id", None)
        match ref.kind, event:
            case "offered", events.Offered():
                head |= {"offer": await self._items.offer(event)}
            case "offer_ended", events.OfferEnded():
                head |= {
                    "offer_id": event.offer_id,
                    "interaction_id": event.interaction_id,
                    "end": event.end.value,
                    "reason": event.reason,
                }
            case "mention", events.EntryAdded():
                head |= {
                    "interaction_id": event.interaction_id,
                    "entry": await self._items.entry(event, cut=True),
                    "mention": await self._mention(ref),
                    "item": await self._mine(agent_id, event.interaction_id),
                }
            case "entry", events.EntryAdded():
                head |= {
                    "interaction_id": event.interaction_id,
                    "entry": await self._items.entry(event, cut=True),
                    "item": await self._mine(agent_id, event.interaction_id),
                }
            case "entry_marked", events.EntryMarked():
                head |= {
                    "interaction_id": event.interaction_id,
                    "entry_id": event.entry_id,
                    "mark": event.mark.value,
                    "reason": event.reason,
                }
            case "catalogue", _:
                head |= {
                    "queues": self.queues(agent_id),
                    "colleagues": self.colleagues(agent_id),
                    "reasons": reason_shapes(self._floor.catalogue()),
                }
            case "item", _ if interaction_id is not None:
                item = await self._mine(agent_id, interaction_id)
                if item is None:  # It has left this agent since; a later push says how.
                    head |= {"interaction_id": interaction_id, "how": "moved"}
                    return Push(kind="item_gone", agent=self._agent(agent_id), **head)
                head |= {"item": item}
            case "item_gone", _:
                head |= {"interaction_id": interaction_id, "how": _how(event)}
            case _:
                pass  # The agent's state, below, is all there is to say.
        return Push(kind=ref.kind, agent=self._agent(agent_id), **head)

    async def snapshot(
        self, agent_id: AgentId, seq: Position, settings: dict[str, Any]
    ) -> SnapshotFrame:
        """Everything an agent's desk shows, as of now; pushes behind ``seq`` follow."""
        view = self._floor.agent(agent_id)
        if view is None:
            raise NotFound("no such agent")
        ids = [*view.interactions]
        ids += [parked.interaction_id for parked in self._floor.parked(agent_id)]
        items = [await self._mine(agent_id, each) for each in dict.fromkeys(ids)]
        offers = [
            await self._items.offer(event)
            for event in self._projection.offers(agent_id)
            if event.offer_id in view.offers
        ]
        return SnapshotFrame(
            seq=seq,
            agent=agent_shape(view, self._floor),
            items=tuple(item for item in items if item is not None),
            offers=tuple(offers),
            queues=self.queues(agent_id),
            colleagues=self.colleagues(agent_id),
            reasons=reason_shapes(self._floor.catalogue()),
            mentions=await self._mentions(agent_id, seq),
            settings=settings,
        )

    async def _mentions(self, agent_id: AgentId, until: Position) -> tuple[MentionShape, ...]:
        """The last notes that ask this agent to look, as far as their pushes are known."""
        refs = [
            ref
            for ref in self._projection.ring(agent_id).refs
            if ref.kind == "mention" and ref.seq <= until
        ]
        found = [await self._mention(ref) for ref in refs[-MENTIONS_SHOWN:]]
        return tuple(each for each in found if each is not None)

    async def _mention(self, ref: PushRef) -> MentionShape | None:
        event = ref.event
        if not isinstance(event, events.EntryAdded):
            return None
        entry = await self._items.entry(event, cut=True)
        return MentionShape(
            seq=ref.seq,
            at=event.at,
            interaction_id=event.interaction_id,
            entry_id=event.entry_id,
            by=entry.agent_name,
            text=entry.text[:MENTION_CHARACTERS],
        )

    def queues(self, agent_id: AgentId) -> tuple[QueueShape, ...]:
        """The queues work can be given to: all of the catalogue, one's own first."""
        mine = self._circles.of_agent(agent_id).served
        rows = self._rows.queues().values()
        return tuple(sorted(rows, key=lambda queue: (queue.queue not in mine, queue.queue)))

    def colleagues(self, agent_id: AgentId) -> tuple[ColleagueShape, ...]:
        """The colleagues work can be given to."""
        rows = self._rows.agents()
        found = self._circles.of_agent(agent_id).of(agent_id)
        return tuple(rows[each] for each in found if each in rows)

    def _agent(self, agent_id: AgentId) -> Any:
        view = self._floor.agent(agent_id)
        return agent_shape(view, self._floor) if view is not None else None

    async def _mine(self, agent_id: AgentId, interaction_id: InteractionId) -> ItemShape | None:
        """The item while it is this agent's; what became of it elsewhere is not theirs to see."""
        view = self._floor.interaction(interaction_id)
        if view is None or not in_hand(view, agent_id):
            return None
        return await self._items.item(agent_id, interaction_id)


def _how(event: events.Event) -> str:
    """How work left an agent."""
    match event:
        case events.EngagementEnded():
            return event.how
        case events.Queued():
            return event.reason
        case _:
            return "closed"
