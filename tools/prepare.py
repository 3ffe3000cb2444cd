"""Set-up, step by step: `python3 -m tools.prepare run | dev | test`.

`run` prepares a centre that starts, `dev` adds the tools of development, `test` adds Debian's
programs the tests speak with. Each may be called as often as one likes.
"""

from __future__ import annotations

import sys

SUPPORTED = ((3, 11), (3, 14))
"""The first Python that works, and the first that is not supported."""


def main(arguments: list[str]) -> int:
    """Prepare one profile; returns 0 when everything is ready, 1 after a message when not."""
    found = sys.version_info[:2]
    if not SUPPORTED[0] <= found < SUPPORTED[1]:
        sys.stderr.write(
            f"carillon: needs Python 3.11, 3.12 or 3.13, and this is {found[0]}.{found[1]}.\n"
            "Name another one: make PYTHON=/usr/bin/python3.11 ...\n"
        )
        return 1
    # Imported late: these modules need the Python that was checked for above.
    from tools import debian, environment, web
    from tools.console import StepFailed, say

    if len(arguments) != 1 or arguments[0] not in {"run", "dev", "test"}:
        say("usage: python3 -m tools.prepare run | dev | test")
        return 2
    profile = arguments[0]
    try:
        if profile == "test":
            debian.install()
        environment.ensure("run" if profile == "run" else "dev")
        web.ensure()
    except StepFailed as failure:
        say(f"set-up stopped. {failure}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
