"""What a worker that reads hostile bytes can still do: compute, within bounds, and nothing else.

Linux only, by the standard library and ``prctl`` / ``unshare`` of the C library. Each step that
needs rights the process does not have is left out and reported, never silently assumed.
"""

import ctypes
import os
import resource
import signal

import msgspec

_CLONE_NEWUSER = 0x10000000
_CLONE_NEWNET = 0x40000000
_CLONE_NEWIPC = 0x08000000
_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38
_NOBODY = 65_534
_DESCRIPTORS = 65_536
MEBIBYTE = 1_048_576


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one worker may use: memory as address space, processor time, time by the clock."""

    memory_bytes: int = 256 * MEBIBYTE
    cpu_s: int = 5
    wall_s: float = 6


class Isolation(msgspec.Struct, frozen=True):
    """What could be taken away. ``network``: no network device is reachable; ``account``: runs
    as nobody; ``privileges``: no program it starts can gain rights."""

    network: bool = False
    account: bool = False
    privileges: bool = False


def isolate() -> Isolation:
    """Take network and rights from this process and all it forks; says what worked.

    Called once, single-threaded, before any byte from outside is read.
    """
    library = ctypes.CDLL(None, use_errno=True)
    privileges = library.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    root = os.geteuid() == 0
    flags = _CLONE_NEWNET | _CLONE_NEWIPC
    network = library.unshare(flags if root else flags | _CLONE_NEWUSER) == 0
    account = _become_nobody() if root else True
    library.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    return Isolation(network=network, account=account, privileges=privileges)


def _become_nobody() -> bool:
    try:
        os.setgroups([])
        os.setresgid(_NOBODY, _NOBODY, _NOBODY)
        os.setresuid(_NOBODY, _NOBODY, _NOBODY)
    except OSError:
        return False
    return True


def confine(bounds: Bounds, keep: int) -> int:
    """Bound this process and close every descriptor but ``keep``, which becomes number 3.

    After it no file, socket or process can be made: whatever reading needs must be imported
    before. Memory, processor time and the clock end the process when they run out.
    """
    if keep != 3:
        os.dup2(keep, 3)
    os.closerange(4, _DESCRIPTORS)
    # The order matters: a descriptor limit of 4 leaves 0 to 3 open and lets nothing else be.
    limits = {
        resource.RLIMIT_AS: bounds.memory_bytes,
        resource.RLIMIT_CPU: bounds.cpu_s,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_NOFILE: 4,
    }
    signal.signal(signal.SIGXCPU, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    for kind, value in limits.items():
        resource.setrlimit(kind, (value, value))
    signal.setitimer(signal.ITIMER_REAL, bounds.wall_s)
    return 3
