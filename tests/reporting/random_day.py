"""Any day of a centre: what a player who wishes anything makes of the real core, as a log."""

import contextlib
from random import Random

from router.core import State, decide, new_state, next_deadline
from router.model.commands import ChangeCatalogue, Command, SignIn, Tick
from router.model.errors import Refused
from router.model.events import Event
from router.model.ids import Instant
from tests.simulation.player import Player
from tests.simulation.random_centre import catalogue

START = 1_792_884_600_000
"""2026-10-25 01:30 in Berlin, where the hour after 02:00 comes twice on that day."""


class RandomDay:
    """The events of a random day, and the core's state behind them; one seed, one day."""

    def __init__(self, seed: int, commands: int) -> None:
        self.rng = Random(seed)  # noqa: S311 -- a test's dice, not a secret
        self.state: State = new_state()
        self.events: list[Event] = []
        self.now = Instant(START)
        player = Player(self.rng, self.state)
        first = catalogue(self.rng)
        self._do(ChangeCatalogue(first))
        for agent_id in first.agents:
            self._do(SignIn(agent_id))
        for _ in range(commands):
            self.now = Instant(self.now + self.rng.choice((0, 1, 200, 1_000, 2_500, 60_000)))
            due = next_deadline(self.state)
            self._do(Tick() if due is not None and due <= self.now else player.wish())

    def _do(self, command: Command) -> None:
        # A player wishes nonsense, too; it changes nothing.
        with contextlib.suppress(Refused):
            self.events.extend(decide(self.state, command, self.now).events)
