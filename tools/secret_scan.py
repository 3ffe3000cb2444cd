"""Looks for secrets in tracked files: `python -m tools.secret_scan`; ends with 1 when it finds one.

There is no list of accepted findings: a line that only looks like a secret says so beside it, with
`pragma: allowlist secret` and the reason.
"""

from __future__ import annotations

import json
import sys

from tools.console import run_step, say

COMMAND = (sys.executable, "-m", "detect_secrets", "scan")

NOISE = ("Base64HighEntropyString", "HexHighEntropyString", "IPPublicDetector")
"""Detectors that find digests, message ids and example addresses, of which there are thousands."""

LOCKS = r"(^|/)(requirements[\w-]*\.lock|package-lock\.json)$"
"""Nothing but digests in them."""

ABOUT_SECRETS = r"^(tests|docs|\.ci)/|/web/src/words/"
"""Where passwords are the subject, not a leak; keys are looked for there all the same."""

SHAPES = ("KeywordDetector", "BasicAuthDetector", "JwtTokenDetector")
"""Detectors that see a secret in how a line is written."""

REFERENCE = r"[\"'](env|file|cred):"
"""A line that names where a secret is kept, as the configuration does, holds none."""


def findings(*excluded: str, without: tuple[str, ...]) -> list[str]:
    """Return `file:line: kind` for each finding in the tracked files.

    Args:
        excluded: patterns of paths to leave out.
        without: the detectors not to use.

    Raises:
        StepFailed: when the scanner cannot run.
    """
    options = [word for name in without for word in ("--disable-plugin", name)]
    options += ["--exclude-lines", REFERENCE]
    options += [word for pattern in excluded for word in ("--exclude-files", pattern)]
    report = json.loads(run_step("looking for secrets", [*COMMAND, *options], quiet=True))
    return sorted(
        f"{path}:{found['line_number']}: {found['type']}"
        for path, entries in report["results"].items()
        for found in entries
    )


def main() -> int:
    """Name every finding; returns 1 when there is one."""
    keys = findings(LOCKS, without=(*NOISE, *SHAPES))
    words = findings(LOCKS, ABOUT_SECRETS, without=NOISE)
    found = sorted({*keys, *words})
    for line in found:
        say(f"looks like a secret: {line}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
