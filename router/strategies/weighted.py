"""Offers in proportion to the agents' weights, spread evenly (stride scheduling).

Each agent stands on a wheel; an offer moves them on by a step that is smaller the greater their
weight, and the one furthest behind is next. Who comes back after a pause joins at the wheel's
present place, so they are not flooded to catch up.
"""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow

NAME = "weighted"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """Where the agent stands on the wheel of this queue."""
    return (max(queue.passes.get(agent, 0), queue.wheel),)
