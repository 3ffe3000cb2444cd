"""Expected waits that keep their word: an interval, and how often such intervals held.

An answered interaction was first in line for a while; the mean of these times is what a place in
line costs. Place times that is a point, and the interval around it comes from how wrong such points
were of late (a conformal interval): nothing is assumed about arrivals or service. Until enough is
known the answer is None. Everything is integer arithmetic on the log's own facts.
"""

from router.model.explanation import ExpectedWait
from router.model.ids import Instant, Medium
from router.state.records import Expectation, Visit

HEADS_KEPT = 50
RATIOS_KEPT = 100
HITS_KEPT = 200
SAMPLES_NEEDED = 20
"""Fewer answers or fewer scored predictions than this: not known."""

_LOW, _HIGH = 7, 93
"""The percentiles of the interval. Load drifts while people wait, so these give eight in ten."""

_UNIT_MS = 1_000
"""Points below a second count as a second, and intervals are told in whole seconds."""


def point_ms(known: Expectation, position: int) -> int:
    """The predicted wait of somebody at this place in line, or -1 when not known."""
    if len(known.heads) < SAMPLES_NEEDED:
        return -1
    return max(position * sum(known.heads) // len(known.heads), _UNIT_MS)


def interval(known: Expectation, position: int) -> ExpectedWait | None:
    """The interval for this place in line with the hit rate of earlier ones, or None."""
    point = point_ms(known, position)
    if point < 0 or len(known.ratios) < SAMPLES_NEEDED:
        return None
    ranked = sorted(known.ratios)
    low = point * ranked[len(ranked) * _LOW // 100] // 1_000
    high = point * ranked[(len(ranked) - 1) * _HIGH // 100] // 1_000
    rate = sum(known.hits) / len(known.hits) if len(known.hits) >= SAMPLES_NEEDED else None
    return ExpectedWait(
        low_ms=low // _UNIT_MS * _UNIT_MS, high_ms=-(-high // _UNIT_MS) * _UNIT_MS, hit_rate=rate
    )


def of_share(expected: ExpectedWait, seats: int, seats_then: int) -> ExpectedWait:
    """The interval when a place in line is shared among another number of seats.

    It was not measured with so many, so no hit rate is claimed.
    """
    low = expected.low_ms * seats // seats_then
    high = expected.high_ms * seats // seats_then
    return ExpectedWait(low_ms=low // _UNIT_MS * _UNIT_MS, high_ms=-(-high // _UNIT_MS) * _UNIT_MS)


def predict(known: Expectation | None, visit: Visit, position: int) -> None:
    """Write down at entry what is predicted, to be scored when the wait ends."""
    if known is None:
        return
    visit.expected_ms = point_ms(known, position)
    expected = interval(known, position)
    if expected is not None:
        visit.expected_low_ms = expected.low_ms
        visit.expected_high_ms = expected.high_ms


def learn_answer(known: Expectation, visit: Visit, at: Instant) -> None:
    """An interaction of this visit was answered now: learn, and score what was predicted."""
    first_since = max(known.last_answer, visit.queued)
    _keep(known.heads, at - first_since, HEADS_KEPT)
    known.last_answer = at
    waited = at - visit.queued
    if visit.expected_ms > 0:
        _keep(known.ratios, waited * 1_000 // visit.expected_ms, RATIOS_KEPT)
    if visit.expected_high_ms >= 0:
        held = visit.expected_low_ms <= waited <= visit.expected_high_ms
        _keep(known.hits, int(held), HITS_KEPT)


def learn_abandon(known: Expectation, visit: Visit, at: Instant) -> None:
    """The customer left: an interval they outwaited was wrong; an earlier end proves nothing."""
    if 0 <= visit.expected_high_ms < at - visit.queued:
        _keep(known.hits, 0, HITS_KEPT)


def of_medium(expectations: dict[Medium, Expectation], medium: Medium) -> Expectation:
    """The medium's expectation, made when first asked for."""
    known = expectations.get(medium)
    if known is None:
        known = expectations[medium] = Expectation()
    return known


def _keep(values: list[int], value: int, most: int) -> None:
    values.append(value)
    if len(values) > most:
        del values[0]
