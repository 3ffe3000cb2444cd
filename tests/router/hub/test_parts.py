"""The smaller parts of the hub: what is told to the operator, and the collector's manners."""

import gc
import logging
import subprocess
import sys

import pytest

from router.hub.batch import Notes
from router.hub.collector import paused


def test_a_condition_that_fails_is_told_once_and_not_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    notes = Notes(most=3)
    with caplog.at_level(logging.WARNING):
        for _ in range(100):
            notes.take("rule gold: no such field 'tier'")
        assert len(caplog.records) == 1
        assert "rule gold" in caplog.text
        for number in range(10):
            notes.take(f"rule {number}")
        # Bounded: what was forgotten meanwhile is told again.
        notes.take("rule gold: no such field 'tier'")
    assert len(caplog.records) == 12


def test_nothing_is_collected_while_a_state_is_folded_and_all_is_as_before() -> None:
    assert gc.isenabled()
    with paused():
        assert not gc.isenabled()
        with paused():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="broken"), paused():
        raise ValueError("broken")
    assert gc.isenabled()


def test_a_settled_process_does_not_walk_what_it_has_loaded() -> None:
    """In a process of its own: settling is for good."""
    program = (
        "import gc; from router.hub import settle; before = [[] for _ in range(1000)];"
        " settle(); assert gc.get_freeze_count() > 1000; assert gc.isenabled();"
        " ring = []; ring.append(ring); del ring; assert gc.collect() >= 1"
    )
    done = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)  # noqa: S603 - our own words
    assert done.returncode == 0
