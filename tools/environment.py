"""`.venv`: exactly what the hash-pinned locks name, plus this project itself, editable."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import sys
import tomllib
import venv
from pathlib import Path

from tools.console import ROOT, StepFailed, run_step, say

FOLDER = ROOT / ".venv"
PYTHON = FOLDER / "bin" / "python"
STAMP = FOLDER / "carillon-setup.json"

LOCKS: dict[str, tuple[str, ...]] = {
    "run": ("requirements-build.lock", "requirements.lock"),
    "dev": ("requirements-build.lock", "requirements-dev.lock"),
}
"""Profile -> the locks it is made of. `dev` holds everything that `run` holds."""

NODE_LOCK = "requirements-node.lock"
"""Node from a wheel, for machines that have none or an old one."""

PIP = (str(PYTHON), "-m", "pip", "--disable-pip-version-check", "--no-input")
OWN = "carillon-contact-centre"
KEPT = {OWN, "pip", "setuptools", "wheel", "uv"}
"""Distributions that may stand in `.venv` without a line in a lock."""


def normal(name: str) -> str:
    """Return a distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def locked_names(lock: Path) -> set[str]:
    """Return the names, in the form `normal` gives, of the distributions a lock pins."""
    text = lock.read_text(encoding="utf-8")
    return {normal(name) for name in re.findall(r"^([A-Za-z0-9][\w.-]*)==", text, re.MULTILINE)}


def fingerprint(profile: str) -> str:
    """Return a digest of all that decides what `.venv` must hold for this profile."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    packaging = [project["build-system"], project["project"], project["tool"]["hatch"]]
    digest = hashlib.sha256(json.dumps([sys.version, str(ROOT), packaging]).encode())
    for lock in LOCKS[profile]:
        digest.update((ROOT / lock).read_bytes())
    return digest.hexdigest()


def last_setup() -> dict[str, str]:
    """Return what the last finished set-up noted, or an empty dictionary."""
    try:
        noted = json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return noted if isinstance(noted, dict) and PYTHON.exists() else {}


def make_folder() -> None:
    """Create `.venv` with a working pip, or repair one whose interpreter is gone.

    Raises:
        StepFailed: where Debian's package python3-venv is missing.
    """
    if not PYTHON.exists():
        say("creating .venv")
        venv.create(FOLDER, with_pip=False, symlinks=True, clear=FOLDER.exists())
    try:
        run_step("looking for pip", [*PIP, "--version"], quiet=True)
    except StepFailed:
        install_pip()


def install_pip() -> None:
    """Put the pip that comes with Python into `.venv`; as root, fetch Debian's part of it first.

    Raises:
        StepFailed: without root where Debian keeps that part in a package of its own.
    """
    command = [str(PYTHON), "-m", "ensurepip", "--upgrade", "--default-pip"]
    try:
        run_step("putting pip into .venv", command)
    except StepFailed as failure:
        package = f"python3.{sys.version_info.minor}-venv"
        if os.geteuid() != 0:
            raise StepFailed(
                f"Python's ensurepip is not installed. Run: sudo apt-get install {package}"
            ) from failure
        run_step("reading the lists of Debian packages", ["apt-get", "update"])
        apt = ["apt-get", "install", "-y", "--no-install-recommends", "--no-remove", package]
        run_step(f"installing {package}", apt, environment={"DEBIAN_FRONTEND": "noninteractive"})
        run_step("putting pip into .venv", command)


def install_lock(lock: str) -> None:
    """Install every distribution a lock pins, refusing any file whose hash it does not hold."""
    count = len(locked_names(ROOT / lock))
    run_step(
        f"installing {count} packages from {lock}",
        [*PIP, "install", "--require-hashes", "--no-deps", "-r", lock],
    )


def remove_strays(profile: str) -> None:
    """Remove what no lock names, so that `.venv` on every machine holds the same."""
    allowed = set(KEPT) | locked_names(ROOT / NODE_LOCK)
    for lock in LOCKS[profile]:
        allowed |= locked_names(ROOT / lock)
    listed = json.loads(run_step("listing .venv", [*PIP, "list", "--format=json"], quiet=True))
    strays = sorted({normal(entry["name"]) for entry in listed} - allowed)
    if strays:
        run_step(
            f"removing what no lock names: {' '.join(strays)}", [*PIP, "uninstall", "-y", *strays]
        )


def ensure(profile: str) -> None:
    """Bring `.venv` to this profile; does nothing when it is there already.

    An environment made for development stays one when only `run` is asked for.
    """
    noted = last_setup()
    if noted.get("place", str(ROOT)) != str(ROOT):
        # A copy of a project: the programs in its `.venv` still name the original's place.
        shutil.rmtree(FOLDER)
    if noted.get("profile") == "dev":
        profile = "dev"
    wanted = fingerprint(profile)
    if noted.get("profile") == profile and noted.get("fingerprint") == wanted:
        return
    make_folder()
    STAMP.unlink(missing_ok=True)
    for lock in LOCKS[profile]:
        install_lock(lock)
    run_step(
        "installing this project, editable",
        [*PIP, "install", "--no-deps", "--no-build-isolation", "-e", "."],
    )
    remove_strays(profile)
    done = {"profile": profile, "fingerprint": wanted, "place": str(ROOT)}
    STAMP.write_text(json.dumps(done), encoding="utf-8")
