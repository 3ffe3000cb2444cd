"""How far each agent has read: unread counts over restarts."""

from agent_desktop.glimpses import Remembered
from agent_desktop.store.desk import DeskRows
from router.model.events import EntryAdded
from router.model.ids import AgentId, Instant, InteractionId
from router.ports import Clock

MARKS_MAX = 100_000
Place = tuple[AgentId, InteractionId]


class ReadMarks:
    """Read marks in memory over their table; unread is what others wrote behind the mark."""

    def __init__(self, rows: DeskRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock
        self._read: Remembered[Place, int] = Remembered(MARKS_MAX)
        self._own: Remembered[Place, tuple[int, ...]] = Remembered(MARKS_MAX)
        self._last: Remembered[InteractionId, Instant] = Remembered(MARKS_MAX)

    async def load(self) -> None:
        """Read the table, once, at the start."""
        for agent_id, interaction_id, number in await self._rows.read_marks():
            self._read.put((agent_id, interaction_id), number)

    def note(self, entry: EntryAdded) -> None:
        """Somebody wrote; what one wrote oneself is not unread."""
        self._last.put(entry.interaction_id, entry.at)
        if entry.agent_id is None:
            return
        place = (entry.agent_id, entry.interaction_id)
        read = self._read.get(place) or 0
        if entry.number == read + 1:
            self._read.put(place, entry.number)
        else:
            self._own.put(place, (*(self._own.get(place) or ()), entry.number)[-1_000:])

    async def read(self, agent_id: AgentId, interaction_id: InteractionId, number: int) -> bool:
        """An agent has read so far; whether that is further than before."""
        place = (agent_id, interaction_id)
        if number <= (self._read.get(place) or 0):
            return False
        self._read.put(place, number)
        own = tuple(each for each in self._own.get(place) or () if each > number)
        self._own.drop(place)
        if own:
            self._own.put(place, own)
        await self._rows.save_read_mark(agent_id, interaction_id, number, self._clock.now())
        return True

    def unread(self, agent_id: AgentId, interaction_id: InteractionId, entries: int) -> int:
        """How many of so many entries an agent has not read and not written."""
        place = (agent_id, interaction_id)
        read = self._read.get(place) or 0
        own = sum(1 for number in self._own.get(place) or () if number > read)
        return max(0, entries - read - own)

    def last_entry_at(self, interaction_id: InteractionId) -> Instant | None:
        """When somebody wrote last, as far as it was seen since the start."""
        return self._last.get(interaction_id)
