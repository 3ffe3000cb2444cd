"""What the desk asks of the past. The answers are folds of the log, made by ``reporting``."""

from collections.abc import Sequence
from typing import Protocol

from router.model.events import EntryAdded, Event
from router.model.ids import AgentId, EntryId, Instant, InteractionId, SubjectId
from router.model.past import AgentDay, Contact, Life, PastInteraction, Written

EVER = Instant(2**53)
"""Later than every moment."""
NUMBER_MAX = 2**31
"""Higher than the number of any entry."""


class History(Protocol):
    """Reads the past.

    Unless it is said otherwise an answer covers all that was in the feed when it was asked for,
    and StorageFailed is raised when the history is behind and does not catch up within 2 s.
    """

    async def interaction(self, interaction_id: InteractionId) -> PastInteraction | None:
        """An interaction, or None when there never was one of this id."""
        ...

    async def life(self, interaction_id: InteractionId) -> Life:
        """The pieces of an interaction's life, and the decisions about it."""
        ...

    async def entries(
        self,
        interaction_id: InteractionId,
        *,
        after: int = 0,
        before: int = NUMBER_MAX,
        limit: int = 100,
        with_files: bool = False,
    ) -> Sequence[Written]:
        """The last entries (200 at most) numbered between ``after`` and ``before``, in order.

        ``with_files``: only those that files came with.
        """
        ...

    async def entry(self, interaction_id: InteractionId, entry_id: EntryId) -> Written | None:
        """One entry of an interaction."""
        ...

    async def first_words(self, interaction_id: InteractionId) -> EntryAdded | None:
        """The customer's first entry, or the first that is no note; as far as it is known now."""
        ...

    async def contacts(
        self, subjects: Sequence[SubjectId], before: Instant, limit: int
    ) -> Sequence[PastInteraction]:
        """What these customers (100 at most) came with before a moment, newest first."""
        ...

    async def last_contact(self, subjects: Sequence[SubjectId], before: Instant) -> Contact | None:
        """The newest of these, as far as it is known now: an offer waits for nothing."""
        ...

    async def counted(
        self, until: Instant, *, finished: bool, skip: int, limit: int
    ) -> tuple[int, Sequence[PastInteraction]]:
        """How many had arrived by a moment (or were finished by it), and some, newest first."""
        ...

    async def day(self, agent_id: AgentId, since: Instant, until: Instant) -> AgentDay:
        """An agent's own figures from ``since`` to before ``until``."""
        ...


def agents_named(event: Event) -> tuple[AgentId, ...]:
    """The agents a fact is about: none, one, or the two of a changed lead."""
    named = (getattr(event, name, None) for name in ("agent_id", "from_agent", "to_agent"))
    return tuple(dict.fromkeys(agent for agent in named if agent is not None))
