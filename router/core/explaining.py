"""Why: the explanation of an offer, and why an interaction still waits.

Refusals are counted by class of agent, in the order in which a person would ask: does the agent
serve the queue, do they ever take this medium, are they there, do they have room, may they be asked
at all, have they the skills.
Each agent counts once, at the first question they fail. Names are given for the first agents of the
queue in the order of the catalogue: for a team of up to two dozen that is everybody.
"""

from router.core.waits import audience_of, expected_wait, in_order, position_in_queue
from router.matching import Pair
from router.model.explanation import Explanation, Refusal, Term, WhyWaiting
from router.model.ids import AgentId, Instant, InteractionId, Medium
from router.state.capacity import Status
from router.state.deadlines import steps_due
from router.state.index import NAMED_MOST, Audience, Item
from router.state.live import State
from router.state.records import Interaction, Visit
from router.waiting.keys import score_ms, slope_units

AHEAD_MAX = 20
"""Interactions ahead that are named."""

_STATUS_CODES = {
    Status.OFFLINE: "offline",
    Status.NOT_READY: "not_ready",
    Status.MEDIUM_OFF: "medium_off",
    Status.BEING_OFFERED: "being_offered",
    Status.NO_CAPACITY: "no_capacity",
    Status.NOT_INTERRUPTIBLE: "not_interruptible",
}


def explanation(state: State, interaction: Interaction, pair: Pair, now: Instant) -> Explanation:
    """Why this agent is offered this interaction. Asked before the offer is folded."""
    visit = interaction.visit
    item = state.index.items[interaction.id]
    assert visit is not None, "what is offered is on a visit"
    audience = audience_of(state, interaction)
    return Explanation(
        strategy=pair.strategy,
        candidates=pair.candidates,
        candidate_count=pair.candidate_count,
        refusals=refusals(state, interaction, item, audience, pair.candidate_count),
        terms=terms(visit, now),
        decision=visit.decision,
    )


def terms(visit: Visit, now: Instant) -> tuple[Term, ...]:
    """The terms of the score: rank first, then credit and slope times age."""
    slope = slope_units(visit.slope)
    return (
        Term("rank", visit.rank),
        Term("credit", visit.credit_ms, "ms"),
        Term("slope", visit.slope),
        Term("age", now - visit.entered, "ms"),
        Term("score", score_ms(slope, visit.credit_ms, visit.entered, now), "ms"),
    )


def refusals(
    state: State, interaction: Interaction, item: Item, audience: Audience, candidates: int
) -> tuple[Refusal, ...]:
    """How many agents are out for which reason, with some of them by name."""
    names = _names(state, interaction, item, audience)
    return tuple(
        Refusal(code, count, names.get(code, ()))
        for code, count in _counts(state, interaction, item, audience, candidates).items()
        if count > 0
    )


def _names(
    state: State, interaction: Interaction, item: Item, audience: Audience
) -> dict[str, tuple[AgentId, ...]]:
    """The first agents of the audience who are out, by reason.

    What is found out for work that is open to all is kept until one of these agents changes.
    """
    index, medium, number = state.index, interaction.medium, item.need.number
    open_to_all = not item.only and not item.excluded
    kept = audience.named.get((medium, number)) if open_to_all else None
    if kept is not None:
        return kept
    found: dict[str, list[AgentId]] = {}
    for agent_id in audience.members[:NAMED_MOST]:
        seat = index.seats[agent_id]
        status = seat.status.get(medium, Status.NO_CAPACITY)
        if status is not Status.AVAILABLE:
            code = _STATUS_CODES[status]
        elif open_to_all and number in index.squad(seat, medium).need_numbers:
            continue
        else:
            code = _reason_against(state, interaction, item, agent_id)
        if code:
            found.setdefault(code, []).append(agent_id)
    names = {code: tuple(agents) for code, agents in found.items()}
    if open_to_all:
        audience.named[medium, number] = names
    return names


