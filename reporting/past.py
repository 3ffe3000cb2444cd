"""The past as the desk asks for it: from the history's tables, words from the log they stand in."""

from collections.abc import Callable, Sequence
from typing import Concatenate, ParamSpec, Protocol, TypeVar

from reporting import timeline
from reporting.reading import Reading
from reporting.reports.agent_day import agent_day
from reporting.rows import EntryRow
from reporting.store.reading import HistoryReader
from router.model.content import Mark
from router.model.errors import StorageFailed
from router.model.events import EntryAdded, Recorded
from router.model.ids import AgentId, EntryId, Instant, InteractionId, Position, SubjectId
from router.model.past import AgentDay, Contact, Life, PastInteraction, Written
from router.ports import EventLog

P = ParamSpec("P")
T = TypeVar("T")
CATCH_UP_MS = 2_000
"""How long an answer waits for the history to come along."""
NUMBER_MAX = 2**31
NEAR = 16
"""Entries that stand so close in the log are read in one go, with what lies between them."""


class Following(Protocol):
    """Who keeps the history in step with the log."""

    async def reached(self, position: Position, deadline_ms: int = ...) -> bool:
        """Wait until the history holds a position; False when the deadline passes first."""
        ...


class PastQueries:
    """Reads the past of interactions, customers and agents (``agent_desktop.history.History``).

    ``head`` gives where the log ends; ``log`` has the sealed words.
    """

    def __init__(
        self,
        reading: Reading,
        following: Following,
        head: Callable[[], Position],
        log: EventLog,
    ) -> None:
        self._reading = reading
        self._following = following
        self._head = head
        self._log = log

    async def interaction(self, interaction_id: InteractionId) -> PastInteraction | None:
        """An interaction, or None when there never was one of this id."""
        return await self._fresh(timeline.interaction, interaction_id)

    async def life(self, interaction_id: InteractionId) -> Life:
        """The pieces of an interaction's life, and the decisions about it."""
        return await self._fresh(timeline.interaction_life, interaction_id)

    async def entries(
        self,
        interaction_id: InteractionId,
        *,
        after: int = 0,
        before: int = NUMBER_MAX,
        limit: int = 100,
        with_files: bool = False,
    ) -> Sequence[Written]:
        """The last entries (200 at most) numbered between ``after`` and ``before``, in order."""
        rows = await self._fresh(
            timeline.entries,
            interaction_id,
            after=after,
            before=before,
            limit=limit,
            with_files=with_files,
        )
        return await self._written(rows)

    async def entry(self, interaction_id: InteractionId, entry_id: EntryId) -> Written | None:
        """One entry of an interaction."""
        row = await self._fresh(timeline.entry, interaction_id, entry_id)
        return None if row is None else (await self._written([row]))[0]

    async def first_words(self, interaction_id: InteractionId) -> EntryAdded | None:
        """The customer's first entry, or the first that is no note; as far as it is known now."""
        position = await self._reading.look(HistoryReader.first_words, interaction_id)
        if position is None:
            return None
        return _entry_at(position, await self._log.read(Position(position - 1), 1))

    async def contacts(
        self, subjects: Sequence[SubjectId], before: Instant, limit: int
    ) -> Sequence[PastInteraction]:
        """What these customers came with before a moment, newest first."""
        return await self._fresh(timeline.contacts, subjects, before, limit)

    async def last_contact(self, subjects: Sequence[SubjectId], before: Instant) -> Contact | None:
        """The newest of these, as far as it is known now."""
        return await self._reading.look(timeline.last_contact, subjects, before)

    async def counted(
        self, until: Instant, *, finished: bool, skip: int, limit: int
    ) -> tuple[int, Sequence[PastInteraction]]:
        """How many had arrived by a moment (or were finished by it), and some, newest first."""
        return await self._fresh(timeline.counted, until, finished=finished, skip=skip, limit=limit)

    async def day(self, agent_id: AgentId, since: Instant, until: Instant) -> AgentDay:
        """An agent's own figures from ``since`` to before ``until``."""
        return await self._fresh(agent_day, agent_id, since, until)

    async def _fresh(
        self, query: Callable[Concatenate[HistoryReader, P], T], *args: P.args, **more: P.kwargs
    ) -> T:
        """The answer as of all that is in the log now."""
        if not await self._following.reached(self._head(), CATCH_UP_MS):
            raise StorageFailed("the history is behind the log")
        return await self._reading.look(query, *args, **more)

    async def _written(self, rows: Sequence[EntryRow]) -> list[Written]:
        """These entries with their sealed words, which stand in the log."""
        found: dict[int, list[Recorded]] = {}
        positions = sorted(row.position for row in rows)
        start = 0
        while start < len(positions):
            end = start + 1
            while end < len(positions) and positions[end] - positions[end - 1] <= NEAR:
                end += 1
            after, last = Position(positions[start] - 1), positions[end - 1]
            for recorded in await self._log.read(after, last - after):
                found[recorded.position] = [recorded]
            start = end
        return [
            Written(
                _entry_at(row.position, found.get(row.position, ())),
                Mark(row.mark) if row.mark else None,
                row.mark_reason,
            )
            for row in rows
        ]


def _entry_at(position: int, recorded: Sequence[Recorded]) -> EntryAdded:
    event = recorded[0].event if recorded else None
    if not isinstance(event, EntryAdded):
        raise StorageFailed(f"the log has no entry at position {position}")
    return event
