"""The router in simulated time gives the queueing theory's results and published ones."""

import json
import math
import os
from pathlib import Path
from statistics import NormalDist
from typing import Any

import pytest

from config.simulation.day import START, DayRows, SimulatedDay
from config.simulation.figures import (
    Estimate,
    estimates,
    population,
    ratio,
    student_quantile,
)
from config.simulation.scenario import Scenario, read_scenario
from reporting.metrics.definition import Population
from tests.support.oracles import oracle

SEED = "1"
STANDARD_ERRORS = 3.0


def exact() -> dict[str, Any]:
    """The exact results; an empty table where the folder is missing (the tests then skip)."""
    try:
        text = (oracle("queueing-exact") / "exact.json").read_text()
    except pytest.skip.Exception:
        return {"rows": [], "two_class_nonpreemptive_priority_MMn": {"rows": []}}
    found: dict[str, Any] = json.loads(text)
    return found


EXACT = exact()
ALL = bool(os.environ.get("CARILLON_ALL_ORACLES"))
"""Every exact row over longer days, where there is an hour (and ``-o faulthandler_timeout=3600``:
the slowest row takes minutes)."""
DAYS = 12
CALLS_A_DAY = 4_000 if ALL else 700
SLOWEST_CALLS = 300
"""A queue that forgets its past only after more calls than this is left for the long run."""


def memory_s(row: dict[str, Any]) -> float:
    """How long the queue takes to forget most of its past: the relaxation time of M/M/n.

    A limited queue, and one whose customers leave, cannot grow far, so they forget sooner.
    """
    service, rate, agents = row["mean_service_s"], float(row["lam_per_s"]), row["n"]
    if "mean_patience_s" in row:
        return float(max(service, row["mean_patience_s"]) / 4)
    if "K" in row:
        return float(row["K"] * service / agents)
    return float((math.sqrt(agents / service) - math.sqrt(rate)) ** -2)


def warm_up_s(row: dict[str, Any]) -> int:
    """From the empty centre of the morning to its steady state."""
    service: float = row["mean_service_s"]
    return round(10 * service + 8 * memory_s(row))


ROWS = [
    row for row in EXACT["rows"] if ALL or memory_s(row) * float(row["lam_per_s"]) <= SLOWEST_CALLS
]


def a_scenario(folder: Path, text: str) -> Scenario:
    """A scenario of this text, with one queue of calls and no wrap-up."""
    path = folder / "scenario.toml"
    path.write_text(text, encoding="utf-8")
    return read_scenario(path)


def a_queue(agents: int, rest: str = "", target_s: float = 20) -> str:
    """One queue, its agents and its rule set."""
    return f"""
[queue.calls]
target = {{ voice = "{round(target_s * 1000)} ms" }}
wrap_up = {{ voice = {{ mode = "none" }} }}
{rest}
[staff.front]
count = {agents}
queues = ["calls"]
[rules]
default_queue = "calls"
"""


def counted_s(row: dict[str, Any]) -> float:
    """How long is counted after the warm-up: many calls, and many services one after the other."""
    calls = CALLS_A_DAY / float(row["lam_per_s"])
    return float(max(calls, 40 * row["mean_service_s"]))


def stationary(row: dict[str, Any]) -> str:
    """A scenario whose days are stationary after their warm-up."""
    rate, service, warm_up = float(row["lam_per_s"]), row["mean_service_s"], warm_up_s(row)
    patience = ""
    if "mean_patience_s" in row:
        patience = f'patience = {{ mean = "{round(row["mean_patience_s"])} s" }}'
    limit = f"limit = {row['K']}" if "K" in row else ""
    return f"""
[scenario]
length = "{round(warm_up + counted_s(row))} s"
warm_up = "{warm_up} s"
[arrivals.calls]
rate = {rate * 3600}
service = {{ mean = "{round(service)} s" }}
{patience}
{a_queue(row["n"], limit, row["T_s"])}
"""


