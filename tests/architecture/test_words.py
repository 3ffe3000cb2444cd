"""Words that must not stand in any tracked file: they would be true on one machine only."""

from __future__ import annotations

import re

from tests.architecture.sources import ROOT, text_of, tracked

# Put together here, so that this file does not contain what it forbids.
REGISTRIES = (
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "registry." + "yarnpkg",
    "deb." + "debian.org",
    "security." + "debian.org",
    "snapshot." + "debian.org",
)
HOMES = ("/" + "root/", "/" + "work/", "/" + "Users/", "/" + "home/")
HOME_OF_THE_IMAGE = re.compile(r"/home/carillon\b")
"""The one home there is: that of the user inside our own container image."""

FORBIDDEN = re.compile("|".join(re.escape(word) for word in (*REGISTRIES, *HOMES)))


def test_no_file_names_a_registry_or_a_path_of_one_machine() -> None:
    found = []
    for path in tracked():
        text = text_of(path)
        for number, line in enumerate((text or "").splitlines(), start=1):
            hit = FORBIDDEN.search(HOME_OF_THE_IMAGE.sub("", line))
            # A path is one only at the start of a word: `https://example.org/home/` is none.
            if hit and not (hit[0].startswith("/") and re.match(r"\w", line[: hit.start()][-1:])):
                found.append(f"{path.relative_to(ROOT).as_posix()}:{number}: {hit[0]}")
    assert found == []


def test_every_text_ends_with_one_newline_and_has_no_carriage_returns() -> None:
    """Captured traffic under a folder named fixtures is kept byte for byte instead."""
    kinds = {".py", ".md", ".toml", ".yml", ".yaml", ".ts", ".tsx", ".css", ".html", ".lock"}
    odd = []
    for path in tracked():
        if path.suffix not in kinds or "fixtures" in path.parts:
            continue
        data = path.read_bytes()
        if data and (b"\r" in data or not data.endswith(b"\n") or data.endswith(b"\n\n")):
            odd.append(path.relative_to(ROOT).as_posix())
    assert odd == []
