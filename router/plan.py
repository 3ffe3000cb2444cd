"""Plans: which steps a waiting interaction is due, and what they make of its terms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from router.conditions import Value, Variables
from router.model.catalogue import (
    DEFAULT_CLASS,
    Action,
    Catalogue,
    Plan,
    PlanStep,
    Raise,
    Relax,
    Widen,
)
from router.model.ids import Instant, QueueName
from router.model.skills import Requirement
from router.state.deadlines import steps_due
from router.state.records import Visit

PLAN_VARIABLES = frozenset(
    {"position", "waiting", "available_agents", "expected_wait_ms", "interaction", "clock"}
)
"""What the condition of a plan's step may speak of."""


def due_steps(plan: Plan, visit: Visit, asked: Instant, now: Instant) -> list[int]:
    """The numbers of the steps whose moment has come, in the order of the plan."""
    moments = steps_due(plan, visit, asked)
    return [number for number, due in moments.items() if due <= now]


def holds(
    step: PlanStep, name: str, makers: Mapping[str, Callable[[], Value]]
) -> tuple[bool, list[str]]:
    """Whether the step's condition holds, and notes on what could not be evaluated.

    ``makers`` make the variables; only those the condition speaks of are made.
    """
    if step.when in ("", "true"):
        return True, []
    variables = Variables(makers)
    return variables.holds(step.when, name), variables.notes


@dataclass(frozen=True)
class Terms:
    """What a step changes of a visit's terms; None stays."""

    requirement: Requirement | None = None
    queues: tuple[QueueName, ...] | None = None
    rank: int | None = None
    slope: float | None = None
    credit_ms: int | None = None


def new_terms(catalogue: Catalogue, visit: Visit, action: Action) -> Terms:
    """The terms after an action. Queues that are gone are not widened to."""
    match action:
        case Relax(requirement=requirement):
            return Terms(requirement=requirement)
        case Widen(queues=queues):
            known = [queue for queue in queues if queue in catalogue.queues]
            return Terms(queues=tuple(dict.fromkeys((*visit.widened, *known))))
        case Raise(credit_ms=credit_ms, priority_class=name):
            kind = catalogue.classes.get(name, DEFAULT_CLASS) if name else None
            return Terms(
                credit_ms=visit.credit_ms + credit_ms,
                rank=None if kind is None else kind.rank,
                slope=None if kind is None else kind.slope,
            )
        case _:
            return Terms()
