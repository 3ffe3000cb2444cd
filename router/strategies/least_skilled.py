"""The agent who can do least besides: the versatile stay free for what only they can do."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow

NAME = "least_skilled"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """The sum of all the agent's levels, in any skill."""
    profile = state.catalogue.agents.get(agent)
    return (0 if profile is None else sum(profile.skills.values()),)
