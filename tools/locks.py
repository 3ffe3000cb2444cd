"""The locks: `python -m tools.locks` checks them, `python -m tools.locks write` writes them anew.

Every file that set-up downloads is pinned by its hash, and no lock says where it comes from: that
is the business of whoever installs (an own index, a mirror, none at all).
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

from tools.console import ROOT, run_step, say

COMPILE = (
    *(sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--python-version", "3.11"),
)

SOURCES: dict[str, tuple[str, ...]] = {
    "requirements.lock": ("pyproject.toml",),
    "requirements-dev.lock": ("pyproject.toml", "--group", "dev"),
    "requirements-build.lock": ("--group", "build", "--constraints", "requirements-dev.lock"),
    "requirements-node.lock": ("--group", "node", "--constraints", "requirements-dev.lock"),
}
"""Lock -> what it is compiled from, in the order in which they must be written."""

MINIMUM: dict[str, tuple[str, str]] = {
    "cryptography": ("46", "sealing rests on it, and its OpenSSL comes inside the wheel"),
    "jinja2": ("3.1.6", "earlier sandboxes can be left"),
    "nh3": ("0.3", "HTML of strangers is cleaned by it"),
    "pillow": ("12", "pictures of strangers are decoded by it"),
    "pyjwt": ("2.10", "earlier ones compare an issuer only in part"),
    "starlette": ("0.49", "earlier ones can be kept busy by a crafted Range header"),
    "twisted": ("25.5", "mail of strangers is read by it"),
    "websockets": ("16", "desks and chat widgets hang on it"),
}
"""Distribution -> the oldest version that may be locked, and why (SUP-1)."""


def version_key(version: str) -> tuple[int, ...]:
    """Return the leading numbers of a version, for comparing releases."""
    leading = re.match(r"\d+(\.\d+)*", version)
    return tuple(int(part) for part in leading[0].split(".")) if leading else ()


def pins(text: str) -> dict[str, tuple[str, list[str]]]:
    """Return name -> (version, SHA-256 digests) of every requirement in a Python lock."""
    found: dict[str, tuple[str, list[str]]] = {}
    for entry in re.split(r"\n(?=[^\s#])", text):
        head = re.match(r"([A-Za-z0-9][\w.-]*)(?:\[[^\]]*\])?==([^\s;\\]+)", entry)
        if head is not None:
            found[head[1].lower()] = (head[2], re.findall(r"--hash=sha256:([0-9a-f]{64})", entry))
    return found


def faults_of_python_lock(name: str, text: str) -> list[str]:
    """Return what is wrong with a Python lock: one line each, empty when all is well."""
    faults = []
    stated = text.replace("\\\n", " ")
    for number, line in enumerate(text.splitlines(), start=1):
        if "://" in line or line.lstrip().startswith(("--index", "--extra-index", "--find-links")):
            faults.append(f"{name}:{number}: names an address to download from")
    for line in stated.splitlines():
        if line.strip() and not line.lstrip().startswith(("#", "--")):
            if re.match(r"[A-Za-z0-9][\w.-]*(\[[^\]]*\])?==", line) is None:
                faults.append(f"{name}: not pinned to one version: {line.split()[0]}")
            elif "--hash=sha256:" not in line:
                faults.append(f"{name}: without a hash: {line.split()[0]}")
    for package, (version, _) in pins(text).items():
        least, reason = MINIMUM.get(package, ("", ""))
        if version_key(version) < version_key(least):
            faults.append(f"{name}: {package} {version} is older than {least}: {reason}")
    return faults


def faults_of_node_lock(name: str, text: str) -> list[str]:
    """Return what is wrong with a `package-lock.json`: addresses, or packages without a digest."""
    faults = []
    packages = json.loads(text).get("packages", {})
    for path, entry in packages.items():
        faults += [
            f"{name}: {wanted}, which {path} may need on another system, is not pinned"
            for wanted in entry.get("optionalDependencies", {})
            if f"node_modules/{wanted}" not in packages
            and f"{path}/node_modules/{wanted}" not in packages
        ]
        if path and "resolved" in entry and not entry.get("link"):
            faults.append(f"{name}: {path} names the address it was downloaded from")
        digested = str(entry.get("integrity", "")).startswith("sha512-")
        if path and not digested and not entry.get("link") and not entry.get("inBundle"):
            faults.append(f"{name}: {path} has no sha512 digest")
    return faults


def direct_dependencies() -> dict[str, list[str]]:
    """Return lock -> the names `pyproject.toml` asks for, which must all be pinned there."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = {
        "requirements.lock": project["project"]["dependencies"],
        "requirements-dev.lock": [*project["project"]["dependencies"], *groups["dev"]],
        "requirements-build.lock": groups["build"],
        "requirements-node.lock": groups["node"],
    }
    return {
        lock: [re.split(r"[\[<>=!~; ]", line)[0].lower() for line in lines]
        for lock, lines in wanted.items()
    }


def faults(root: Path = ROOT) -> list[str]:
    """Return everything that is wrong with the locks of a checkout, one line each."""
    found = []
    for lock, wanted in direct_dependencies().items():
        text = (root / lock).read_text(encoding="utf-8")
        found += faults_of_python_lock(lock, text)
        pinned = pins(text)
        found += [
            f"{lock}: {name} of pyproject.toml is not pinned; run: make locks"
            for name in wanted
            if name not in pinned
        ]
    runs = pins((root / "requirements.lock").read_text(encoding="utf-8"))
    tests = pins((root / "requirements-dev.lock").read_text(encoding="utf-8"))
    found += [
        f"requirements-dev.lock: {name} is not the version that runs; run: make locks"
        for name in runs
        if tests.get(name) != runs[name]
    ]
    for part in ("agent_desktop/web", "channels/chat/web"):
        if (root / part / "package.json").exists():
            lock = f"{part}/package-lock.json"
            found += faults_of_node_lock(lock, (root / lock).read_text(encoding="utf-8"))
    return found


def write() -> None:
    """Compile every Python lock anew, keeping the versions that still fit."""
    for lock, arguments in SOURCES.items():
        run_step(f"writing {lock}", [*COMPILE, *arguments, "-o", lock])


def main(arguments: list[str]) -> int:
    """Check the locks, or write them first; returns 1 after naming what is wrong."""
    if arguments == ["write"]:
        write()
    found = faults()
    for fault in found:
        say(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
