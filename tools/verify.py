"""Every check and every test: `.venv/bin/python -m tools.verify check | test`.

`check` runs all checks, two at a time, and shows what failed of each. `test` runs the tests of the
pages and then pytest, whose closing line is the last that is printed. The few tests that failed
beside others run once more alone.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tools import web
from tools.console import ROOT, StepFailed, run_step, say

BIN = Path(sys.executable).parent
PACKAGES = ("router", "channels", "agent_desktop", "ivr", "reporting", "config")
CHECK_DEADLINE_S = 600
PAGES_DEADLINE_S = 600
CACHE = ROOT / ".pytest_cache/v/cache/lastfailed"
MOST_AGAIN = 5
"""More failed tests than these are no matter of a loaded machine."""
_SOME_TESTS_FAILED = 1
"""Pytest's exit code when it ran to its end and tests failed."""

Check = tuple[str, Sequence[str]]


def program(name: str, *arguments: str) -> list[str]:
    """Return the command for a program that is installed in `.venv`."""
    return [str(BIN / name), *arguments]


def python_checks() -> list[Check]:
    """Return the checks of everything that is not a page; the longest first."""
    bandit = program("bandit", "-q", "-c", "pyproject.toml", "-r", *PACKAGES, "tools")
    return [
        ("types as mypy sees them", program("mypy")),
        ("types as editors see them", program("pyright", "--warnings")),
        ("layers", program("lint-imports")),
        ("lint", program("ruff", "check", "--quiet", ".")),
        ("format", program("ruff", "format", "--quiet", "--check", ".")),
        ("unsafe calls", bandit),
        ("locks", program("python", "-m", "tools.locks")),
        ("secrets", program("python", "-m", "tools.secret_scan")),
        ("manual", program("mkdocs", "build", "--quiet", "--strict")),
        ("changelog fragments", program("towncrier", "build", "--draft", "--version", "next")),
    ]


def page_checks() -> list[Check]:
    """Return the checks of every page part that is there."""
    return [
        (f"{script} of {part.relative_to(ROOT)}", web.run_script(part, script))
        for part in web.parts()
        for script in ("types", "lint")
    ]


def environment() -> dict[str, str]:
    """Return the variables checks run with: nothing may be fetched while checking."""
    _, node = web.node()
    return {
        **node,
        "PYRIGHT_PYTHON_USE_BUNDLED_PYRIGHT": "1",
        "PYRIGHT_PYTHON_IGNORE_WARNINGS": "1",
        "NO_MKDOCS_2_WARNING": "1",
        "DISABLE_MKDOCS_2_WARNING": "true",
    }


def failure_of(check: Check) -> str:
    """Run one check; returns what it printed when it failed, or nothing."""
    title, command = check
    try:
        run_step(title, command, environment=environment(), deadline_s=CHECK_DEADLINE_S, quiet=True)
    except StepFailed as failure:
        return str(failure)
    return ""


def check() -> int:
    """Run every check, whatever the others say; returns how many failed."""
    checks = [*python_checks(), *page_checks()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        failures = [text for text in pool.map(failure_of, checks) if text]
    for text in failures:
        say(f"check failed. {text}")
    say(f"{len(checks) - len(failures)} of {len(checks)} checks passed")
    return len(failures)


def test(arguments: Sequence[str]) -> int:
    """Run the tests of the pages and then pytest with these arguments; 0 only when all passed."""
    failed = 0
    for part in web.parts():
        command = web.run_script(part, "test")
        try:
            run_step(
                f"tests of {part.relative_to(ROOT)}",
                command,
                environment=environment(),
                deadline_s=PAGES_DEADLINE_S,
            )
        except StepFailed as failure:
            say(f"tests failed. {failure}")
            failed = 1
    processes = min(4, os.cpu_count() or 2)
    words = ["-n", str(processes), "--dist", "worksteal", *arguments]
    if not arguments:
        CACHE.unlink(missing_ok=True)
    code = subprocess.run(
        program("python", "-m", "pytest", *words), cwd=ROOT, check=False
    ).returncode
    if code == _SOME_TESTS_FAILED and not arguments:
        code = again_alone()
    return code or failed


def again_alone(cache: Path = CACHE) -> int:
    """Run the few tests that failed beside others once more, without neighbours, and say so.

    A journey through browsers and foreign programs can miss a deadline on a machine that is shared
    with strangers. A test that passes alone is still a defect to mend, so it is named; one that
    fails twice has failed. Returns 0 when all of them passed.
    """
    failed = _failed_tests(cache)
    if not 0 < len(failed) <= MOST_AGAIN:
        return _SOME_TESTS_FAILED
    say(f"unsteady or wrong, run once more alone: {', '.join(failed)}")
    command = program("python", "-m", "pytest", *failed)
    return subprocess.run(command, cwd=ROOT, check=False).returncode


def _failed_tests(cache: Path) -> list[str]:
    try:
        found = json.loads(cache.read_bytes())
    except (OSError, ValueError):
        return []
    return sorted(found) if isinstance(found, dict) else []


def main(arguments: list[str]) -> int:
    """Run what the first argument names; what follows `test` goes to pytest."""
    if arguments[:1] == ["check"]:
        return 1 if check() else 0
    if arguments[:1] == ["test"]:
        return test(arguments[1:])
    say("usage: python -m tools.verify check | test [pytest's arguments]")
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
