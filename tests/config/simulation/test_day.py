"""A simulated day: what happens in it, whatever its size."""

from pathlib import Path

import pytest

from config.simulation.day import SimulatedDay
from config.simulation.scenario import read_scenario
from reporting.states import AgentStates

MANY_AT_ONCE = """
[scenario]
length = "10 min"

[arrivals.calls]
rate = 360
service = { kind = "uniform", low = "5 s", high = "5 min" }

[staff.front]
count = 20
queues = ["calls"]

[queue.calls]
wrap_up = { voice = { mode = "none" } }

[rules]
default_queue = "calls"
"""


def test_a_conversation_may_outlast_any_number_of_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A running history looks up what began long ago; a day has nothing to look it up in."""
    assert AgentStates.__init__.__kwdefaults__ is not None
    monkeypatch.setitem(AgentStates.__init__.__kwdefaults__, "starts_kept", 1)
    path = tmp_path / "scenario.toml"
    path.write_text(MANY_AT_ONCE, encoding="utf-8")
    day = SimulatedDay(read_scenario(path), "1/0").run()
    assert len(day.engagements) > 30
    assert all(row.ended_at is not None and row.talk_ms > 0 for row in day.engagements)
    assert day == SimulatedDay(read_scenario(path), "1/0").run()
