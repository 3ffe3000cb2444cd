"""A small project with the real set-up tools, for which nothing has to be downloaded."""

from __future__ import annotations

import hashlib
import shlex
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tools import web

BACKEND = '''\
"""A build backend that needs nothing: an editable wheel is one line in a .pth file."""
import pathlib, zipfile

METADATA = "Metadata-Version: 2.1\\nName: carillon-contact-centre\\nVersion: 1\\n"
WHEEL = "Wheel-Version: 1.0\\nGenerator: us\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "carillon_contact_centre-1-py3-none-any.whl"
    info = "carillon_contact_centre-1.dist-info"
    with zipfile.ZipFile(pathlib.Path(wheel_directory) / name, "w") as wheel:
        wheel.writestr("own.pth", str(pathlib.Path.cwd()))
        wheel.writestr(info + "/METADATA", METADATA)
        wheel.writestr(info + "/WHEEL", WHEEL)
        wheel.writestr(info + "/RECORD", "")
    return name
'''

PROJECT = """\
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "carillon-contact-centre"
version = "1"

[tool.hatch.build.targets.wheel]
packages = []
"""


@dataclass(frozen=True)
class SmallProject:
    """A folder with `tools/`, four locks and a folder of wheels to install from."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter of its own environment."""
        return self.folder / ".venv" / "bin" / "python"

    def add_wheel(self, name: str, version: str = "1") -> str:
        """Put a distribution with one module beside it; its line for a lock."""
        path = self.folder / "wheels" / f"{name}-{version}-py3-none-any.whl"
        info = f"{name}-{version}.dist-info"
        with zipfile.ZipFile(path, "w") as wheel:
            wheel.writestr(f"{name}.py", f"VERSION = {version!r}\n")
            text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            wheel.writestr(f"{info}/METADATA", text)
            kind = "Wheel-Version: 1.0\nGenerator: us\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
            wheel.writestr(f"{info}/WHEEL", kind)
            wheel.writestr(f"{info}/RECORD", "")
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        return f"{name}=={version} \\\n    --hash=sha256:{digest}\n"

    def lock(self, kind: str, *lines: str) -> None:
        """Write one of its locks."""
        (self.folder / f"requirements{kind}.lock").write_text("".join(lines))

    def prepare(self, profile: str) -> subprocess.CompletedProcess[str]:
        """Run set-up as `make` does."""
        return self._run("-m", "tools.prepare", profile)

    def build_pages(self) -> subprocess.CompletedProcess[str]:
        """Build the pages alone, with the Node of these tests."""
        code = (
            "import sys; from tools import web; from tools.console import StepFailed\n"
            "try: web.ensure()\n"
            "except StepFailed as failure: sys.exit(str(failure))"
        )
        return self._run("-c", code)

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=200,
        )

    def modules(self, *names: str) -> list[str]:
        """Which of these modules its environment can import."""
        code = (
            "import importlib.util, sys\n"
            "print(*(name for name in sys.argv[1:] if importlib.util.find_spec(name)))"
        )
        command = [str(self.python), "-c", code, *names]
        return subprocess.run(
            command, cwd="/", capture_output=True, text=True, check=True
        ).stdout.split()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SmallProject:
    folder = tmp_path / "project"
    shutil.copytree(ROOT / "tools", folder / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "wheels").mkdir()
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(PROJECT)
    made = SmallProject(folder)
    for kind in ("", "-dev", "-build", "-node"):
        made.lock(kind)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder / "wheels"))
    monkeypatch.delenv("PIP_CONFIG_FILE", raising=False)
    # The Node this run of the tests uses, wherever it comes from, and its npm under that name.
    npm, variables = web.node()
    programs = tmp_path / "programs"
    programs.mkdir()
    (programs / "npm").write_text(f'#!/bin/sh\nexec {shlex.join(npm)} "$@"\n')
    (programs / "npm").chmod(0o755)
    if len(npm) > 1:
        monkeypatch.setenv("PATH", f"{programs}:{variables['PATH']}")
    return made
