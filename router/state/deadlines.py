"""Every state that is not the end has a deadline, and each deadline leads somewhere.

``deadline`` is the table as a function of the record; ``router.core.deadlines`` is what is done
when one is due. A test walks all phases and fails on one without a deadline.
"""

from collections.abc import Callable

from router.model.catalogue import Overflow, Plan, PlanStep
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS, Instant, Medium
from router.model.interaction import Phase
from router.state.records import Interaction, Offer, Visit

SELF_SERVICE_LIMIT_MS = HOUR_MS
"""A flow that does not end in this time ends in the queue its rules choose."""

WAITING_LIMIT_MS = 90 * DAY_MS
"""Nobody waits longer than this: the interaction is given up, visibly."""

ENGAGED_LIMIT_MS = 30 * DAY_MS
"""Work that nobody touched to its end in this time goes back to its queue."""

PARKED_LIMIT_MS = 366 * DAY_MS
"""The furthest moment work can be laid aside to."""

ASK_AGAIN_MS = 15 * MINUTE_MS
"""After this time those who declined may be asked again, in a new visit to the queue."""

LATE_DISPOSITION_MS = 15 * MINUTE_MS
"""How long after a wrap-up ran out its agent may still give the disposition."""

DESK_GRACE_MS: dict[Medium, int] = {
    Medium("voice"): 30_000,
    Medium("chat"): 2 * MINUTE_MS,
    Medium("mail"): 30 * MINUTE_MS,
    Medium("fax"): 30 * MINUTE_MS,
}
"""How long work stays with an agent whose desk is unreachable, by medium."""

DESK_GRACE_DEFAULT_MS = MINUTE_MS

PLAN_RETRY_MS = 5_000
"""A plan's step whose condition does not hold when due is asked again this often."""

PERIOD_MIN_MS = 1_000
"""A repeated step comes no more often, whatever the plan says."""

_NEVER = 1 << 62

OVERFLOW_STAY_MS = 1_000
"""Who came by an overflow stays this long for each of their visits before they overflow again.

So two queues that overflow into each other at once cost little, and less each time.
"""


def desk_grace_ms(medium: Medium) -> int:
    """How long work of this medium stays with an agent who cannot be reached."""
    return DESK_GRACE_MS.get(medium, DESK_GRACE_DEFAULT_MS)


def deadline(
    interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int
) -> Instant | None:
    """When something must happen to the interaction at the latest; None when it is over.

    ``asked`` is up to when the plan's steps have been asked. An offer of another writer's epoch is
    void, and due at once.
    """
    due = _DUE[interaction.phase](interaction, plan, asked, epoch)
    if interaction.consult is not None:
        due = min(due, offer_due(interaction.consult, epoch))
    for engagement in interaction.engagements:
        if engagement.lost_until is not None:
            due = min(due, engagement.lost_until)
        if engagement.wrap_up_until is not None:
            due = min(due, engagement.wrap_up_until)
    return None if due == _NEVER else Instant(due)


def _in_self_service(
    interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int
) -> int:
    return interaction.phase_since + SELF_SERVICE_LIMIT_MS


def _offered(interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int) -> int:
    assert interaction.offer is not None, "who is offered has an offer"
    return offer_due(interaction.offer, epoch)


def _engaged(interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int) -> int:
    return interaction.phase_since + ENGAGED_LIMIT_MS


def _parked(interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int) -> int:
    assert interaction.parked_until is not None, "parked work has a moment of return"
    return interaction.parked_until


def _over(interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int) -> int:
    return _NEVER  # The engagements' own limits are what is left.


def _waiting(interaction: Interaction, plan: Plan | None, asked: Instant, epoch: int) -> int:
    visit = interaction.visit
    assert visit is not None, "who waits is on a visit"
    due = visit.queued + WAITING_LIMIT_MS
    for at in (visit.prefer_until, visit.avoided_until):
        if at is not None:
            due = min(due, at)
    if plan is not None:
        due = min((due, *steps_due(plan, visit, asked).values()))
    return due


_DUE: dict[Phase, Callable[[Interaction, Plan | None, Instant, int], int]] = {
    Phase.SELF_SERVICE: _in_self_service,
    Phase.WAITING: _waiting,
    Phase.OFFERED: _offered,
    Phase.ENGAGED: _engaged,
    Phase.PARKED: _parked,
    Phase.WRAP_UP: _over,
    Phase.FINISHED: _over,
}
"""The table: what each phase leads to when nothing happens. A test walks all phases."""


def offer_due(offer: Offer, epoch: int) -> Instant:
    """When an offer ends by itself."""
    return offer.expires if offer.epoch == epoch else offer.since


def steps_due(plan: Plan, visit: Visit, asked: Instant) -> dict[int, Instant]:
    """When each step that is still to come is due next, by its number in the plan."""
    moments: dict[int, Instant] = {}
    for number, step in enumerate(plan.steps):
        due = _step_due(step, visit, number, asked)
        if due is not None:
            moments[number] = due
    return moments


def _step_due(step: PlanStep, visit: Visit, number: int, asked: Instant) -> Instant | None:
    after_ms = step.after_ms
    if isinstance(step.action, Overflow) and visit.reason == "overflow":
        after_ms = max(after_ms, visit.number * OVERFLOW_STAY_MS)
    first = visit.queued + after_ms
    last = visit.step_last.get(number)
    if last is not None and step.every_ms <= 0:
        return None
    passed = asked if last is None else max(asked, last)
    if passed < first:
        return Instant(first)
    period = max(step.every_ms, PERIOD_MIN_MS) if step.every_ms > 0 else PLAN_RETRY_MS
    return Instant(first + ((passed - first) // period + 1) * period)