def simulated(scenario: Scenario, days: int = DAYS, name: str = "") -> list[DayRows]:
    """Some days of it. The name is part of the seed: no two queues share their chances."""
    return [SimulatedDay(scenario, f"{SEED}/{name}/{number}").run() for number in range(days)]


def populations(scenario: Scenario, days: list[DayRows]) -> list[Population]:
    """What counts of these days."""
    return [population(day, scenario.day) for day in days]


def agree(name: str, found: Estimate, wanted: float) -> None:
    """The figure lies within three of its standard errors of the exact one.

    The errors are themselves estimated from few days, so three means as many as Student's
    distribution has there for the same chance.
    """
    assert found.value is not None
    error = max(found.standard_error, 1e-9)
    off = abs(found.value - wanted) / error
    chance = 2 * NormalDist().cdf(STANDARD_ERRORS) - 1
    assert off <= student_quantile(found.days - 1, chance), (
        f"{name}: {found.value:.6g}, exact {wanted:.6g}: {off:.1f} errors"
    )


EXPECTED = {
    "asa_s": ("asa", 1_000),
    "service_level_T": ("service_level_of_offered", 1),
    "occupancy": ("occupancy", 1),
    "p_abandon": ("abandonment_rate", 1),
    "mean_wait_all_s": ("wait", 1_000),
    "served_within_T_of_offered": ("service_level_of_offered", 1),
    "mean_wait_accepted_s": ("asa", 1_000),
    "service_level_T_of_accepted": ("service_level_of_answered", 1),
}


@pytest.mark.parametrize(
    "row", ROWS, ids=lambda row: f"{row['model'][:8]}n={row['n']},{row['lam_per_s'][:6]}"
)
def test_exact_queues_are_reproduced_within_three_standard_errors(
    tmp_path: Path, row: dict[str, Any]
) -> None:
    scenario = a_scenario(tmp_path, stationary(row))
    days = simulated(scenario, name=f"{row['model']} {row['n']} {row['lam_per_s']}")
    figures = estimates(populations(scenario, days))
    for name, (metric, scale) in EXPECTED.items():
        if name in row:
            agree(name, figures[metric], row[name] * scale)
    if "p_block" in row:
        agree("p_block", blocked(scenario, days), row["p_block"])


def blocked(scenario: Scenario, days: list[DayRows]) -> Estimate:
    """The share of arrivals after the warm-up that found the queue full."""
    start = START + scenario.day.warm_up_ms
    counted = []
    for day in days:
        rows = [row for row in day.interactions if row.arrived_at >= start]
        full = sum(row.outcome == "queue_full" for row in rows)
        counted.append((full / len(rows), len(rows)))
    return ratio(counted)


@pytest.mark.parametrize(
    "row", EXACT["two_class_nonpreemptive_priority_MMn"]["rows"], ids=lambda row: f"n={row['n']}"
)
def test_two_classes_wait_as_cobham_says(tmp_path: Path, row: dict[str, Any]) -> None:
    service = row["mean_service_s"]
    high, low = (row[name] / service for name in ("erlangs_high", "erlangs_low"))
    warm_up = warm_up_s({**row, "lam_per_s": high + low})
    scenario = a_scenario(
        tmp_path,
        f"""
[scenario]
length = "{round(warm_up + CALLS_A_DAY / (high + low))} s"
warm_up = "{warm_up} s"
[arrivals.high]
address = "high"
rate = {high * 3600}
service = {{ mean = "{service} s" }}
[arrivals.low]
rate = {low * 3600}
service = {{ mean = "{service} s" }}
[priority.first]
rank = 5
{a_queue(row["n"])}
[[rule]]
name = "high"
when = 'interaction.address == "high"'
queue = "calls"
priority = "first"
""",
    )
    days = populations(scenario, simulated(scenario, name=f"two classes {row['n']}"))
    for wanted, first in ((row["mean_wait_high_s"], True), (row["mean_wait_low_s"], False)):
        waits = [
            [v.wait_ms or 0 for v in d.visits if (v.priority_class == "first") == first]
            for d in days
        ]
        found = ratio([(sum(day) / len(day), len(day)) for day in waits])
        agree("high" if first else "low", found, wanted * 1_000)