def _counts(
    state: State, interaction: Interaction, item: Item, audience: Audience, candidates: int
) -> dict[str, int]:
    """Everybody of the catalogue who is no candidate, by the first question they fail."""
    medium = interaction.medium
    tally = audience.tally.get(medium) or [0] * len(Status)
    counts = {"queue": len(state.catalogue.agents) - len(audience.members)}
    for status, code in _STATUS_CODES.items():
        counts[code] = tally[status]
    counts["no_capacity"] += len(audience.members) - sum(tally)
    left = tally[Status.AVAILABLE]
    if item.only:
        held_for = sum(1 for agent in item.only if _has_room(state, audience, agent, medium))
        counts["not_preferred"] = left - held_for
        left = held_for
    visit = interaction.visit
    declined = () if visit is None else visit.declined
    for agent in item.excluded:
        if (not item.only or agent in item.only) and _has_room(state, audience, agent, medium):
            code = "declined" if agent in declined else "excluded"
            counts[code] = counts.get(code, 0) + 1
            left -= 1
    counts["skills"] = left - candidates
    return counts


def _has_room(state: State, audience: Audience, agent_id: AgentId, medium: Medium) -> bool:
    """Whether an agent of this audience has room for the medium."""
    seat = state.index.seats.get(agent_id)
    if seat is None or seat.status.get(medium) != Status.AVAILABLE:
        return False
    return audience in seat.audiences


def _reason_against(state: State, interaction: Interaction, item: Item, agent_id: AgentId) -> str:
    """The code of the first question an agent with room fails; empty for a candidate."""
    if item.only and agent_id not in item.only:
        return "not_preferred"
    if agent_id in item.excluded:
        visit = interaction.visit
        declined = () if visit is None else visit.declined
        return "declined" if agent_id in declined else "excluded"
    index = state.index
    squad = index.squad(index.seats[agent_id], interaction.medium)
    return "" if item.need.number in squad.need_numbers else "skills"


def why_waiting(state: State, interaction_id: InteractionId, now: Instant) -> WhyWaiting | None:
    """Why an interaction waits; None when it does not."""
    item = state.index.items.get(interaction_id)
    if item is None:
        return None
    interaction = state.interactions[interaction_id]
    visit = interaction.visit
    assert visit is not None, "who waits is on a visit"
    state.index.refresh(state)
    audience = audience_of(state, interaction)
    ahead: list[InteractionId] = []
    for other in in_order(state, visit.queue, now):
        if other == interaction_id or len(ahead) == AHEAD_MAX:
            break
        ahead.append(other)
    available = _available(state, item)
    step, step_at = _next_step(state, interaction, visit)
    return WhyWaiting(
        interaction_id=interaction_id,
        at=now,
        queue=visit.queue,
        position=position_in_queue(state, interaction_id, now),
        ahead=tuple(ahead),
        matching_agents=_matching(state, item, audience),
        available_agents=available,
        refusals=refusals(state, interaction, item, audience, available),
        terms=terms(visit, now),
        decision=visit.decision,
        next_step=step,
        next_step_at=step_at,
        expected_wait=expected_wait(state, interaction_id, now),
    )


def _available(state: State, item: Item) -> int:
    pool = state.index.pool(item.medium)
    if item.only:
        return len(pool.named_idle(item.need, item.only, item.excluded))
    excluded = pool.named_idle(item.need, item.excluded, frozenset())
    return pool.idle_matching(item.need) - len(excluded)


def _matching(state: State, item: Item, audience: Audience) -> int:
    """How many agents have what is needed, there or not. Looks at each of them: for people."""
    seats = state.index.seats
    names = item.only or audience.members
    return sum(
        1
        for agent in names
        if agent in seats
        and agent not in item.excluded
        and item.need.accepts(seats[agent].skills, seats[agent].queues)
    )


def _next_step(state: State, interaction: Interaction, visit: Visit) -> tuple[str, Instant | None]:
    plan = state.catalogue.plans.get(visit.plan)
    if plan is None:
        return "", None
    moments = steps_due(plan, visit, state.timers.asked_until(interaction.id))
    if not moments:
        return "", None
    number = min(moments, key=lambda step: (moments[step], step))
    action = type(plan.steps[number].action).__struct_config__.tag
    return f"{plan.name} step {number + 1}: {action}", moments[number]
