"""``python -m tests.chaos --runs 1000 --seed 7``: kill the centre as often as asked."""

import argparse
import asyncio
import secrets
import sys
import tempfile
from pathlib import Path

import msgspec

from tests.chaos.kills import kill_again_and_again


def main() -> int:
    """Run, print the outcome, and exit 1 when anything was lost or doubly assigned."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--runs", type=int, default=1_000, help="how often to kill (1000)")
    parser.add_argument("--seed", type=int, default=secrets.randbelow(2**32), help="of the load")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="carillon-chaos-") as folder:
        outcome = asyncio.run(kill_again_and_again(Path(folder), arguments.runs, arguments.seed))
    sys.stdout.write(msgspec.json.format(msgspec.json.encode(outcome)).decode() + "\n")
    return 1 if outcome.lost or outcome.faults else 0


if __name__ == "__main__":
    sys.exit(main())
