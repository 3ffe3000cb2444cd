"""What can be said of a condition without running it on a real interaction."""

import re

import cel

RULE_NAMES = frozenset({"interaction", "customer", "clock"})
PLAN_NAMES = frozenset(
    {"position", "waiting", "available_agents", "expected_wait_ms", "interaction", "clock"}
)

_SYNTAX = re.compile(r"ERROR: <input>:\d+:(\d+): (?:Syntax error: )?([^\n]*)")


def condition_mistake(condition: str, names: frozenset[str]) -> str:
    """Why a condition cannot be used; empty when it can."""
    try:
        program = cel.compile(condition)
    except ValueError as error:
        return _in_words(str(error))
    unknown = sorted(set(program.variables()) - names)
    if unknown:
        known = ", ".join(sorted(names))
        return f'the condition knows no "{unknown[0]}"; it can use {known}'
    return ""


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


def _in_words(message: str) -> str:
    match = _SYNTAX.search(message)
    if match is None:
        return f"the condition cannot be read: {message.splitlines()[0]}"
    column, reason = match.groups()
    reason = re.sub(r" expecting \{.*", "", reason).replace("'<EOF>'", "the end")
    return f"the condition is not CEL: at its character {column}: {reason}"
