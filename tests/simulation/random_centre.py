"""A random centre: a catalogue of anything that can be configured, from a seed."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from router.model.agent import Capacity, WrapUpMode, WrapUpRule
from router.model.catalogue import (
    Action,
    Agent,
    Announce,
    Calendar,
    Catalogue,
    Disposition,
    GiveUp,
    Limits,
    Overflow,
    Plan,
    PlanStep,
    PriorityClass,
    Queue,
    Raise,
    Relax,
    Rule,
    RuleSet,
    Span,
    Team,
    Widen,
)
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    Medium,
    QueueName,
    SkillName,
    TeamName,
)
from router.model.skills import Need, Requirement

MEDIA = (Medium("chat"), Medium("mail"), Medium("voice"))
STRATEGIES = (
    "longest_idle",
    "longest_idle",
    "best_skilled",
    "least_skilled",
    "least_occupied",
    "round_robin",
    "weighted",
)
SKILLS = tuple(SkillName(f"s{number}") for number in range(5))
QUEUES = tuple(QueueName(f"q{number}") for number in range(4))
TEAMS = (TeamName("t0"), TeamName("t1"))


def requirement(rng: Random) -> Requirement:
    """Usually little, sometimes everything at once."""
    return Requirement(
        all_of=tuple(need(rng) for _ in range(rng.choice((0, 0, 1, 1, 2)))),
        any_of=((need(rng), need(rng)),) if rng.random() < 0.2 else (),
        none_of=(rng.choice(SKILLS),) if rng.random() < 0.1 else (),
        agents=(agent_id(rng), agent_id(rng)) if rng.random() < 0.05 else (),
        excluded=(agent_id(rng),) if rng.random() < 0.1 else (),
    )


def need(rng: Random) -> Need:
    return Need(rng.choice(SKILLS), rng.randint(1, 4))


AGENTS = 9


def agent_id(rng: Random) -> AgentId:
    return AgentId(f"a{rng.randrange(AGENTS)}")


def capacity(rng: Random) -> Capacity:
    chat, mail, voice = MEDIA
    interrupted = {voice: ()} if rng.random() < 0.5 else {voice: (mail,), chat: (chat, mail)}
    return Capacity(
        slots={chat: rng.randint(1, 3), mail: rng.randint(0, 2), voice: 1},
        total=rng.choice((100, 100, 3, 4)),
        load={voice: rng.choice((1, 2))},
        interrupted_by=interrupted,  # type: ignore[arg-type]  # both kinds of tuples are of media
    )


def agent(rng: Random, number: int) -> Agent:
    return Agent(
        id=AgentId(f"a{number}"),
        skills={skill: rng.randint(1, 5) for skill in SKILLS if rng.random() < 0.6},
        queues=tuple(queue for queue in QUEUES if rng.random() < 0.5),
        teams=(rng.choice(TEAMS),) if rng.random() < 0.5 else (),
        weight=rng.randint(1, 3),
        capacity=capacity(rng) if rng.random() < 0.5 else None,
    )


def action(rng: Random) -> Action:
    kinds: tuple[Callable[[], Action], ...] = (
        lambda: Relax(Requirement()),
        lambda: Widen((rng.choice(QUEUES),)),
        lambda: Raise(credit_ms=rng.randint(0, 90_000), priority_class=rng.choice(("", "gold"))),
        lambda: Announce("place {position}"),
        lambda: Overflow(rng.choice(QUEUES), keep_age=rng.random() < 0.5),
        lambda: GiveUp("sorry"),
    )
    return rng.choice(kinds)()


def plan(rng: Random, number: int) -> Plan:
    conditions = ("", "", "position > 1", "waiting >= 3", "available_agents == 0", "nonsense > 1")
    steps = tuple(
        PlanStep(
            action(rng),
            after_ms=rng.randint(0, 60_000),
            every_ms=rng.choice((0, 0, 20_000)),
            when=rng.choice(conditions),
        )
        for _ in range(rng.randint(0, 3))
    )
    return Plan(name=f"p{number}", steps=steps)


def queue(rng: Random, name: QueueName) -> Queue:
    wrap_up = WrapUpRule(
        mode=rng.choice(tuple(WrapUpMode)),
        limit_ms=rng.randint(1, 40_000),
        extensions=1,
        extension_ms=5_000,
        disposition_required=rng.random() < 0.3,
    )
    return Queue(
        name=name,
        strategy=rng.choice(STRATEGIES),
        priority_class=rng.choice(("normal", "slow", "gold", "flat")),
        plan=rng.choice(("", "", "p0", "p1")),
        calendar=rng.choice(("", "", "day")),
        on_closed=rng.choice(("wait", "refuse")),
        limit=rng.choice((0, 0, 5)),
        on_full=rng.choice((None, *QUEUES)),
        requirement=requirement(rng) if rng.random() < 0.3 else Requirement(),
        wrap_up=dict.fromkeys(MEDIA, wrap_up),
        dispositions=(Disposition("done"), Disposition("other")),
        last_agent_ms=rng.choice((0, 30_000)),
    )


def rule(rng: Random, number: int) -> Rule:
    conditions = (
        "true",
        "interaction.medium == 'chat'",
        "interaction.attributes.topic == 'a'",
        "has(interaction.attributes.topic) && clock.hour < 12",
        "customer.tier == 'gold'",
    )
    return Rule(
        name=f"r{number}",
        when=rng.choice(conditions),
        queue=rng.choice((None, *QUEUES)),
        requirement=requirement(rng),
        priority_class=rng.choice(("", "", "gold", "slow")),
        credit_ms=rng.choice((0, 0, 30_000)),
        prefer=rng.choice(("", "", "last", "a1", "a2")),
        prefer_ms=rng.choice((0, 20_000)),
        attributes={"by": f"r{number}"} if rng.random() < 0.3 else {},
        stop=rng.random() < 0.3,
    )


def catalogue(rng: Random, version: int = 1) -> Catalogue:
    present = [number for number in range(AGENTS) if version == 1 or rng.random() < 0.85]
    queues = [name for name in QUEUES if version == 1 or name == QUEUES[0] or rng.random() < 0.8]
    return Catalogue(
        version=CatalogueVersion(f"v{version}"),
        queues={name: queue(rng, name) for name in queues},
        rules=RuleSet(
            default_queue=QUEUES[0],
            mode=rng.choice(("first_match", "accumulate")),
            rules=tuple(rule(rng, number) for number in range(5)),
        ),
        agents={made.id: made for made in (agent(rng, number) for number in present)},
        teams={name: Team(name, queues=(rng.choice(QUEUES),)) for name in TEAMS},
        plans={f"p{number}": plan(rng, number) for number in range(2)},
        calendars={"day": Calendar("day", weekdays=((Span(480, 1080),),) * 7)},
        classes={
            "normal": PriorityClass("normal"),
            "slow": PriorityClass("slow", slope=0.25, credit_ms=10_000),
            "gold": PriorityClass("gold", rank=1),
            "flat": PriorityClass("flat", slope=0.0),
        },
        capacity=capacity(rng),
        reasons=("break",),
        limits=Limits(finished_kept=60),
    )
