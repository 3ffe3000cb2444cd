"""`.venv` holds exactly what the locks name, and set-up says what it does and why it stops."""

from __future__ import annotations

import re
import shutil

import pytest

from tests.tools.conftest import SmallProject


@pytest.fixture
def prepared(project: SmallProject) -> SmallProject:
    project.lock("", project.add_wheel("bell"))
    project.lock("-dev", project.add_wheel("bell"), project.add_wheel("tuner"))
    done = project.prepare("run")
    assert done.returncode == 0, done.stderr
    return project


def test_set_up_does_what_is_needed_and_nothing_the_second_time(prepared: SmallProject) -> None:
    assert prepared.modules("bell", "tuner", "tools") == ["bell", "tools"]
    again = prepared.prepare("run")
    assert (again.returncode, again.stderr) == (0, "")

    developed = prepared.prepare("dev")
    assert "installing 2 packages from requirements-dev.lock" in developed.stderr
    # Who develops keeps the tools when running the centre.
    assert prepared.prepare("run").stderr == ""
    assert prepared.modules("bell", "tuner") == ["bell", "tuner"]

    # What no lock names any more goes.
    prepared.lock("-dev", prepared.add_wheel("gong"))
    changed = prepared.prepare("dev")
    assert changed.returncode == 0, changed.stderr
    assert "removing what no lock names: bell tuner" in changed.stderr
    assert prepared.modules("bell", "tuner", "gong") == ["gong"]

    # The interpreter it was made with was removed from the system.
    prepared.python.unlink()
    assert prepared.prepare("dev").returncode == 0
    assert prepared.modules("gong") == ["gong"]


def test_sup_1_a_package_with_other_bytes_is_refused_and_set_up_starts_over(
    prepared: SmallProject,
) -> None:
    line = prepared.add_wheel("gong")
    forged = re.sub(
        r"sha256:.", lambda found: "sha256:" + ("1" if found[0][-1] != "1" else "2"), line
    )
    prepared.lock("", forged)
    done = prepared.prepare("run")
    assert done.returncode == 1
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in done.stderr
    assert prepared.modules("gong") == []
    prepared.lock("", line)
    assert prepared.prepare("run").returncode == 0
    assert prepared.modules("gong") == ["gong"]


def test_a_copied_project_gets_an_environment_of_its_own(prepared: SmallProject) -> None:
    """Programs of an environment name its place, so a copy would run the original's."""
    copied = SmallProject(prepared.folder.with_name("copied"))
    shutil.copytree(prepared.folder, copied.folder, symlinks=True)
    done = copied.prepare("run")
    assert done.returncode == 0, done.stderr
    assert "creating .venv" in done.stderr
    pip = (copied.folder / ".venv" / "bin" / "pip").read_text()
    assert pip.startswith(f"#!{copied.folder}")


def test_a_wrong_word_is_answered_with_the_usage(project: SmallProject) -> None:
    done = project.prepare("everything")
    assert done.returncode == 2
    assert "usage: python3 -m tools.prepare run | dev | test" in done.stderr