def published() -> dict[str, Any]:
    """The published models by name."""
    text = (oracle("queueing-contactcenters-umontreal") / "models.json").read_text()
    return {model["id"]: model for model in json.loads(text)["models"]}


def inside(found: Estimate, result: list[float], scale: float = 1.0) -> None:
    """Our interval and the published one are compatible."""
    value, low, high = (part * scale for part in result)
    assert found.value is not None
    assert found.low is not None
    assert found.high is not None
    combined = math.hypot((high - low) / 2, (found.high - found.low) / 2) * 1.5
    assert abs(found.value - value) <= combined, f"{found} against {value} ({low} to {high})"


def in_target(days: list[Population]) -> Estimate:
    """Calls answered in time, a day."""
    return ratio(
        [
            (
                float(sum(v.result == "answered" and (v.wait_ms or 0) <= 20_000 for v in d.visits)),
                1,
            )
            for d in days
        ]
    )


@pytest.mark.parametrize("name", ["MMC", "MMCAb", "MMCBlocked"])
def test_published_days_are_reproduced(tmp_path: Path, name: str) -> None:
    results = published()[name]["results"]
    patience = 'patience = { mean = "1 min" }' if name == "MMCAb" else ""
    limit = "limit = 5" if name == "MMCBlocked" else ""
    scenario = a_scenario(
        tmp_path,
        f"""
[scenario]
length = "8 h"
[arrivals.calls]
rate = 252
service = {{ mean = "2 min" }}
{patience}
{a_queue(12, limit)}
""",
    )
    days = populations(scenario, simulated(scenario, name=name))
    figures = estimates(days)
    inside(in_target(days), results["in_target_per_day"])
    served = results.get("service_level_good/served") or results["good/served"]
    inside(figures["service_level_of_answered"], served)
    inside(figures["occupancy"], results["occupancy"])
    if name == "MMCAb":
        inside(figures["abandoned"], results["abandoned_per_day"])


def test_a_published_centre_with_shifts_and_a_random_day_factor_is_reproduced(
    tmp_path: Path,
) -> None:
    model = published()["CallCC"]
    scenario = a_scenario(
        tmp_path,
        f"""
[scenario]
length = "13 h"
[arrivals.calls]
rates = [100, 150, 150, 180, 200, 150, 150, 150, 120, 100, 80, 70, 60]
day_factor = 10
service = {{ mean = "100 s" }}
patience = {{ mean = "1000 s", zero = 0.1 }}
[staff.front]
counts = {model["agents"]}
after = 4
queues = ["calls"]
[queue.calls]
target = {{ voice = "20 s" }}
wrap_up = {{ voice = {{ mode = "none" }} }}
[rules]
default_queue = "calls"
""",
    )
    days = populations(scenario, simulated(scenario, 4 * DAYS))
    results = model["results90"]
    inside(ratio([(float(len(day.visits)), 1) for day in days]), results["arrivals"])
    lost = [sum(v.result == "abandoned" for v in day.visits) / 1_660 for day in days]
    inside(ratio([(share, 1) for share in lost]), results["lost/1660"])
    good = [sum((v.wait_ms or 0) < 20_000 for v in day.visits) / 1_660 for day in days]
    inside(ratio([(share, 1) for share in good]), results["(wait<20 s, served or lost)/1660"])
    waits = [sum(v.wait_ms or 0 for v in day.visits) / 1_660_000 for day in days]
    inside(ratio([(wait, 1) for wait in waits]), results["sum_wait/1660 s"])
