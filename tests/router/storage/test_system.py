"""The machine's clock as the router sees it, and its random ids."""

import itertools

from router.storage.system import RandomIds, SystemClock

_MS = 1_000_000


class Sources:
    """Two clocks a test sets by hand, in milliseconds."""

    def __init__(self) -> None:
        self.wall = 1_700_000_000_000
        self.monotonic = 50_000

    def clock(self) -> SystemClock:
        return SystemClock(lambda: self.wall * _MS, lambda: self.monotonic * _MS)

    def pass_ms(self, passed: int) -> None:
        self.wall += passed
        self.monotonic += passed


def test_it_tells_the_wall_clock_in_milliseconds() -> None:
    sources = Sources()
    clock = sources.clock()
    assert clock.now() == 1_700_000_000_000
    sources.pass_ms(1_234)
    assert clock.now() == 1_700_000_001_234


def test_it_never_runs_backwards_and_hardly_slower_when_the_wall_clock_is_set_back() -> None:
    sources = Sources()
    clock = sources.clock()
    before = clock.now()
    sources.wall -= 3_600_000
    seen = [clock.now()]
    for _ in range(100):
        sources.pass_ms(1_000)
        seen.append(clock.now())
    assert seen[0] == before
    steps = [later - earlier for earlier, later in itertools.pairwise(seen)]
    assert all(995 <= step <= 1_000 for step in steps)


def test_a_small_difference_is_crept_up_on_until_it_is_gone() -> None:
    sources = Sources()
    clock = sources.clock()
    sources.wall += 4_000
    for _ in range(1_000):
        sources.pass_ms(1_000)
        clock.now()
    assert clock.now() == sources.wall


def test_after_the_machine_slept_it_is_right_at_once() -> None:
    sources = Sources()
    clock = sources.clock()
    sources.wall += 8 * 3_600_000
    assert clock.now() == sources.wall


def test_ids_are_128_random_bits_in_hexadecimal() -> None:
    ids = {RandomIds().new() for _ in range(1_000)}
    assert len(ids) == 1_000
    assert all(len(name) == 32 and int(name, 16) >= 0 for name in ids)
