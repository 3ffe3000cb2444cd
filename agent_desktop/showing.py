"""The floor as an agent sees it: agents, queues and colleagues in the protocol's shapes."""

from agent_desktop.shapes import AgentShape, ColleagueShape, MoveShape, QueueShape, ReasonShape
from router.model.agent import DEVICE_FAULT, Presence
from router.model.catalogue import Catalogue
from router.model.ids import AgentId
from router.model.views import AgentView, QueueView
from router.ports import Floor

SPOKEN = frozenset({"voice", "call"})
"""Media that are talked on rather than worked on."""


def shown(view: AgentView, floor: Floor) -> str:
    """What a person reads of an agent, the first that holds: fault, offered, talking, held,
    in_work, wrap_up, not_ready, ready, offline."""
    if view.presence == Presence.OFFLINE:
        return "offline"
    if view.desk_lost or view.reason == DEVICE_FAULT:
        return "fault"
    if view.offers:
        return "offered"
    states: set[str] = set()
    for interaction_id in view.interactions:
        interaction = floor.interaction(interaction_id)
        for part in interaction.engagements if interaction else ():
            if interaction is None or part.agent_id != view.agent_id:
                continue
            if part.wrap_up_since is not None:
                states.add("wrap_up")
            elif interaction.medium not in SPOKEN:
                states.add("in_work")
            else:
                states.add("talking" if part.held_since is None else "held")
    for state in ("talking", "held", "in_work", "wrap_up"):
        if state in states:
            return state
    return view.presence.value


def name_of(catalogue: Catalogue, agent_id: AgentId) -> str:
    """An agent's name as colleagues read it."""
    agent = catalogue.agents.get(agent_id)
    return agent.name or agent_id if agent else agent_id


def agent_shape(view: AgentView, floor: Floor) -> AgentShape:
    """An agent's own state."""
    catalogue = floor.catalogue()
    return AgentShape(
        agent_id=view.agent_id,
        name=name_of(catalogue, view.agent_id),
        presence=view.presence.value,
        reason=view.reason,
        set_by=view.set_by,
        since=view.since,
        shown=shown(view, floor),
        asked=view.asked.value if view.asked is not None else None,
        asked_reason=view.asked_reason,
        desk_lost=view.desk_lost,
        limit_ms=catalogue.limits.reason_limit_ms.get(view.reason),
        used={str(medium): count for medium, count in view.used.items()},
        slots={str(medium): count for medium, count in view.slots.items()},
        media=tuple(view.media) if view.media is not None else None,
        queues=tuple(view.queues),
        move=_move(view),
    )


def _move(view: AgentView) -> MoveShape | None:
    loan = view.loan
    if loan is None:
        return None
    return MoveShape(loan.by, loan.since, loan.until, {str(k): v for k, v in loan.skills.items()})


def queue_shape(view: QueueView, catalogue: Catalogue) -> QueueShape:
    """A queue in numbers."""
    queue = catalogue.queues.get(view.queue)
    expected = view.expected_wait
    return QueueShape(
        queue=view.queue,
        title=queue.title if queue else {},
        waiting=view.waiting,
        offered=view.offered,
        engaged=view.engaged,
        longest_since=view.longest_waiting_since,
        ready=view.agents_ready,
        signed_in=view.agents_signed_in,
        open=view.open,
        expected=(expected.low_ms, expected.high_ms) if expected else None,
    )


def colleague_shape(view: AgentView, floor: Floor) -> ColleagueShape:
    """Somebody work can be given to."""
    state = shown(view, floor)
    return ColleagueShape(
        agent_id=view.agent_id,
        name=name_of(floor.catalogue(), view.agent_id),
        shown=state,
        reason=view.reason if state == "not_ready" else "",
        since=view.since,
        queues=tuple(view.queues),
        move=_move(view),
    )


def reason_shapes(catalogue: Catalogue) -> tuple[ReasonShape, ...]:
    """The reasons an agent can give for not being ready."""
    limits = catalogue.limits.reason_limit_ms
    return tuple(ReasonShape(name, {}, limits.get(name)) for name in catalogue.reasons)
