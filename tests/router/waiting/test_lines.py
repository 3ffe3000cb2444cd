"""Lines give the smallest living key, and groups compare them without sorting."""

from __future__ import annotations

from random import Random

from router.model.ids import AgentId, InteractionId, QueueName
from router.model.skills import Requirement
from router.waiting.classes import Bits, NeedClass, Squad
from router.waiting.keys import NEVER
from router.waiting.lines import Group, Line

NOBODY: frozenset[AgentId] = frozenset()


def a_group(needs: int) -> tuple[Group, list[NeedClass], Squad]:
    """A group with so many needs; the squad satisfies the even ones."""
    bits = Bits()
    queues = bits.of_queues((QueueName("main"),))
    classes = [NeedClass(number, Requirement(), queues, bits) for number in range(needs)]
    squad = Squad(0, queues)
    for need in classes[::2]:
        squad.link(need)
    group = Group(0, 1_000_000)
    group.make_room(needs)
    return group, classes, squad


def test_a_line_knows_its_head_through_any_order_of_joining_and_leaving() -> None:
    group, (need, *_), _ = a_group(1)
    line = group.open_line(need)
    rng = Random(4)  # noqa: S311 -- a test's dice
    alive: set[int] = set()
    for key in rng.sample(range(10_000), 3_000):
        line.add(key, InteractionId(str(key)))
        alive.add(key)
        if rng.random() < 0.6:
            gone = rng.choice(sorted(alive)) if rng.random() < 0.5 else min(alive)
            line.remove(gone)
            alive.discard(gone)
        assert line.head == min(alive, default=NEVER)
    assert set(line.items) == alive


def test_leavers_far_behind_are_forgotten_before_they_outnumber_the_living() -> None:
    group, (need, *_), _ = a_group(1)
    line = group.open_line(need)
    for key in range(10_000):
        line.add(key, InteractionId(str(key)))
    for key in range(9_999, 100, -1):
        line.remove(key)
    assert len(line._heap) <= 2 * len(line.items) + 65


def test_a_squad_gets_the_best_head_of_the_needs_it_satisfies() -> None:
    for needs in (4, 40, 400):
        group, classes, squad = a_group(needs)
        for number, need in enumerate(classes):
            # Odd needs, which the squad does not satisfy, all have better heads.
            key = 1_000_000 + number if number % 2 == 0 else number
            group.open_line(need).add(key, InteractionId(str(number)))
        found = group.first_for(squad, AgentId("mia"))
        assert found is not None
        assert found.head == 1_000_000


def test_a_squad_of_few_needs_among_many_is_served_from_its_own_needs() -> None:
    group, classes, squad = a_group(2_000)
    squad.need_numbers = {1_999}
    for number, need in enumerate(classes):
        group.open_line(need).add(number, InteractionId(str(number)))
    found = group.first_for(squad, AgentId("mia"))
    assert found is group.open_line(classes[1_999])
    group.open_line(classes[1_999]).remove(1_999)
    assert group.first_for(squad, AgentId("mia")) is None


def test_a_squad_that_satisfies_nothing_gets_nothing() -> None:
    group, classes, _ = a_group(1)
    group.open_line(classes[0]).add(1, InteractionId("one"))
    assert group.first_for(Squad(0, 0), AgentId("mia")) is None


def test_who_is_excluded_is_passed_over_and_others_are_not() -> None:
    group, (need, *_), squad = a_group(1)
    mia, tom = AgentId("mia"), AgentId("tom")
    guarded = group.guarded_line(need, frozenset({mia}))
    guarded.add(1, InteractionId("declined by mia"))
    group.open_line(need).add(2, InteractionId("open"))
    assert group.first_for(squad, tom) is guarded
    assert group.first_for(squad, mia) is group.open_line(need)
    guarded.remove(1)
    assert group.guarded_line(need, frozenset({mia})) is not guarded, "empty ones are forgotten"


def test_a_guarded_line_behind_the_open_ones_waits_its_turn() -> None:
    group, (need, *_), squad = a_group(1)
    group.guarded_line(need, frozenset({AgentId("mia")})).add(5, InteractionId("later"))
    group.open_line(need).add(2, InteractionId("first"))
    found = group.first_for(squad, AgentId("tom"))
    assert isinstance(found, Line)
    assert found.head == 2
