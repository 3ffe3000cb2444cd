"""The agent who can do least besides: the versatile stay free for what only they can do."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow
from router.state.seats import skills_of

NAME = "least_skilled"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """The sum of all the agent's levels, in any skill."""
    return (sum(skills_of(state, agent).values()),)
