"""The programs of Debian that the tests speak with, installed without starting a single service."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools.console import StepFailed, run_step, say

NEEDED_BY_TESTS: dict[str, str] = {
    "baresip": "a telephone nobody here wrote registers with us, calls and is called",
    "chromium": "the agent's desk and the chat widget are tested in a real browser",
    "dovecot-imapd": "mailboxes we poll by IMAP",
    "dovecot-pop3d": "mailboxes we poll by POP3",
    "espeak-ng": "a voice that speaks prompts nobody has recorded",
    "fonts-wqy-microhei": "Chinese text has a shape on the screenshots",
    "git": "the rules about the source text ask it which files there are",
    "libmail-dkim-perl": "a reader of signatures nobody here wrote",
    "libnet-ssleay-perl": "swaks speaks TLS with it",
    "libopus0": "calls that speak Opus",
    "postfix": "a mail server nobody here wrote, on both sides of ours",
    "postgresql": "the event log and the history on a real server",
    "redis-server": "carrying and leadership between processes",
    "s-nail": "a mail client program writes to us",
    "sip-tester": "SIPp calls us and is called, exactly as its scenarios say",
    "sipvicious": "the scanner toll gangs use finds nothing here",
    "sqlite3": "the event log is read with another program than ours",
    "swaks": "an SMTP client that says exactly what we tell it",
}
"""Package -> why the tests need it."""

ANSWERS = (
    "postfix postfix/main_mailer_type select No configuration\n"
    "postfix postfix/mailname string localhost\n"
)
"""What would otherwise be asked while installing."""

POLICY = Path("/usr/sbin/policy-rc.d")
"""Debian's switch: while it exits with 101, installing a package starts no service."""


def missing(packages: dict[str, str] = NEEDED_BY_TESTS) -> list[str]:
    """Return those of the packages that are not installed, in alphabetical order.

    Raises:
        StepFailed: on a system without dpkg.
    """
    if shutil.which("dpkg-query") is None:
        raise StepFailed(
            "this is not a Debian system: install the programs behind these packages by hand, "
            "then run pytest: " + " ".join(sorted(packages))
        )
    listed = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\n", *packages],
        capture_output=True,
        text=True,
        check=False,  # It ends with 1 as soon as one package is unknown.
    ).stdout
    installed = {line.split()[0] for line in listed.splitlines() if line.endswith(" installed")}
    return sorted(set(packages) - installed)


@contextlib.contextmanager
def no_service_starts(policy: Path = POLICY) -> Iterator[None]:
    """Keep packages from starting their service; a policy that is there already is left alone."""
    if policy.exists():
        yield
        return
    policy.write_text("#!/bin/sh\nexit 101\n", encoding="ascii")
    policy.chmod(0o755)
    try:
        yield
    finally:
        policy.unlink(missing_ok=True)


def install(packages: dict[str, str] = NEEDED_BY_TESTS) -> None:
    """Install what is missing; nothing that is installed is removed and no service is started.

    Raises:
        StepFailed: without root, or when apt cannot do it; the text names the packages.
    """
    wanted = missing(packages)
    if not wanted:
        return
    if os.geteuid() != 0:
        reasons = "".join(f"\n  {name:<20} {packages[name]}" for name in wanted)
        raise StepFailed(
            f"the tests need these Debian packages, and only root can install them:{reasons}\n"
            f"Run: sudo apt-get install --no-install-recommends {' '.join(wanted)}"
        )
    say(f"installing Debian packages: {' '.join(wanted)}")
    lock = ["-o", "DPkg::Lock::Timeout=300"]
    quiet = {"DEBIAN_FRONTEND": "noninteractive", "NEEDRESTART_SUSPEND": "1"}
    run_step("reading the lists of Debian packages", ["apt-get", *lock, "update"])
    subprocess.run(["debconf-set-selections"], input=ANSWERS, text=True, check=True)
    with no_service_starts():
        run_step(
            f"installing {len(wanted)} Debian packages, without starting their services",
            ["apt-get", *lock, "install", "-y", "--no-install-recommends", "--no-remove", *wanted],
            environment=quiet,
        )
    still = missing(packages)
    if still:
        raise StepFailed(f"apt-get reported success, yet these are missing: {' '.join(still)}")
