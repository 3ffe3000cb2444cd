"""The pool's picks equal those of plain loops over everything, for any mix of lines."""

from __future__ import annotations

from random import Random

import pytest

from router.model.ids import AgentId, Instant, InteractionId, QueueName, SkillName
from router.model.skills import Need, Requirement, skills_satisfy
from router.waiting.classes import Bits, Squad
from router.waiting.keys import merit, static_key
from router.waiting.lines import Line
from router.waiting.pool import Pool

QUEUES = (QueueName("q0"), QueueName("q1"))
SKILLS = [SkillName(f"s{number}") for number in range(8)]


class Waiting:
    """One who waits, as the loops see them."""

    def __init__(self, rng: Random, place: int, agents: list[AgentId]) -> None:
        self.id = InteractionId(f"i{place}")
        self.rank = rng.choice((0, 0, 0, 1))
        self.slope = rng.choice((1_000_000, 1_000_000, 250_000, 0))
        self.credit = rng.choice((0, 0, 30_000))
        self.entered = Instant(1_000 * place)
        self.place = place
        self.queues = tuple(sorted(rng.sample(QUEUES, rng.choice((1, 1, 2)))))
        chosen = rng.sample(SKILLS, rng.choice((0, 1, 2)))
        self.requirement = Requirement(all_of=tuple(Need(s, rng.randint(1, 4)) for s in chosen))
        self.only = frozenset(rng.sample(agents, 2) if rng.random() < 0.1 else ())
        self.excluded = frozenset(rng.sample(agents, 1) if rng.random() < 0.2 else ())
        self.line: Line | None = None
        self.key = static_key(self.slope, self.credit, self.entered, place)

    def order(self, now: Instant) -> tuple[int, int]:
        return -self.rank, -merit(self.key, self.slope, now)


class Loops:
    """A pool, and the same things in lists."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 -- a test's dice
        self.pool = Pool(Bits())
        self.agents = [AgentId(f"a{number:02}") for number in range(25)]
        self.skills = {
            agent: {s: self.rng.randint(1, 5) for s in SKILLS if self.rng.random() < 0.4}
            for agent in self.agents
        }
        self.queues = {
            agent: tuple(self.rng.sample(QUEUES, self.rng.choice((1, 2)))) for agent in self.agents
        }
        self.squads: dict[AgentId, Squad] = {
            agent: self.pool.squad(
                self.pool.bits.of_skills(self.skills[agent]),
                self.pool.bits.of_queues(self.queues[agent]),
            )
            for agent in self.agents
        }
        self.idle: dict[AgentId, int] = {}
        self.waiting: list[Waiting] = []
        self.turn = 0
        self.place = 0
        self.picks = 0

    def now(self) -> Instant:
        return Instant(1_000 * self.place + 500)

    def may(self, one: Waiting, agent: AgentId) -> bool:
        return (
            bool(set(one.queues) & set(self.queues[agent]))
            and agent not in one.excluded
            and (not one.only or agent in one.only)
            and skills_satisfy(one.requirement, self.skills[agent])
        )

    def arrive(self) -> None:
        self.place += 1
        one = Waiting(self.rng, self.place, self.agents)
        need = self.pool.need(one.queues, one.requirement)
        if one.only:
            found = next(iter(self.pool.named_idle(need, one.only, one.excluded)), None)
        else:
            found = self.pool.longest_idle(need, one.excluded)
            everybody = self.pool.idle_for(need, one.excluded)
            assert everybody == self.expected_agents(one)
            first = self.pool.first_idle(need, one.excluded, 3)
            assert first == everybody[: len(first)]
            assert bool(first) == bool(everybody) or len(need.idle) > 3
        expected = self.expected_agents(one)
        assert found == (expected[0] if expected else None)
        self.picks += 1
        if found is not None:
            self.pool.rouse(found)
            del self.idle[found]
        else:
            one.line = self.pool.line(need, one.rank, one.slope, one.only, one.excluded)
            one.line.add(one.key, one.id)
            self.waiting.append(one)

    def expected_agents(self, one: Waiting) -> list[AgentId]:
        able = [agent for agent in self.idle if self.may(one, agent)]
        return sorted(able, key=lambda agent: self.idle[agent])

    def free(self) -> None:
        agent = self.rng.choice(self.agents)
        if agent in self.idle:
            self.pool.rouse(agent)
            del self.idle[agent]
            return
        now = self.now()
        line = self.pool.best_line(self.squads[agent], agent, now)
        able = [one for one in self.waiting if self.may(one, agent)]
        expected = min(able, key=lambda one: one.order(now), default=None)
        self.picks += 1
        assert (line is None) == (expected is None)
        if line is not None and expected is not None:
            assert line.items[line.head] == expected.id
            self.leave(expected)
        else:
            self.turn += 1
            self.idle[agent] = self.turn
            self.pool.rest(agent, self.squads[agent], self.turn)

    def leave(self, one: Waiting) -> None:
        assert one.line is not None
        one.line.remove(one.key)
        self.pool.drop_if_empty(one.line)
        self.waiting.remove(one)


@pytest.mark.parametrize("seed", range(8))
def test_every_pick_is_the_one_that_loops_over_everything_find(seed: int) -> None:
    loops = Loops(seed)
    for _ in range(1_500):
        step = loops.rng.random()
        if step < 0.5:
            loops.arrive()
        elif step < 0.95:
            loops.free()
        elif loops.waiting:
            loops.leave(loops.rng.choice(loops.waiting))
    assert loops.picks > 1_000
    listed = {item for _, _, item in loops.pool.waiting()}
    assert listed == {one.id for one in loops.waiting}


def test_nobody_idle_is_answered_without_looking_at_anybody() -> None:
    pool = Pool(Bits())
    need = pool.need((QUEUES[0],), Requirement(all_of=(Need(SKILLS[0]),)))
    other = pool.squad(0, pool.bits.of_queues((QUEUES[0],)))
    for number in range(1_000):
        pool.rest(AgentId(f"a{number}"), other, number)
    assert need.idle == set()
    assert pool.longest_idle(need, frozenset()) is None
    assert pool.idle_matching(need) == 0


def test_an_agent_is_idle_once() -> None:
    pool = Pool(Bits())
    squad = pool.squad(0, 1)
    pool.rest(AgentId("mia"), squad, 1)
    with pytest.raises(AssertionError, match="idle once"):
        pool.rest(AgentId("mia"), squad, 2)
