"""Starts victims: imports everything once, then forks one per line on its standard input.

Each line is the folder of a centre. The child writes its process id and port to the shared
standard output. Run as ``python -m tests.chaos.nursery``; it ends with its standard input.
"""

import asyncio
import os
import signal
import sys
from pathlib import Path

from tests.chaos.victim import Victim


def main() -> None:
    """Fork a victim for every line."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # Nobody waits for the killed ones.
    for folder in sys.stdin:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.close(sys.stdin.fileno())
            asyncio.run(Victim(Path(folder.strip())).live())
            os._exit(0)


if __name__ == "__main__":
    main()
