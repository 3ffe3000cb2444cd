"""Ways to choose among the agents who may take an interaction: a file each, found by name.

A strategy is a module with a docstring, a ``NAME`` and a function ``rank``: the agent with the
smallest rank is chosen, and among equals the one who has been idle longest. Ranks are of integers,
so that no choice depends on rounding.
"""

import importlib
import pkgutil
from collections.abc import Callable, Sequence
from functools import cache

from router.model.ids import AgentId
from router.model.skills import Requirement
from router.state.live import State
from router.state.records import QueueRow

Rank = Callable[[State, QueueRow, AgentId, Requirement], tuple[int, ...]]
"""Smaller is better. Looks at the state only; must not raise for any agent of the catalogue."""

DEFAULT = "longest_idle"


@cache
def strategies() -> dict[str, Rank]:
    """All strategies by name, found by looking into this folder."""
    found: dict[str, Rank] = {}
    for module_info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{module_info.name}")
        found[module.NAME] = module.rank
    return found


def order(
    name: str, state: State, queue: QueueRow, agents: Sequence[AgentId], needs: Requirement
) -> list[AgentId]:
    """The agents, given by how long they have been idle, in the order of a strategy.

    An unknown name is the default's: ``carillon check`` refuses it beforehand.
    """
    rank = strategies().get(name)
    if rank is None or name == DEFAULT:
        return list(agents)
    return sorted(agents, key=lambda agent: rank(state, queue, agent, needs))
