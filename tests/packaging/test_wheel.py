"""The wheel holds everything that runs, the built pages too, and nothing else."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, tracked

PAGES = ("agent_desktop/static/index.html", "channels/chat/static/widget.js")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    for path in tracked():
        copied = source / path.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copied)
    for name in (*PAGES, "agent_desktop/web/node_modules/package/index.js"):
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text("built")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(command, cwd=source, check=True, timeout=120, capture_output=True)
    [made] = folder.glob("*.whl")
    return made


def test_the_wheel_holds_every_module_and_file_that_runs(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    wanted = {
        name
        for path in tracked()
        if (name := path.relative_to(ROOT).as_posix()).split("/")[0] in PACKAGES
        and not name.startswith(("agent_desktop/web/", "channels/chat/web/"))
    }
    assert wanted - held == set()
    assert set(PAGES) <= held


def test_the_wheel_holds_nothing_that_only_develops(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        tops = {name.split("/")[0] for name in archive.namelist()}
        sources = [name for name in archive.namelist() if "/web/" in name]
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)
    assert sources == []


def test_the_command_runs_from_the_wheel_alone(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "installed")
    code = "import config.main; print(config.__file__); config.main.main(['check', '--help'])"
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "installed")},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    first, *usage = done.stdout.splitlines()
    assert Path(first).is_relative_to(tmp_path / "installed")
    assert usage[0].startswith("usage: carillon check")
