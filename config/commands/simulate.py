"""Simulate a scenario: the production core on a virtual clock, with all figures at the end.

Exit code 0: it ran. 1: the scenario has mistakes, or the core broke a promise. The same seed gives
the same days, event for event.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from config.simulation.day import Broken, DayRows, SimulatedDay
from config.simulation.figures import Estimate, estimates, population, ratio, simulated
from config.simulation.scenario import Scenario, read_scenario
from reporting.metrics.definition import Unit
from router.model.errors import InvalidInput


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon simulate``."""
    parser.add_argument("scenario", type=Path, help="the scenario's file (TOML)")
    parser.add_argument("--seed", type=int, default=1, help="what makes the days repeatable")
    parser.add_argument("--days", type=int, default=None, help="how many days (else the file's)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """Simulate and print."""
    try:
        scenario = read_scenario(arguments.scenario)
    except InvalidInput as error:
        sys.stderr.write(f"{error.message}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{arguments.scenario}: {error.strerror}\n")
        return 1
    days = arguments.days or scenario.day.days
    found: list[DayRows] = []
    for number in range(days):
        try:
            found.append(SimulatedDay(scenario, f"{arguments.seed}/{number}").run())
        except Broken as error:
            sys.stderr.write(f"seed {arguments.seed}, day {number}: {error}\n")
            return 1
        if sys.stderr.isatty():
            sys.stderr.write(f"\rday {number + 1} of {days}")
    if sys.stderr.isatty():
        sys.stderr.write("\n")
    answer = summary(scenario, found, arguments.seed)
    sys.stdout.write(
        msgspec.json.encode(answer).decode() + "\n" if arguments.json else as_text(answer)
    )
    return 0


def summary(scenario: Scenario, days: list[DayRows], seed: int) -> dict[str, Any]:
    """Everything about these days, as plain data."""
    figures = estimates([population(day, scenario.day) for day in days])
    return {
        "title": scenario.day.title,
        "seed": seed,
        "days": len(days),
        "events": sum(day.events for day in days),
        "version": scenario.catalogue.version,
        "digest": days[-1].digest,
        "arrivals": ratio([(float(len(day.interactions)), 1) for day in days]),
        "outcomes": outcomes(days),
        "figures": figures,
        "definitions": {
            name: {"formula": m.formula, "unit": m.unit.value, "version": m.version}
            for name, m in simulated().items()
        },
    }


def outcomes(days: list[DayRows]) -> dict[str, Estimate]:
    """How interactions ended, a day."""
    counts = [Counter(row.outcome or "open" for row in day.interactions) for day in days]
    names = sorted({name for count in counts for name in count})
    return {name: ratio([(float(count[name]), 1) for count in counts]) for name in names}


def as_text(answer: dict[str, Any]) -> str:
    """A table for people: value and 95 % interval; durations in seconds, shares in per cent."""
    lines = [f"{answer['title'] or 'scenario'}: {answer['days']} days, seed {answer['seed']}"]
    lines += [f"  {'arrivals a day':38}{_words(answer['arrivals'], Unit.COUNT)}"]
    for name, estimate in answer["outcomes"].items():
        lines.append(f"  {'ended as ' + name:38}{_words(estimate, Unit.COUNT)}")
    for name, metric in simulated().items():
        lines.append(f"  {name:38}{_words(answer['figures'][name], metric.unit)}")
    return "\n".join([*lines, f"  {answer['events']} events", ""])


def _words(estimate: Estimate, unit: Unit) -> str:
    if estimate.value is None:
        return "-"
    scale, suffix = {
        Unit.COUNT: (1.0, ""),
        Unit.SHARE: (100.0, " %"),
        Unit.DURATION_MS: (0.001, " s"),
    }[unit]
    text = f"{estimate.value * scale:12.3f}{suffix}"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text}   {estimate.low * scale:.3f} to {estimate.high * scale:.3f}"
