"""The agent who has been without new work longest; those without any work go first."""

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow

NAME = "longest_idle"


def rank(state: State, queue: QueueRow, agent: AgentId, needs: Requirement) -> tuple[int, ...]:
    """All are equal, so the longest idle is chosen (matching has a faster way to that)."""
    return ()
