"""The agent with the highest levels in what is needed."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow
from router.state.seats import skills_of

NAME = "best_skilled"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """The sum of the agent's levels in the needed skills; of a choice of skills the best counts."""
    skills = skills_of(state, agent)
    total = sum(skills.get(need.skill, 0) for need in needs.all_of)
    for group in needs.any_of:
        total += max((skills.get(need.skill, 0) for need in group), default=0)
    return (-total,)
