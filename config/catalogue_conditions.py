"""What can be said of a condition without running it on a real interaction."""

import re
import time
from collections.abc import Collection
from functools import lru_cache

import cel

from config.findings import did_you_mean
from router.conditions import TEXT_MAX, Value, Variables, check_condition
from router.plan import PLAN_VARIABLES
from router.rules import RULE_VARIABLES

RULE_NAMES = frozenset(RULE_VARIABLES)
PLAN_NAMES = frozenset(PLAN_VARIABLES)

WORST_MS = 1.0
"""A condition may take this long on the longest texts there are (IVR-3)."""

_TRIES = 5
_SYNTAX = re.compile(r"ERROR: <input>:\d+:(\d+): (?:Syntax error: )?([^\n]*)")
_UNKNOWN = re.compile(r"unknown variable '([^']*)'")
_FIELD = re.compile(r"\b(?:attributes|customer)\s*(?:\.\s*|\[\s*[\"'])([A-Za-z_]\w*)")
_LONG_TEXT = ("ab " * TEXT_MAX)[:TEXT_MAX]


@lru_cache(maxsize=16_384)
def condition_mistake(condition: str, names: frozenset[str]) -> str:
    """Why a condition cannot be used; empty when it can."""
    problems = check_condition(condition, names)
    if problems:
        return _in_words(problems[0], names)
    worst_ms = worst_case_ms(condition)
    if worst_ms > WORST_MS:
        return f"the condition takes {worst_ms:.1f} ms at worst; {WORST_MS:.0f} ms is the most"
    return ""


def worst_case_ms(condition: str) -> float:
    """CPU milliseconds of one evaluation with every text as long as texts can be."""
    fields: dict[str, Value] = dict.fromkeys(_FIELD.findall(condition), _LONG_TEXT)
    values: dict[str, Value] = {
        "interaction": {
            "medium": _LONG_TEXT,
            "address": _LONG_TEXT,
            "last_agent": _LONG_TEXT,
            "attributes": fields,
        },
        "customer": fields,
        "clock": {"hour": 23, "minute": 59, "weekday": 6, "date": "2026-12-31"},
        "position": 200_000,
        "waiting": 200_000,
        "available_agents": 10_000,
        "expected_wait_ms": 3_600_000,
    }
    variables = Variables(values)
    variables.holds(condition, "")  # compiles it
    best_ms = float("inf")
    for _ in range(_TRIES):
        start_ns = time.thread_time_ns()
        variables.holds(condition, "")
        best_ms = min(best_ms, (time.thread_time_ns() - start_ns) / 1_000_000)
        if best_ms <= WORST_MS:
            break
    return best_ms


def constant_value(condition: str) -> bool | None:
    """What a condition without any name in it always is; None when it depends on something."""
    if not condition.strip():
        return True
    try:
        program = cel.compile(condition)
        if program.variables():
            return None
        value = program.execute({})
    except (ValueError, RuntimeError, TypeError):
        return None
    return value if isinstance(value, bool) else None


def _in_words(problem: str, names: Collection[str]) -> str:
    if (match := _UNKNOWN.search(problem)) is not None:
        word = match.group(1)
        return f'the condition knows no "{word}"{did_you_mean(word, names)}'
    if (match := _SYNTAX.search(problem)) is not None:
        column, reason = match.groups()
        reason = re.sub(r" expecting \{.*", "", reason).replace("'<EOF>'", "the end")
        return f"the condition is not CEL: at its character {column}: {reason}"
    return f"the condition: {problem}"
