"""Rules choose queue, needs, priority, preferred agent and plan, and say which rule it was."""

from __future__ import annotations

from typing import Any

from router.model.catalogue import Catalogue, PriorityClass, Rule, RuleSet, Source
from router.model.ids import AgentId, Instant, QueueName, SkillName
from router.model.skills import NOTHING_REQUIRED, Need, Requirement
from router.rules import Contact, Route, both, clock_values, route
from tests.support.floor import MAIL, a_catalogue, a_queue

ES = Requirement(all_of=(Need(SkillName("es"), 2),))
FR = Requirement(all_of=(Need(SkillName("fr"), 1),))
NOON = Instant(1_795_348_800_000)  # 2026-11-22 12:00 UTC, a Sunday


def contact(**more: Any) -> Contact:
    given: dict[str, Any] = {
        "medium": MAIL,
        "address": "info@example.org",
        "attributes": {"topic": "loan"},
        "customer": {"tier": "gold"},
        "last_agent": AgentId("mia"),
    }
    return Contact(**{**given, **more})


def centre(*rules: Rule, mode: Any = "first_match", **more: Any) -> Catalogue:
    return a_catalogue(
        a_queue("main"),
        a_queue("loans", requirement=FR, priority_class="gold", plan="patience"),
        a_queue("known", last_agent_ms=20_000),
        rules=RuleSet(default_queue=QueueName("main"), rules=rules, mode=mode, **more),
        classes={
            "normal": PriorityClass("normal"),
            "gold": PriorityClass("gold", rank=2, slope=0.5, credit_ms=1_000),
        },
    )


def rule(name: str, when: str = "true", line: int = 1, **more: Any) -> Rule:
    if "queue" in more:
        more["queue"] = QueueName(more["queue"])
    return Rule(name, when, source=Source("rules.toml", line), **more)


def decided(*rules: Rule, **more: Any) -> Route:
    return route(centre(*rules, **more), contact(), NOON)


def test_without_a_rule_the_default_queue_has_it() -> None:
    found = decided()
    assert (found.queue, found.rule) == ("main", "default")


def test_the_first_rule_that_matches_decides_and_is_named_with_its_line() -> None:
    found = decided(
        rule("no", "interaction.medium == 'chat'", 3, queue="known"),
        rule("yes", "interaction.attributes.topic == 'loan'", 7, queue="loans"),
        rule("late", "true", 9, queue="main"),
    )
    assert (found.queue, found.rule, found.source.line) == ("loans", "yes", 7)


def test_the_queue_adds_its_needs_class_and_plan() -> None:
    found = decided(rule("yes", queue="loans", requirement=ES, credit_ms=500))
    assert found.requirement == both(FR, ES)
    assert (found.priority_class, found.rank, found.slope) == ("gold", 2, 0.5)
    assert found.credit_ms == 1_500
    assert found.plan == "patience"


def test_a_rules_class_and_plan_stand_over_the_queues() -> None:
    found = decided(rule("yes", queue="loans", priority_class="normal", plan="short"))
    assert (found.priority_class, found.rank, found.plan) == ("normal", 0, "short")


def test_accumulating_rules_add_needs_and_credit_and_the_last_queue_counts() -> None:
    found = decided(
        rule("spanish", line=1, requirement=ES, credit_ms=100),
        rule("nothing", "false", line=2, queue="known"),
        rule("loans", line=3, queue="loans", credit_ms=200, attributes={"topic": "money"}),
        rule("seen", "interaction.attributes.topic == 'money'", line=4, plan="seen"),
        mode="accumulate",
    )
    assert found.rule == "spanish + loans + seen"
    assert (found.queue, found.source.line) == ("loans", 3)
    assert found.credit_ms == 1_300
    assert found.plan == "seen"
    assert found.attributes == {"topic": "money"}


def test_stop_ends_an_accumulating_set() -> None:
    found = decided(
        rule("one", credit_ms=1, stop=True), rule("two", credit_ms=10), mode="accumulate"
    )
    assert (found.rule, found.credit_ms) == ("one", 1)


def test_a_rule_whose_condition_fails_is_passed_over_and_noted() -> None:
    found = decided(
        rule("broken", "interaction.attributes.absent == 1", queue="loans"),
        rule("fine", queue="known"),
    )
    assert found.queue == "known"
    assert len(found.notes) == 1
    assert "broken" in found.notes[0]


def test_the_preferred_agent_is_named_or_the_last_one() -> None:
    named = decided(rule("tom", prefer="tom", prefer_ms=5_000))
    assert (named.prefer, named.prefer_ms) == ("tom", 5_000)
    last = decided(rule("last", prefer="last", prefer_ms=5_000))
    assert last.prefer == "mia"
    assert decided(rule("no time", prefer="tom")).prefer is None


def test_a_queue_waits_for_the_last_agent_where_no_rule_prefers() -> None:
    found = decided(rule("known", queue="known"))
    assert (found.prefer, found.prefer_ms) == ("mia", 20_000)
    stranger = route(centre(rule("known", queue="known")), contact(last_agent=None), NOON)
    assert stranger.prefer is None


def test_a_rule_for_a_queue_that_is_gone_leaves_the_default_one() -> None:
    assert decided(rule("gone", queue="nowhere")).queue == "main"


def test_the_clock_is_the_rule_sets() -> None:
    sunday_evening = rule("sunday", "clock.weekday == 6 && clock.hour == 21", queue="known")
    assert decided(sunday_evening, zone="Asia/Tokyo").queue == "known"
    assert decided(sunday_evening, zone="UTC").queue == "main"
    assert clock_values(NOON, "UTC") == {
        "hour": 12,
        "minute": 0,
        "weekday": 6,
        "date": "2026-11-22",
    }


def test_two_requirements_are_joined_without_repeating() -> None:
    joined = both(
        Requirement(all_of=ES.all_of, agents=(AgentId("a"), AgentId("b"))),
        Requirement(all_of=(*ES.all_of, *FR.all_of), agents=(AgentId("b"),)),
    )
    assert joined.all_of == (*ES.all_of, *FR.all_of)
    assert joined.agents == ("b",)
    assert both(NOTHING_REQUIRED, ES) is ES
    assert both(ES, NOTHING_REQUIRED) is ES


def test_of_two_lists_of_agents_without_a_common_one_the_later_counts() -> None:
    one, other = Requirement(agents=(AgentId("a"),)), Requirement(agents=(AgentId("b"),))
    assert both(one, other).agents == ("b",)
    assert both(one, ES).agents == ("a",)
