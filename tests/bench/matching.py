"""The matching engine that the core uses, alone; and whole decisions of the core beside it.

A cycle of the engine is what a busy centre does all day: an agent frees, is given the first waiting
interaction they may take, and a new one arrives, finds nobody idle and waits. CPU time throughout,
single decisions included (other programs on the machine would be in wall time); as in the router's
process, objects made while loading are frozen out of the garbage collector. Of several runs the
best counts: what else the machine does (its caches above all) only ever adds.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

from router.core import Decision, State, decide, new_state, next_deadline
from router.model import commands
from router.model.agent import Capacity, Presence, WrapUpMode, WrapUpRule
from router.model.catalogue import Agent, Catalogue, Queue, Rule, RuleSet
from router.model.events import Offered
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    Instant,
    InteractionId,
    Medium,
    QueueName,
    SkillName,
    SubjectId,
)
from router.model.skills import Need, Requirement
from router.waiting.classes import Bits, NeedClass, Squad
from router.waiting.keys import SLOPE_UNIT, static_key
from router.waiting.pool import Pool
from tests.bench import Figure

GROUP = "matching"

AGENTS, WAITING, SKILLS, NEEDS = 10_000, 100_000, 500, 2_000
CYCLES = 40_000
START = 1_700_000_000_000
QUEUE = (QueueName("main"),)
CHAT = Medium("chat")


@contextmanager
def quiet_collector() -> Iterator[None]:
    """As the router's process does: what was loaded is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


class World:
    """Agents with skills of their own (some skills are rarer), and needs that somebody meets."""

    def __init__(self, agents: int, waiting: int, skills: int, needs: int, seed: int = 1) -> None:
        self.rng = Random(seed)  # noqa: S311 -- a repeatable load, not a secret
        self.names = [SkillName(f"s{number}") for number in range(skills)]
        self.weights = [1 / (number + 1) ** 0.6 for number in range(skills)]
        self.pool = Pool(Bits())
        self.bits = self.pool.bits
        serving = self.bits.of_queues(QUEUE)
        self.profiles = [self.profile() for _ in range(agents)]
        self.squads: list[Squad] = [
            self.pool.squad(self.bits.of_skills(profile), serving) for profile in self.profiles
        ]
        self.agents = [AgentId(f"a{number}") for number in range(agents)]
        self.needs = self.served_needs(needs)
        self.now = START
        self.place = 0
        for _ in range(waiting):
            self.arrive()

    def profile(self) -> dict[SkillName, int]:
        return {skill: self.rng.randint(1, 5) for skill in self.some(self.rng.randint(3, 15))}

    def some(self, count: int) -> list[SkillName]:
        return list(dict.fromkeys(self.rng.choices(self.names, self.weights, k=count)))

    def served_needs(self, count: int) -> list[NeedClass]:
        wanted = dict.fromkeys(self.requirement() for _ in range(count))
        classes = [self.pool.need(QUEUE, requirement) for requirement in wanted]
        return [need for need in classes if need.squads]

    def requirement(self) -> Requirement:
        chosen = self.some(self.rng.choice((1, 1, 2, 2, 3)))
        return Requirement(all_of=tuple(Need(skill, self.rng.randint(1, 3)) for skill in chosen))

    def arrive(self) -> AgentId | None:
        """A new interaction: the longest idle agent who may take it, or it waits."""
        self.now += 1
        self.place += 1
        need = self.needs[self.rng.randrange(len(self.needs))]
        return self.arrive_needing(need, self.rng.choice((0, 0, 0, 0, 60_000, 300_000)))

    def arrive_needing(self, need: NeedClass, credit_ms: int) -> AgentId | None:
        pool = self.pool
        agent = pool.longest_idle(need, frozenset())
        if agent is None:
            key = static_key(SLOPE_UNIT, credit_ms, Instant(self.now), self.place)
            pool.line(need, 0, SLOPE_UNIT).add(key, InteractionId(""))
        return agent

    def free(self, number: int) -> bool:
        """An agent frees and takes the first interaction they may have, if there is one."""
        line = self.pool.best_line(self.squads[number], self.agents[number], Instant(self.now))
        if line is None:
            return False
        line.remove(line.head)
        return True


