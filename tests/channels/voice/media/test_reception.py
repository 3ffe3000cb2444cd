"""Loss, jitter and lateness, counted as RFC 3550 does."""

from __future__ import annotations

import numpy as np
import pytest

from channels.voice.media.reception import Reception


class Counted:
    def __init__(self) -> None:
        self.reception = Reception(2)
        self.reception.begin(0, 8_000)

    def packet(self, sequence: int, timestamp: int = 0, arrived_s: float = 0.0) -> None:
        self.reception.count(
            np.zeros(1, np.intp),
            np.array([sequence % 65_536], np.int64),
            np.array([timestamp % (1 << 32)], np.int64),
            np.array([arrived_s]),
        )


def test_what_is_missing_is_lost_and_what_comes_out_of_order_is_not() -> None:
    counted = Counted()
    for sequence in (65_530, 65_531, 65_533, 65_532, 65_535, 65_536, 65_538):
        counted.packet(sequence)
    figures = counted.reception.of(0)
    assert (figures.packets, figures.lost, figures.highest_sequence) == (7, 2, 65_538)
    assert figures.loss == pytest.approx(2 / 9)


def test_the_share_lost_since_the_last_report_is_in_256ths() -> None:
    counted = Counted()
    for sequence in (1, 2, 3, 4):
        counted.packet(sequence)
    assert counted.reception.fraction_lost(0) == 0
    for sequence in (6, 8):
        counted.packet(sequence)
    assert counted.reception.fraction_lost(0) == 128
    assert counted.reception.fraction_lost(0) == 0


def test_a_sender_that_begins_anew_has_lost_nothing() -> None:
    counted = Counted()
    for sequence in (100, 101, 40_000, 40_001):
        counted.packet(sequence)
    assert counted.reception.of(0).lost == 0


def test_a_steady_sender_has_no_jitter_and_an_unsteady_one_has_its_own() -> None:
    steady, unsteady = Counted(), Counted()
    for number in range(500):
        begun = (1 << 32) - 8_000 + number * 160
        steady.packet(number, begun, 5 + number * 0.02)
        unsteady.packet(number, begun, 5 + number * 0.02 + (0.004 if number % 2 else 0))
    assert steady.reception.of(0).jitter_ms < 0.01
    assert unsteady.reception.of(0).jitter_ms == pytest.approx(4, abs=0.05)
    assert unsteady.reception.jitter_ticks(0) in (31, 32)


def test_a_jump_of_the_timestamp_is_no_jitter() -> None:
    counted = Counted()
    counted.packet(1, 0, 0.0)
    counted.packet(2, 600_000_000, 0.02)
    assert counted.reception.of(0).jitter_ms == 0


def test_a_row_that_begins_anew_forgets() -> None:
    counted = Counted()
    counted.packet(1)
    counted.packet(5)
    counted.reception.begin(0, 48_000)
    assert counted.reception.of(0).packets == 0
    assert counted.reception.of(0).loss == 0.0
