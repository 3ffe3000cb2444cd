"""Runs one program and ends it when it is asked to, or when the tests it serves are gone.

`python keeper.py OWNER STOP GRACE -- PROGRAM ARGUMENT ...`: OWNER is the process id of the tests,
STOP the signal the program takes as a wish to end, GRACE the seconds it has for that. The keeper
ends with the program's own code. It waits for events, it polls nothing; so a run of the tests that
is killed leaves no server behind. Standard library only, because it starts with every program.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys


def main(arguments: list[str]) -> int:
    owner_text, stop_text, grace_text, _, *command = arguments
    told, telling = os.pipe()
    os.set_blocking(telling, False)
    signal.set_wakeup_fd(telling, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    try:
        owner = os.pidfd_open(int(owner_text))
    except ProcessLookupError:
        return 1
    # A session of its own: a program that makes children is ended together with them.
    program = subprocess.Popen(command, start_new_session=True)
    ended = os.pidfd_open(program.pid)
    ready, _, _ = select.select([told, owner, ended], [], [])
    if ended not in ready:
        program.send_signal(int(stop_text))
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.wait(float(grace_text))
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(program.pid, signal.SIGKILL)
    return abs(program.wait())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
