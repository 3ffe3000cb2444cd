"""What the desk asks of the past, and an answer to it over the log itself.

The past is the log: everything shown of an interaction is a fold of its facts
(``agent_desktop.timeline``), so that the desk and the reports cannot disagree.
"""

import asyncio
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from router.model.errors import StorageFailed
from router.model.events import Arrived, Event, Recorded, SubjectLinked
from router.model.ids import AgentId, Instant, InteractionId, Position, SubjectId
from router.ports import EventLog, Feed

FACTS_MAX = 20_000
INTERACTIONS_MAX = 200_000
AGENT_FACTS_MAX = 20_000
CATCH_UP_S = 2.0


class History(Protocol):
    """Reads the past. Every answer covers all that is in the feed when it is asked for."""

    async def facts(self, interaction_id: InteractionId) -> Sequence[Recorded]:
        """All facts of an interaction in order (20,000 at most); empty when it is unknown.

        Raises StorageFailed when the history is behind and does not catch up within 2 s.
        """
        ...

    async def contacts(
        self, subjects: Sequence[SubjectId], before: Instant, limit: int
    ) -> Sequence[InteractionId]:
        """The interactions of these customers that arrived before a moment, newest first."""
        ...

    async def agent_facts(
        self, agent_id: AgentId, since: Instant, until: Instant
    ) -> Sequence[Recorded]:
        """The facts that name an agent from ``since`` to before ``until``, in order."""
        ...


class IndexedHistory:
    """A History that keeps in memory where in the log the facts of what and whom stand.

    It follows the feed from the log's beginning; of 200,000 interactions the oldest are forgotten.
    Constructor: ``IndexedHistory(log, feed)``; ``run`` must be running.
    """

    def __init__(self, log: EventLog, feed: Feed) -> None:
        self._log = log
        self._feed = feed
        self._position = Position(0)
        self._moved = asyncio.Condition()
        self._facts: OrderedDict[InteractionId, array[int]] = OrderedDict()
        self._arrived: dict[InteractionId, Instant] = {}
        self._of_subject: dict[SubjectId, list[InteractionId]] = {}
        self._subjects: dict[InteractionId, list[SubjectId]] = {}
        self._of_agent: dict[AgentId, array[int]] = {}

    async def run(self) -> None:
        """Follow the feed until it ends."""
        async for batch in self._feed.follow(self._position):
            for recorded in batch:
                self._note(recorded)
            self._position = batch[-1].position
            async with self._moved:
                self._moved.notify_all()

    async def facts(self, interaction_id: InteractionId) -> Sequence[Recorded]:
        """See ``History.facts``."""
        await self._catch_up()
        return await self._read(self._facts.get(interaction_id, array("q"))[:FACTS_MAX])

    async def contacts(
        self, subjects: Sequence[SubjectId], before: Instant, limit: int
    ) -> Sequence[InteractionId]:
        """See ``History.contacts``."""
        await self._catch_up()
        found = {
            interaction_id: self._arrived[interaction_id]
            for subject in subjects
            for interaction_id in self._of_subject.get(subject, ())
            if self._arrived[interaction_id] < before
        }
        return sorted(found, key=lambda each: found[each], reverse=True)[:limit]

    async def agent_facts(
        self, agent_id: AgentId, since: Instant, until: Instant
    ) -> Sequence[Recorded]:
        """See ``History.agent_facts``."""
        await self._catch_up()
        recorded = await self._read(self._of_agent.get(agent_id, array("q")))
        return [each for each in recorded if since <= each.event.at < until]

    async def _catch_up(self) -> None:
        head = self._feed.head()
        try:
            async with asyncio.timeout(CATCH_UP_S), self._moved:
                await self._moved.wait_for(lambda: self._position >= head)
        except TimeoutError as error:
            raise StorageFailed("the history is behind the log") from error

    async def _read(self, positions: Sequence[int]) -> list[Recorded]:
        """Read events by their places, neighbours in one go."""
        found: list[Recorded] = []
        start = 0
        while start < len(positions):
            end = start + 1
            while end < len(positions) and positions[end] == positions[end - 1] + 1:
                end += 1
            after = Position(positions[start] - 1)
            while after < positions[end - 1]:
                batch = await self._log.read(after, positions[end - 1] - after)
                if not batch:
                    raise StorageFailed("the log ends before its index")
                found.extend(batch)
                after = batch[-1].position
            start = end
        return found

    def _note(self, recorded: Recorded) -> None:
        event = recorded.event
        interaction_id: InteractionId | None = getattr(event, "interaction_id", None)
        if interaction_id is not None:
            self._note_interaction(interaction_id, event)
            self._facts.setdefault(interaction_id, array("q")).append(recorded.position)
        for agent_id in agents_named(event):
            places = self._of_agent.setdefault(agent_id, array("q"))
            places.append(recorded.position)
            if len(places) > 2 * AGENT_FACTS_MAX:
                del places[:AGENT_FACTS_MAX]

    def _note_interaction(self, interaction_id: InteractionId, event: Event) -> None:
        if isinstance(event, Arrived):
            self._arrived[interaction_id] = event.at
        if isinstance(event, Arrived | SubjectLinked):
            mine = self._of_subject.setdefault(event.subject, [])
            if interaction_id not in mine:
                mine.append(interaction_id)
                self._subjects.setdefault(interaction_id, []).append(event.subject)
        if len(self._facts) > INTERACTIONS_MAX:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        oldest, _ = self._facts.popitem(last=False)
        self._arrived.pop(oldest, None)
        for subject in self._subjects.pop(oldest, ()):
            self._of_subject[subject].remove(oldest)
            if not self._of_subject[subject]:
                del self._of_subject[subject]


def agents_named(event: Event) -> tuple[AgentId, ...]:
    """The agents a fact is about: none, one, or the two of a changed lead."""
    named = (getattr(event, name, None) for name in ("agent_id", "from_agent", "to_agent"))
    return tuple(dict.fromkeys(agent for agent in named if agent is not None))
