"""The bill of materials: `python -m tools.materials [FILE]` writes what the product is made of.

CycloneDX 1.5 as JSON, from the locks alone, so that it can be made and checked without a network:
every Python and Node package with its version and the digests set-up compares, and Debian's
libraries that are loaded where they are installed (SUP-2, attack 40).
"""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

from tools.console import ROOT, say
from tools.locks import pins

LOADED: dict[str, tuple[str, str]] = {
    "libopus.so.0": ("libopus0", "sound of calls, loaded by the media nodes where it is installed"),
}
"""Library as it is loaded -> its Debian package and what for; its version is the system's."""
WHERE = ROOT / "build" / "materials.json"

Component = dict[str, Any]


def python_components(lock: str) -> list[Component]:
    """Every package of a Python lock."""
    text = (ROOT / lock).read_text(encoding="utf-8")
    return [
        {
            "type": "library",
            "name": name,
            "version": version,
            "purl": f"pkg:pypi/{name}@{version}",
            "hashes": [{"alg": "SHA-256", "content": digest} for digest in digests],
        }
        for name, (version, digests) in sorted(pins(text).items())
    ]


def node_components(lock: Path) -> list[Component]:
    """Every package of a Node lock that is part of the pages; what only builds them is left out."""
    found = []
    for place, entry in json.loads(lock.read_text(encoding="utf-8"))["packages"].items():
        if not place or entry.get("dev") or entry.get("link"):
            continue
        name = place.rpartition("node_modules/")[2]
        algorithm, _, digest = entry["integrity"].partition("-")
        found.append(
            {
                "type": "library",
                "name": name,
                "version": entry["version"],
                "purl": f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
                "hashes": [
                    {
                        "alg": f"SHA-{algorithm.removeprefix('sha')}",
                        "content": base64.b64decode(digest).hex(),
                    }
                ],
            }
        )
    return found


def bill() -> dict[str, Any]:
    """The whole bill."""
    components = python_components("requirements.lock")
    for lock in sorted(ROOT.glob("*/web/package-lock.json")) + sorted(
        ROOT.glob("*/*/web/package-lock.json")
    ):
        components += [each for each in node_components(lock) if each not in components]
    components += [
        {"type": "library", "name": name, "description": why, "purl": f"pkg:deb/debian/{name}"}
        for name, why in LOADED.values()
    ]
    product = {"type": "application", "name": "carillon-contact-centre"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": product},
        "components": components,
    }


def main(arguments: list[str]) -> int:
    """Write the bill; returns the exit code."""
    if len(arguments) > 1 or any(each.startswith("-") for each in arguments):
        say(__doc__ or "")
        return 2
    path = Path(arguments[0]) if arguments else WHERE
    path.parent.mkdir(parents=True, exist_ok=True)
    made = bill()
    path.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    say(f"{len(made['components'])} components in {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
