"""Rules and plans: from ``[[rule]]`` and ``[plan.NAME]`` to what the core decides by."""

from collections.abc import Iterable

from config.catalogue_conditions import PLAN_NAMES, RULE_NAMES, condition_mistake
from config.catalogue_names import Names
from config.catalogue_text import CentreText, OverflowText, RuleText, StepText
from config.findings import FieldPath, Findings
from router.model.catalogue import (
    Action,
    Announce,
    GiveUp,
    OfferCallback,
    Overflow,
    Plan,
    PlanStep,
    Raise,
    Relax,
    Rule,
    RuleSet,
    Voicemail,
    Widen,
)
from router.model.ids import QueueName

ACTIONS = (
    "relax",
    "widen",
    "raise",
    "announce",
    "offer_callback",
    "overflow",
    "voicemail",
    "give_up",
)
"""What a step of a plan can do, as it is written."""


class RuleBuilder:
    """Builds the rule set and the plans of one text."""

    def __init__(
        self, centre: CentreText, names: Names, findings: Findings, *, whole: bool = True
    ) -> None:
        self._whole = whole
        self._centre = centre
        self._names = names
        self._findings = findings

    def plans(self) -> dict[str, Plan]:
        """All plans by name."""
        return {
            name: Plan(name=name, steps=self._steps(("plan", name, "step"), text.step))
            for name, text in self._centre.plan.items()
        }

    def rules(self) -> RuleSet | None:
        """The rule set; None, and a mistake, where ``[rules]`` is missing."""
        centre = self._centre
        seen: dict[str, int] = {}
        for index, rule in enumerate(centre.rule):
            if rule.name in seen:
                self._findings.mistake(
                    ("rule", index, "name"), f"rule {seen[rule.name] + 1} has the same name"
                )
            seen.setdefault(rule.name, index)
        rules = tuple(self._rule(index, text) for index, text in enumerate(centre.rule))
        if centre.rules is None:
            if self._whole and not self._findings.written(("rules",)):
                self._findings.mistake(
                    ("rules",), "is missing; add [rules] with default_queue for what no rule sends"
                )
            return None
        self._names.refer(("rules", "default_queue"), "queue", centre.rules.default_queue)
        return RuleSet(
            default_queue=QueueName(centre.rules.default_queue),
            mode=centre.rules.mode,
            rules=rules,
            zone=centre.rules.zone or centre.site.zone,
        )

    def _rule(self, index: int, text: RuleText) -> Rule:
        path: FieldPath = ("rule", index)
        if problem := condition_mistake(text.when, RULE_NAMES):
            self._findings.mistake((*path, "when"), problem)
        if text.queue is not None:
            self._names.refer((*path, "queue"), "queue", text.queue)
        if text.priority:
            self._names.refer((*path, "priority"), "priority", text.priority)
        if text.plan:
            self._names.refer((*path, "plan"), "plan", text.plan)
        if text.prefer and text.prefer != "last":
            self._names.refer((*path, "prefer"), "agent", text.prefer)
        if text.prefer and not text.prefer_for_ms:
            self._findings.mistake(
                (*path, "prefer"), 'say how long to hold for this agent: prefer_for = "30 s"'
            )
        return Rule(
            name=text.name,
            when=text.when,
            queue=QueueName(text.queue) if text.queue is not None else None,
            requirement=self._names.requirement(path, text),
            priority_class=text.priority,
            credit_ms=text.credit_ms,
            prefer=text.prefer,
            prefer_ms=text.prefer_for_ms,
            plan=text.plan,
            attributes=text.set,
            stop=text.stop,
            source=self._names.source(path),
        )

    def _steps(self, path: FieldPath, texts: Iterable[StepText]) -> tuple[PlanStep, ...]:
        steps = []
        for index, text in enumerate(texts):
            at: FieldPath = (*path, index)
            if text.when and (problem := condition_mistake(text.when, PLAN_NAMES)):
                self._findings.mistake((*at, "when"), problem)
            action = self._action(at, text)
            if action is not None:
                steps.append(
                    PlanStep(
                        action=action,
                        after_ms=text.after_ms,
                        every_ms=text.every_ms,
                        when=text.when,
                        source=self._names.source(at),
                    )
                )
        return tuple(steps)

    def _action(self, path: FieldPath, text: StepText) -> Action | None:
        given = [name for name in ACTIONS if _given(text, name) is not None]
        if len(given) != 1:
            what = " and ".join(given) if given else "nothing"
            self._findings.mistake(
                path, f"a step does exactly one thing, this one {what}; one of {', '.join(ACTIONS)}"
            )
            return None
        return self._acted(path, text)

    def _acted(self, path: FieldPath, text: StepText) -> Action:
        if text.relax is not None:
            return Relax(requirement=self._names.requirement((*path, "relax"), text.relax))
        if text.widen is not None:
            self._names.refer_all((*path, "widen"), "queue", text.widen)
            return Widen(queues=tuple(map(QueueName, text.widen)))
        if text.raise_ is not None:
            if text.raise_.priority:
                self._names.refer((*path, "raise", "priority"), "priority", text.raise_.priority)
            return Raise(credit_ms=text.raise_.credit_ms, priority_class=text.raise_.priority)
        if text.announce is not None:
            return Announce(text=text.announce)
        if text.offer_callback is not None:
            return OfferCallback(text=text.offer_callback)
        if text.voicemail is not None:
            return Voicemail(text=text.voicemail)
        if text.overflow is not None:
            given = text.overflow
            over = given if isinstance(given, OverflowText) else OverflowText(queue=given)
            self._names.refer((*path, "overflow"), "queue", over.queue)
            return Overflow(queue=QueueName(over.queue), keep_age=over.keep_age)
        return GiveUp(text=text.give_up or "")


def _given(text: StepText, action: str) -> object:
    return text.raise_ if action == "raise" else getattr(text, action)
