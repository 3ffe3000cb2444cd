"""A waiting interaction's plan, carried out step by step."""

from collections.abc import Callable

from router.conditions import Value
from router.core.queueing import put, with_room
from router.core.turn import Turn
from router.core.waits import available_agents, expected_wait, position_in_queue
from router.model.catalogue import GiveUp, Overflow, PlanStep, Voicemail
from router.model.events import Closed, PlanStepTaken
from router.model.interaction import Outcome, Phase
from router.plan import Terms, due_steps, holds, new_terms
from router.rules import Contact, clock_values, queue_alone
from router.state.records import Interaction, Visit


def take_due_steps(turn: Turn, interaction: Interaction) -> None:
    """Take every step whose moment has come and whose condition holds, until the wait ends."""
    state = turn.state
    visit = interaction.visit
    plan = None if visit is None else state.catalogue.plans.get(visit.plan)
    if visit is None or plan is None:
        return
    for number in due_steps(plan, visit, state.timers.asked_until(interaction.id), turn.now):
        step = plan.steps[number]
        name = f"plan {plan.name} step {number + 1}"
        held, notes = holds(step, name, _makers(turn, interaction, visit))
        turn.notes.extend(notes)
        if held and _possible(turn, step):
            _take(turn, interaction, visit, number, step)
        if interaction.phase is not Phase.WAITING or interaction.visit is not visit:
            return
    state.timers.asked[interaction.id] = turn.now


def _makers(turn: Turn, interaction: Interaction, visit: Visit) -> dict[str, Callable[[], Value]]:
    """What conditions of plans see, each made when it is asked for."""
    state, now = turn.state, turn.now
    contact = Contact(
        medium=interaction.medium,
        address=interaction.address,
        attributes=interaction.attributes,
        customer=interaction.customer,
        last_agent=interaction.last_agent,
    )

    def expected_wait_ms() -> int:
        expected = expected_wait(state, interaction.id, now)
        return -1 if expected is None else expected.high_ms

    return {
        "position": lambda: position_in_queue(state, interaction.id, now),
        "waiting": lambda: state.index.waiting(visit.queue),
        "available_agents": lambda: available_agents(state, interaction),
        "expected_wait_ms": expected_wait_ms,
        "interaction": contact.values,
        "clock": lambda: clock_values(now, state.catalogue.rules.zone),
    }


def _possible(turn: Turn, step: PlanStep) -> bool:
    """An overflow needs a queue that exists and has room, at its end or further on."""
    if not isinstance(step.action, Overflow):
        return True
    queue = turn.state.catalogue.queues.get(step.action.queue)
    return queue is not None and with_room(turn, queue) is not None


def _take(turn: Turn, interaction: Interaction, visit: Visit, number: int, step: PlanStep) -> None:
    state, now = turn.state, turn.now
    terms: Terms = new_terms(state.catalogue, visit, step.action)
    expected = expected_wait(state, interaction.id, now)
    turn.emit(
        PlanStepTaken(
            now,
            interaction_id=interaction.id,
            step=number,
            times=visit.step_times.get(number, 0) + 1,
            action=step.action,
            requirement=terms.requirement,
            queues=terms.queues,
            rank=terms.rank,
            slope=terms.slope,
            credit_ms=terms.credit_ms,
            position=position_in_queue(state, interaction.id, now),
            expected_low_ms=-1 if expected is None else expected.low_ms,
            expected_high_ms=-1 if expected is None else expected.high_ms,
        )
    )
    waited_ms = now - visit.queued
    match step.action:
        case Overflow(queue=name, keep_age=keep_age):
            queue = with_room(turn, state.catalogue.queues[name])
            assert queue is not None, "an overflow is only taken where there is room"
            route = queue_alone(state.catalogue, queue, visit.rule)
            entered = visit.entered if keep_age else now
            put(turn, interaction, route, "overflow", entered=entered)
        case Voicemail():
            turn.emit(Closed(now, interaction.id, Outcome.VOICEMAIL, waited_ms=waited_ms))
        case GiveUp():
            turn.emit(Closed(now, interaction.id, Outcome.GAVE_UP, waited_ms=waited_ms))
        case _:
            pass
