"""The agent whose last turn in this queue is longest ago, whatever became of it."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow

NAME = "round_robin"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """The number of the agent's last offer in this queue; 0 for who never had one."""
    return (queue.turns.get(agent, 0),)
