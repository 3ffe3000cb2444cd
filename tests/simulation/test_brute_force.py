"""Every pick equals the naive model's, over at least 100,000 random decisions.

Each decision's events are folded one by one into a second state. Before each offer the naive model
says from the records alone who should be offered what; at the end of each decision it must have
nothing left to offer. The seeds are printed; one seed always gives the same centre.
"""

from __future__ import annotations

from random import Random

import pytest

from router.core import (
    State,
    apply,
    decide,
    effects_of,
    new_state,
    next_deadline,
    restore,
    snapshot,
    state_digest,
)
from router.model.commands import ChangeCatalogue, Command, SignIn, Tick
from router.model.effects import Effect
from router.model.errors import Refused
from router.model.events import Offered
from router.model.ids import Instant
from router.model.interaction import OfferKind
from tests.simulation import invariants
from tests.simulation.naive import next_offer, refusals
from tests.simulation.player import Player
from tests.simulation.random_centre import catalogue

SEEDS = range(30)
DECISIONS = 5_000
START = 1_700_000_000_000


class Comparison:
    """A random centre beside the naive model.

    Every so often the decision is made once more by a state restored from a snapshot: it must be
    the same to the last word. A refused command must leave no trace.
    """

    def __init__(self, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 -- a test's dice, not a secret
        self.state = new_state()
        self.shadow: State = new_state()
        self.player = Player(self.rng, self.state)
        self.now = START
        self.offers = 0
        self.refused = 0
        self.closed = invariants.AfterClosed()
        first = catalogue(self.rng)
        self.decide(ChangeCatalogue(first))
        for agent_id in first.agents:
            self.decide(SignIn(agent_id))

    def decide(self, command: Command) -> None:
        # After a restart a plan's steps that did not hold are asked again at once, so ticks differ.
        again = self.rng.random() < 0.02 and not (
            isinstance(command, Tick) and self.state.timers.asked
        )
        before = snapshot(self.state) if again else None
        try:
            decision = decide(self.state, command, Instant(self.now))
        except Refused:
            self.refused += 1
            assert before is None or snapshot(self.state) == before
            return
        if before is not None:
            restored = restore(before)
            assert decide(restored, command, Instant(self.now)).events == decision.events
            assert snapshot(restored) == snapshot(self.state)
        effects: list[Effect] = []
        for event in decision.events:
            if isinstance(event, Offered) and event.kind is OfferKind.QUEUE:
                self.offers += 1
                expected = next_offer(self.shadow, self.now)
                assert (event.interaction_id, event.agent_id) == expected
                self.compare_explanation(event)
            apply(self.shadow, event)
            effects.extend(effects_of(self.shadow, event))
            self.closed.see(event)
        assert tuple(effects) == decision.effects, "the log alone gives the same effects"
        if decision.events:
            assert next_offer(self.shadow, self.now) is None

    def compare_explanation(self, event: Offered) -> None:
        """Everybody who is no candidate is counted once, for the first reason that holds."""
        assert event.why.candidates[0] == event.agent_id
        visit = self.shadow.interactions[event.interaction_id].visit
        assert visit is not None
        if visit.named and visit.prefer_until is not None:
            return  # Neither queue nor skills were asked for.
        expected = refusals(self.shadow, event.interaction_id)
        assert event.why.candidate_count == expected.pop("")
        assert {one.code: one.count for one in event.why.refusals} == expected

    def step(self) -> None:
        due = next_deadline(self.state)
        self.now += self.rng.choice((0, 1, 200, 1_000, 2_500))
        if due is not None and due <= self.now:
            self.decide(Tick())
        else:
            self.decide(self.player.wish())


@pytest.mark.parametrize("seed", SEEDS)
def test_every_pick_equals_the_naive_models(seed: int) -> None:
    print(f"seed {seed}")  # noqa: T201 -- shown by pytest when this fails
    centre = Comparison(seed)
    for number in range(DECISIONS):
        centre.step()
        if number % 250 == 0:
            invariants.check(centre.state)
    invariants.check(centre.state)
    assert state_digest(centre.state) == state_digest(centre.shadow)
    assert centre.offers > DECISIONS // 50, "a run without offers compares nothing"


def test_at_least_a_hundred_thousand_decisions_are_compared() -> None:
    assert len(SEEDS) * DECISIONS >= 100_000
