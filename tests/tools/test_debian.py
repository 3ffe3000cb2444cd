"""What only root can install is named; what is installed is left alone; no service starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.support.programs import as_user
from tools import debian
from tools.console import StepFailed

ABSENT = {"no-such-package-anywhere": "to be missing", "dpkg": "it is always there"}


def test_what_is_missing_is_found() -> None:
    assert debian.missing(ABSENT) == ["no-such-package-anywhere"]


def test_everything_the_tests_need_is_installed() -> None:
    assert debian.missing() == []


def test_without_root_the_packages_and_the_command_are_named() -> None:
    code = (
        "from tools import debian; from tools.console import StepFailed\n"
        "try: debian.install({'no-such-package-anywhere': 'to be missing'})\n"
        "except StepFailed as failure: print(failure)"
    )
    # The system's own Python: the one of these tests may lie where others cannot read.
    own = "/usr/bin/python3"
    program = own if Path(own).exists() else str(Path(sys.executable).resolve())
    command = [*as_user("nobody"), program, "-B", "-c", code]
    told = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert "only root can install them" in told.stdout, told.stderr
    assert "no-such-package-anywhere to be missing" in told.stdout
    assert "sudo apt-get install --no-install-recommends no-such-package-anywhere" in told.stdout


def test_services_are_kept_from_starting_even_when_installing_fails(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    with pytest.raises(StepFailed), debian.no_service_starts(policy):
        forbids(policy)
    assert not policy.exists()


def forbids(policy: Path) -> None:
    assert subprocess.run([str(policy), "redis-server", "start"], check=False).returncode == 101
    raise StepFailed("as apt-get may")


def test_an_administrators_own_policy_is_left_alone(tmp_path: Path) -> None:
    policy = tmp_path / "policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 0\n")
    with debian.no_service_starts(policy):
        pass
    assert policy.read_text() == "#!/bin/sh\nexit 0\n"
