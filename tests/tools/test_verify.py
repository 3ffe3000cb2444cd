"""The order of checks and tests: nothing is hidden, and pytest has the last word."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tools import verify


def run_ci(folder: Path, check: str, test: str) -> tuple[int, list[str]]:
    (folder / ".ci").mkdir(exist_ok=True)
    shutil.copy(ROOT / ".ci" / "run", folder / ".ci" / "run")
    (folder / "Makefile").write_text(f"check:\n\t@{check}\ntest:\n\t@{test}\n")
    done = subprocess.run(
        [str(folder / ".ci" / "run")], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout.splitlines()


PASSED = "echo '==== 3 passed in 0.1s ===='"
FAILED = "echo '==== 1 failed in 0.1s ===='; exit 1"


@pytest.mark.parametrize(
    ("check", "test", "fails", "last"),
    [
        ("echo checked", PASSED, False, "==== 3 passed in 0.1s ===="),
        ("echo wrong; exit 1", PASSED, True, "==== 3 passed in 0.1s ===="),
        ("echo checked", FAILED, True, "==== 1 failed in 0.1s ===="),
        ("exit 1", FAILED, True, "==== 1 failed in 0.1s ===="),
    ],
)
def test_ci_runs_both_fails_when_either_does_and_ends_with_pytests_line(
    tmp_path: Path, check: str, test: str, fails: bool, last: str
) -> None:
    code, lines = run_ci(tmp_path, check, test)
    assert (code != 0) == fails
    assert lines[-1] == last


def test_a_check_that_fails_shows_what_it_printed() -> None:
    assert verify.failure_of(("bells", ["true"])) == ""
    text = verify.failure_of(("bells", ["sh", "-c", "echo out of tune; exit 1"]))
    assert text == "bells: sh ended with code 1\nout of tune"


STEADY = "def test_steady(): pass\n"
UNSTEADY = """
from pathlib import Path
def test_unsteady():
    mark = Path(__file__).with_suffix(".mark")
    first = not mark.exists()
    mark.touch()
    assert not first
"""
WRONG = "def test_wrong(): assert False\n"


def run_tests(folder: Path, tests: str) -> tuple[int, str]:
    """Run made-up tests as `make test` runs ours; returns the code and all that was printed."""
    shutil.copytree(ROOT / "tools", folder / "tools")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_made.py").write_text(tests)
    words = "from tools import verify, web; web.parts = list; raise SystemExit(verify.test([]))"
    # Made-up tests need none of the plug-ins ours have, and those take seconds to load.
    bare = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "xdist.plugin"}
    done = subprocess.run(
        [sys.executable, "-c", words],
        cwd=folder,
        env={**os.environ, **bare},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("tests", "code", "told"),
    [
        (STEADY, 0, ""),
        (STEADY + UNSTEADY, 0, "unsteady or wrong, run once more alone: tests/test_made.py::test_"),
        (STEADY + WRONG, 1, "unsteady or wrong, run once more alone: tests/test_made.py::test_w"),
        ("".join(WRONG.replace("wrong", f"wrong{each}") for each in range(6)), 1, ""),
    ],
    ids=["steady", "unsteady", "wrong", "many"],
)
def test_a_few_failed_tests_run_once_more_alone_and_are_named(
    tmp_path: Path, tests: str, code: int, told: str
) -> None:
    found, printed = run_tests(tmp_path, tests)
    assert found == code
    if told:
        assert told in printed
    else:
        assert "once more" not in printed


def test_every_target_of_make_is_explained() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = re.search(r"^\.PHONY: (.*)$", text, re.MULTILINE)
    assert phony is not None
    shown = subprocess.run(
        ["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert sorted(re.findall(r"^  make (\w+)", shown, re.MULTILINE)) == sorted(phony[1].split())


def test_an_old_python_is_told_which_one_is_needed() -> None:
    code = (
        "import sys; sys.version_info = (3, 9, 2, 'final', 0)\n"
        "from tools import prepare; sys.exit(prepare.main(['run']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11, 3.12 or 3.13, and this is 3.9" in done.stderr


def test_a_secret_in_a_tracked_file_is_found(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "tools", tmp_path / "tools")
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    scan = [sys.executable, "-m", "tools.secret_scan"]

    def told() -> subprocess.CompletedProcess[str]:
        subprocess.run(["git", "add", "-A"], cwd=tmp_path, check=True)
        return subprocess.run(scan, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert told().returncode == 0
    (tmp_path / "tests").mkdir()
    # Put together here, so that the search does not stop at this file.
    begin = "-----BEGIN RSA " + "PRIVATE KEY-----\n"
    (tmp_path / "tests" / "key.pem").write_text(f"one\n{begin}MIIE\n")
    (tmp_path / "settings.py").write_text("password" + ' = "correct horse battery"\n')
    found = told()
    assert found.returncode == 1
    assert "looks like a secret: tests/key.pem:2: Private Key" in found.stderr
    assert "looks like a secret: settings.py:1: Secret Keyword" in found.stderr
