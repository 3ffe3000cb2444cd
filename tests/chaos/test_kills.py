"""A hundred kills under load: 0 acknowledged interactions lost, 0 doubly assigned."""

import asyncio
from pathlib import Path

from tests.chaos.kills import kill_again_and_again

KILLS = 100


def test_a_hundred_kills_under_load_lose_nothing_and_assign_nothing_twice(tmp_path: Path) -> None:
    outcome = asyncio.run(kill_again_and_again(tmp_path, KILLS, seed=20_261_122))
    assert outcome.lost == []
    assert outcome.faults == []
    assert outcome.kills == KILLS
    # The kills have met a centre at work, not an idle one.
    assert outcome.acknowledged > 20 * KILLS
    assert outcome.interactions > 5 * KILLS
