"""Static checks: what is valid but hardly meant, said before a customer finds out.

Each check is a warning: the configuration works as written.
"""

from collections.abc import Iterable
from datetime import date

from config.catalogue_conditions import constant_value
from config.findings import FieldPath, Findings
from router.model.catalogue import (
    Agent,
    Calendar,
    Catalogue,
    GiveUp,
    Overflow,
    Plan,
    Queue,
    Relax,
    Span,
    Voicemail,
    Widen,
)
from router.model.ids import DAY_MS, MINUTE_MS, Medium, QueueName, SkillName
from router.model.skills import Need, Requirement, meets, satisfies


def warn_of_catalogue(
    catalogue: Catalogue,
    findings: Findings,
    *,
    media: frozenset[str] = frozenset(),
    today: date | None = None,
) -> None:
    """Note all warnings. ``media`` are those of the running channels."""
    _rules_never_reached(catalogue, findings)
    _requirements_nobody_meets(catalogue, findings)
    _queues_nobody_serves(catalogue, findings)
    _queues_nothing_reaches(catalogue, findings)
    for plan in catalogue.plans.values():
        _steps_never_run(plan, findings)
    _plans_nobody_uses(catalogue, findings)
    _circles(catalogue, findings)
    for calendar in catalogue.calendars.values():
        _holidays_never_set(calendar, findings, today)
    _media_nobody_takes(catalogue, findings, media)


def _rules_never_reached(catalogue: Catalogue, findings: Findings) -> None:
    ends_at = ""
    seen: dict[str, str] = {}
    first_match = catalogue.rules.mode == "first_match"
    for index, rule in enumerate(catalogue.rules.rules):
        path: FieldPath = ("rule", index)
        if ends_at:
            findings.warning(
                path, f'rule "{rule.name}" is never reached: "{ends_at}" before it always matches'
            )
            continue
        value = constant_value(rule.when)
        condition = " ".join(rule.when.split())
        if value is False:
            findings.warning((*path, "when"), f'rule "{rule.name}" can never match')
        elif first_match and condition in seen:
            findings.warning(
                (*path, "when"),
                f'rule "{rule.name}" is never reached: "{seen[condition]}" has the same condition',
            )
        if value is True and (first_match or rule.stop):
            ends_at = rule.name
        seen.setdefault(condition, rule.name)


def _requirements_nobody_meets(catalogue: Catalogue, findings: Findings) -> None:
    agents = catalogue.agents.values()
    if not agents:
        findings.warning(("agent",), "there is no agent: nothing can be answered")
        return
    for queue in catalogue.queues.values():
        serving = [agent for agent in agents if queue.name in agent.queues]
        if serving:
            _warn_unmet(("queue", queue.name), queue.requirement, serving, findings)
    for index, rule in enumerate(catalogue.rules.rules):
        target = rule.queue
        if target is None or rule.requirement == Requirement():
            continue
        serving = [agent for agent in agents if target in agent.queues]
        both = joined(catalogue.queues[target].requirement, rule.requirement)
        if serving:
            _warn_unmet(("rule", index), both, serving, findings)
    for name, plan in catalogue.plans.items():
        for index, step in enumerate(plan.steps):
            if isinstance(step.action, Relax):
                path = ("plan", name, "step", index, "relax")
                _warn_unmet(path, step.action.requirement, agents, findings)


def joined(first: Requirement, second: Requirement) -> Requirement:
    """Both requirements at once; named agents of both are those in both lists."""
    agents = first.agents or second.agents
    if first.agents and second.agents:
        agents = tuple(agent for agent in first.agents if agent in second.agents)
    return Requirement(
        all_of=first.all_of + second.all_of,
        any_of=first.any_of + second.any_of,
        none_of=first.none_of + second.none_of,
        agents=agents,
        excluded=first.excluded + second.excluded,
    )


def _warn_unmet(
    path: FieldPath, requirement: Requirement, agents: Iterable[Agent], findings: Findings
) -> None:
    roster = list(agents)
    if any(satisfies(requirement, agent.id, agent.skills) for agent in roster):
        return
    missing = [need for need in requirement.all_of if not _anybody(need, roster)]
    if missing:
        words = ", ".join(f"{need.skill} >= {need.level}" for need in missing)
        findings.warning(path, f"nobody on the roster has {words}")
    else:
        findings.warning(path, "nobody on the roster meets all of this requirement")


def _anybody(need: Need, agents: Iterable[Agent]) -> bool:
    return any(meets(agent.skills, need) for agent in agents)


def _queues_nobody_serves(catalogue: Catalogue, findings: Findings) -> None:
    served = {queue for agent in catalogue.agents.values() for queue in agent.queues}
    widened = {
        queue.name
        for queue in catalogue.queues.values()
        for step in _steps_of(catalogue, queue)
        if isinstance(step, Widen) and served.intersection(step.queues)
    }
    for name in catalogue.queues:
        if catalogue.agents and name not in served and name not in widened:
            findings.warning(("queue", name), "no agent serves this queue")
    for agent in catalogue.agents.values():
        if not agent.queues:
            findings.warning(("agent", agent.id), "serves no queue, neither alone nor by a team")
    held = {skill for agent in catalogue.agents.values() for skill in agent.skills}
    for path, skill in _skills_asked(catalogue):
        if catalogue.agents and skill not in held:
            findings.warning(path, f"no agent has the skill {skill}")


