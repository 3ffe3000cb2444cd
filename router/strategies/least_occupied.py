"""The agent with the smallest share of their capacity in use."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.capacity import capacity_of, usage_of
from router.state.live import State
from router.state.records import QueueRow

NAME = "least_occupied"

_PARTS = 1_000_000


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """Load in use as a share of what the agent can carry, in millionths.

    What they can carry is their total load, or all their slots filled where that is less.
    """
    row = state.agents[agent]
    capacity = capacity_of(state, row)
    slots = sum(count * capacity.load.get(medium, 1) for medium, count in capacity.slots.items())
    carries = max(min(slots, capacity.total), 1)
    return (usage_of(state, row, capacity).load * _PARTS // carries,)
