"""The events about agents themselves; ``router.model.events`` has them all."""

import msgspec

from router.model.agent import Presence
from router.model.fact import Fact
from router.model.ids import AgentId, Instant, Medium, QueueName, SkillName


class SignedIn(Fact, frozen=True):
    """An agent opened a desk."""

    agent_id: AgentId


class SignedOut(Fact, frozen=True):
    """An agent closed the desk."""

    agent_id: AgentId
    by: str = ""


class PresenceChanged(Fact, frozen=True):
    """An agent is ready or not ready, for a reason, set by somebody (empty: themselves).

    ``media`` narrows readiness to some media (None: all of the agent's).
    """

    agent_id: AgentId
    presence: Presence
    reason: str = ""
    by: str = ""
    media: tuple[Medium, ...] | None = None


class PresenceAsked(Fact, frozen=True):
    """A presence to take effect when the agent's current work ends; OFFLINE withdraws the wish."""

    agent_id: AgentId
    presence: Presence
    reason: str = ""
    by: str = ""
    media: tuple[Medium, ...] | None = None


class DeskWasLost(Fact, frozen=True):
    """No desk of the agent has been reachable past the grace time."""

    agent_id: AgentId


class DeskCameBack(Fact, frozen=True):
    """A desk of the agent is reachable again."""

    agent_id: AgentId


class SeatMoved(Fact, frozen=True):
    """An agent serves these queues instead of their own until a moment, with these skills lent."""

    agent_id: AgentId
    queues: tuple[QueueName, ...]
    until: Instant
    by: str
    skills: dict[SkillName, int] = msgspec.field(default_factory=dict)


class SeatReturned(Fact, frozen=True):
    """An agent serves their own queues again; ``by`` is empty when the time was over."""

    agent_id: AgentId
    by: str = ""
