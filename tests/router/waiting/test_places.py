"""Positions in a queue are exact for any mix of ranks and slopes."""

from __future__ import annotations

from random import Random

from router.model.ids import Instant, Medium
from router.waiting.keys import merit, place_of, static_key
from router.waiting.places import Places, SortedKeys

CHAT = Medium("chat")


def test_sorted_keys_agree_with_a_sorted_list() -> None:
    rng = Random(1)  # noqa: S311 -- a test's dice
    keys, plain = SortedKeys(), list[int]()
    for key in rng.sample(range(100_000), 6_000):
        keys.add(key)
        plain.append(key)
        if rng.random() < 0.4:
            gone = rng.choice(plain)
            keys.remove(gone)
            plain.remove(gone)
    plain.sort()
    assert list(keys) == plain
    assert len(keys) == len(plain)
    for probe in rng.sample(range(100_000), 500):
        assert keys.below(probe) == sum(key < probe for key in plain)
    for key in list(plain):
        keys.remove(key)
    assert list(keys) == []
    assert keys.below(5) == 0


def test_positions_count_everybody_who_would_be_offered_before() -> None:
    rng = Random(2)  # noqa: S311 -- a test's dice
    places = Places()
    waiting: list[tuple[int, int, int]] = []
    for place in range(1, 400):
        rank, slope = rng.choice((0, 1)), rng.choice((0, 250_000, 1_000_000))
        key = static_key(slope, rng.randint(0, 50_000), Instant(rng.randint(0, 90_000)), place)
        places.add(rank, slope, key, CHAT)
        waiting.append((rank, slope, key))
    for now in (Instant(90_000), Instant(500_000), Instant(90_000_000)):
        by_merit = sorted(waiting, key=lambda one: (-one[0], -merit(one[2], one[1], now)))
        assert [key for _, _, key in by_merit] == list(places.in_order(now))
        for position, one in enumerate(by_merit, start=1):
            assert places.position(*one, now) == position


def test_the_oldest_is_found_after_others_left() -> None:
    places = Places()
    keys = [static_key(1_000_000, 0, Instant(place), place) for place in range(1, 300)]
    for key in keys:
        places.add(0, 1_000_000, key, CHAT)
    for key in keys[:200]:
        places.remove(0, 1_000_000, key, CHAT)
    assert places.oldest() == place_of(keys[200])
    for key in keys[200:]:
        places.remove(0, 1_000_000, key, CHAT)
    assert places.oldest() is None
    assert places.count == 0
    assert places.by_medium == {CHAT: 0}