def cycles(world: World, count: int) -> tuple[float, list[int]]:
    """CPU seconds of so many cycles, and nanoseconds of each single decision in them."""
    rng, needs = world.rng, world.needs
    plan = [
        (
            rng.randrange(len(world.agents)),
            needs[rng.randrange(len(needs))],
            rng.choice((0, 0, 0, 0, 60_000, 300_000)),
        )
        for _ in range(count)
    ]
    clock = time.thread_time_ns
    with quiet_collector():
        begun = time.process_time()
        for number, need, credit_ms in plan:
            world.now += 1
            world.place += 1
            world.free(number)
            world.arrive_needing(need, credit_ms)
        seconds = time.process_time() - begun
        took: list[int] = []
        for number, need, credit_ms in plan[: count // 2]:
            world.now += 1
            world.place += 1
            first = clock()
            world.free(number)
            second = clock()
            world.arrive_needing(need, credit_ms)
            took.append(second - first)
            took.append(clock() - second)
    return seconds, took


def exhausted(seed: int = 2) -> list[int]:
    """Nanoseconds of arrivals whose many matching agents are all busy while thousands are idle."""
    world = World(AGENTS, 0, SKILLS, NEEDS, seed)
    need = max(world.needs, key=lambda one: len(one.squads))
    busy = {squad: None for squad in need.squads}
    for turn, (agent, squad) in enumerate(zip(world.agents, world.squads, strict=True)):
        if squad not in busy:
            world.pool.rest(agent, squad, turn)
    took = []
    clock = time.thread_time_ns
    with quiet_collector():
        for _ in range(20_000):
            world.now += 1
            world.place += 1
            first = clock()
            taken_by = world.arrive_needing(need, 0)
            took.append(clock() - first)
            assert taken_by is None
    return took


def percentile(values: list[int], share: float) -> float:
    ranked = sorted(values)
    return ranked[min(int(len(ranked) * share), len(ranked) - 1)] / 1_000


def cost_us(agents: int, waiting: int) -> float:
    """CPU microseconds of a cycle at this size."""
    world = World(agents, waiting, SKILLS, NEEDS)
    return min(cycles(world, 15_000)[0] / 15_000 * 1e6 for _ in range(3))


def run() -> list[Figure]:
    world = World(AGENTS, WAITING, SKILLS, NEEDS)
    runs = [cycles(world, CYCLES) for _ in range(3)]
    rate = max(CYCLES / seconds for seconds, _ in runs)
    took = sorted(min(runs, key=lambda one: percentile(one[1], 0.999))[1])
    idle_walk = exhausted()
    small, many_agents, many_waiting = (
        cost_us(100, 1_000),
        cost_us(10_000, 1_000),
        cost_us(100, 100_000),
    )
    classes = f"{len(world.needs)} classes of needs, every agent unique"
    return [
        Figure(
            "matching.decisions_per_s",
            rate,
            "cycles/s",
            100_000,
            at_most=False,
            note=f"engine alone: {AGENTS} agents, {WAITING} waiting, {SKILLS} skills, {classes}",
        ),
        Figure(
            "matching.p999_us",
            max(percentile(took, 0.999), percentile(idle_walk, 0.999)),
            "us",
            100,
            note=(
                f"in the cycles p50 {percentile(took, 0.5):.1f}, p99.9 "
                f"{percentile(took, 0.999):.1f}; all matching agents busy p50 "
                f"{percentile(idle_walk, 0.5):.1f}, p99.9 {percentile(idle_walk, 0.999):.1f}"
            ),
        ),
        Figure(
            "matching.growth",
            max(many_agents, many_waiting) / small,
            "times",
            2,
            note=(
                f"us a cycle: {small:.1f} at 100 agents x 1,000 waiting, {many_agents:.1f} at "
                f"10,000 agents, {many_waiting:.1f} at 100,000 waiting"
            ),
        ),
        core_decisions(),
    ]


def busy_centre(agents: int) -> tuple[Catalogue, Random]:
    """A catalogue of agents with skills and as many needs as rules give."""
    rng = Random(3)  # noqa: S311 -- a repeatable load, not a secret
    names = [SkillName(f"s{number}") for number in range(SKILLS)]
    rules = tuple(
        Rule(
            f"r{number}",
            f"interaction.attributes.topic == {number}",
            requirement=Requirement(all_of=(Need(names[number]),)),
        )
        for number in range(20)
    )
    people = {
        AgentId(f"a{number}"): Agent(
            AgentId(f"a{number}"),
            skills={**dict.fromkeys(names[:20:2], 3), rng.choice(names): 5},
            queues=QUEUE,
        )
        for number in range(agents)
    }
    catalogue = Catalogue(
        version=CatalogueVersion("bench"),
        queues={QUEUE[0]: Queue(QUEUE[0], wrap_up={CHAT: WrapUpRule(WrapUpMode.NONE)})},
        rules=RuleSet(default_queue=QUEUE[0], rules=rules),
        agents=people,
        capacity=Capacity(slots={CHAT: 1}),
    )
    return catalogue, rng


def take_offers(
    decision: Decision, state: State, now: int, engaged: list[tuple[InteractionId, AgentId]]
) -> int:
    """Let every offered agent accept; how many decisions that took."""
    taken = 0
    for event in decision.events:
        if isinstance(event, Offered):
            accept = commands.Accept(event.offer_id, event.agent_id)
            decide(state, accept, Instant(now))
            engaged.append((event.interaction_id, event.agent_id))
            taken += 1
    return taken


def core_decisions() -> Figure:
    """Whole decisions: rules, folding, explanation, effects, deadlines; a life is four of them."""
    catalogue, rng = busy_centre(1_000)
    state = new_state()
    now = START
    decide(state, commands.ChangeCatalogue(catalogue), Instant(now))
    for agent in catalogue.agents:
        decide(state, commands.SignIn(agent), Instant(now))
        decide(state, commands.SetPresence(agent, Presence.READY), Instant(now))
    engaged: list[tuple[InteractionId, AgentId]] = []
    done = 0
    with quiet_collector():
        begun = time.process_time()
        for number in range(6_000):
            now += 50
            arrival = commands.Arrive(
                InteractionId(f"{number:032x}"),
                CHAT,
                "site",
                SubjectId("s"),
                attributes={"topic": rng.randrange(0, 20, 2)},
            )
            done += 1 + take_offers(decide(state, arrival, Instant(now)), state, now, engaged)
            if len(engaged) > 900:
                found, agent = engaged.pop(rng.randrange(len(engaged)))
                ended = decide(state, commands.End(found, agent), Instant(now))
                done += 1 + take_offers(ended, state, now, engaged)
        seconds = time.process_time() - begun
    assert next_deadline(state) is not None
    return Figure(
        "matching.core_decisions_per_s",
        done / seconds,
        "decisions/s",
        0,
        at_most=False,
        note="core.decide with everything it does, 1,000 agents, 20 rules in CEL; no target",
    )
