"""A picture of a state that goes on changing shows it as it was when the picture was begun."""

from __future__ import annotations

import contextlib
from random import Random

import pytest

from router.core import Picture, decide, new_state, restore, state_digest
from router.model.commands import ChangeCatalogue, Command, SignIn, Tick
from router.model.errors import Refused
from router.model.ids import Instant
from router.state.shelves import PAGE_BYTES, Pages
from tests.simulation.player import Player
from tests.simulation.random_centre import catalogue

DECISIONS = 3_000


class Album:
    """A random centre of which one picture after the other is taken, a few records at a time."""

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a test's dice, not a secret
        self.state = new_state()
        self.player = Player(self.rng, self.state)
        self.now = 1_700_000_000_000
        self.changed = 0
        first = catalogue(self.rng)
        self.decide(ChangeCatalogue(first))
        for agent in first.agents:
            self.decide(SignIn(agent))

    def decide(self, command: Command) -> None:
        self.now += self.rng.choice((0, 10, 500, 3_000))
        with contextlib.suppress(Refused):
            self.changed += len(decide(self.state, command, Instant(self.now)).events)

    def picture(self, decisions: int, each: int) -> None:
        """Take one during so many decisions, and look at it."""
        shown = state_digest(self.state)
        picture = Picture(self.state)
        more = True
        for _ in range(decisions):
            more = more and picture.take(each)
            self.decide(Tick() if self.rng.random() < 0.1 else self.player.wish())
        while picture.take(1_000):
            pass
        picture.let_go()
        assert state_digest(restore(b"".join(picture.pages()))) == shown


@pytest.mark.parametrize("seed", range(6))
def test_whatever_happens_meanwhile_the_picture_is_of_its_moment(seed: int) -> None:
    album = Album(seed)
    taken = 0
    while taken < DECISIONS:
        during = album.rng.choice((0, 5, 40, 300))
        album.picture(during, album.rng.choice((0, 1, 3, 50)))
        taken += during + 1
    assert album.changed > DECISIONS / 2


def test_nothing_is_written_down_for_a_picture_that_was_given_up() -> None:
    album = Album(7)
    given_up = Picture(album.state)
    given_up.take(1)
    given_up.let_go()
    album.picture(100, 2)


def test_pages_joined_are_all_that_was_added() -> None:
    pages = Pages()
    words = [f"{number:04}" * 500 for number in range(1_000)]
    for word in words:
        pages.add(word)
    done = pages.done()
    assert len(done) > 5
    assert all(len(page) < PAGE_BYTES + 3_000 for page in done)
    assert b"".join(done).count(b"0999") == 500