def _skills_asked(catalogue: Catalogue) -> Iterable[tuple[FieldPath, SkillName]]:
    for queue in catalogue.queues.values():
        for group in queue.requirement.any_of:
            for need in group:
                yield ("queue", queue.name, "needs"), need.skill
    for index, rule in enumerate(catalogue.rules.rules):
        for group in rule.requirement.any_of:
            for need in group:
                yield ("rule", index, "needs"), need.skill


def _queues_nothing_reaches(catalogue: Catalogue, findings: Findings) -> None:
    reached = {catalogue.rules.default_queue}
    reached.update(rule.queue for rule in catalogue.rules.rules if rule.queue is not None)
    open_ends = list(reached)
    rule_plans = {rule.plan for rule in catalogue.rules.rules if rule.plan}
    for plan in rule_plans & catalogue.plans.keys():
        open_ends.extend(_flows(catalogue.plans[plan]))
    while open_ends:
        name = open_ends.pop()
        reached.add(name)
        queue = catalogue.queues[name]
        onward = list(_flows(catalogue.plans[queue.plan])) if queue.plan else []
        onward += [queue.on_full] if queue.on_full is not None else []
        open_ends.extend(each for each in onward if each not in reached)
    for name in catalogue.queues:
        if name not in reached:
            findings.warning(
                ("queue", name), "no rule and no plan leads here; only a transfer by hand can"
            )


def _flows(plan: Plan) -> Iterable[QueueName]:
    return (step.action.queue for step in plan.steps if isinstance(step.action, Overflow))


def _steps_of(catalogue: Catalogue, queue: Queue) -> Iterable[object]:
    plan = catalogue.plans.get(queue.plan)
    return () if plan is None else (step.action for step in plan.steps)


def _steps_never_run(plan: Plan, findings: Findings) -> None:
    ending = [
        (step.after_ms, index)
        for index, step in enumerate(plan.steps)
        if isinstance(step.action, GiveUp | Voicemail | Overflow)
        and constant_value(step.when) is True
    ]
    end, end_index = min(ending, default=(None, None))
    for index, step in enumerate(plan.steps):
        path: FieldPath = ("plan", plan.name, "step", index)
        if constant_value(step.when) is False:
            findings.warning((*path, "when"), "this step can never run: its condition is false")
        elif end is None or end_index is None or index == end_index:
            continue
        elif step.after_ms > end or (step.after_ms == end and index > end_index):
            findings.warning(
                path, f"this step can never run: step {end_index + 1} has ended the wait before"
            )


def _plans_nobody_uses(catalogue: Catalogue, findings: Findings) -> None:
    used = {queue.plan for queue in catalogue.queues.values()}
    used.update(rule.plan for rule in catalogue.rules.rules)
    for name in catalogue.plans:
        if name not in used:
            findings.warning(("plan", name), "no queue and no rule uses this plan")


def _circles(catalogue: Catalogue, findings: Findings) -> None:
    """Queues that pass an interaction on without a condition until it is back."""
    onward: dict[QueueName, set[QueueName]] = {}
    for queue in catalogue.queues.values():
        plan = catalogue.plans.get(queue.plan)
        onward[queue.name] = {
            step.action.queue
            for step in (plan.steps if plan else ())
            if isinstance(step.action, Overflow) and constant_value(step.when) is True
        }
    for name in onward:
        seen: set[QueueName] = set()
        ahead = list(onward[name])
        while ahead:
            each = ahead.pop()
            if each not in seen:
                seen.add(each)
                ahead.extend(onward[each])
        if name in seen:
            findings.warning(
                ("queue", name, "plan"), "overflows in a circle: what waits here comes back here"
            )


def _holidays_never_set(calendar: Calendar, findings: Findings, today: date | None) -> None:
    path: FieldPath = ("hours", calendar.name)
    if not calendar.exceptions:
        if any(calendar.weekdays) and not all(map(_all_day, calendar.weekdays)):
            findings.warning(path, "no holiday is set: it will be open on every one")
    elif today is not None and calendar.exceptions[-1].date < today.isoformat():
        last = calendar.exceptions[-1].date
        findings.warning(path, f"the last holiday set, {last}, is over; set the coming ones")
    if not any(calendar.weekdays) and not any(each.spans for each in calendar.exceptions):
        findings.warning(path, "is never open")


def _all_day(spans: tuple[Span, ...]) -> bool:
    return any(span.end_minute - span.start_minute >= DAY_MS // MINUTE_MS for span in spans)


def _media_nobody_takes(catalogue: Catalogue, findings: Findings, media: frozenset[str]) -> None:
    capacities = [agent.capacity or catalogue.capacity for agent in catalogue.agents.values()]
    for name in sorted(media):
        medium = Medium(name)
        if capacities and not any(each.slots.get(medium, 0) for each in capacities):
            findings.warning(
                ("channels", name), f"no agent has a slot for {name}; add [media.{name}]"
            )
