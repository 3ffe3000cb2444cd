"""Every page of the manual can be found, and every change for users has its fragment's form."""

from __future__ import annotations

import re
from typing import Any

from mkdocs.utils.yaml import yaml_load

from tests.architecture.sources import ROOT, tracked

FRAGMENT = re.compile(r"[a-z0-9][a-z0-9.-]*\.(feature|bugfix|doc|removal|misc)\.md")


def pages_of(entry: Any) -> set[str]:
    if isinstance(entry, str):
        return {entry}
    parts = entry.values() if isinstance(entry, dict) else entry
    return {page for part in parts for page in pages_of(part)}


def test_every_page_stands_in_the_contents_of_the_manual() -> None:
    contents = yaml_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    pages = {
        path.relative_to(ROOT / "docs").as_posix()
        for path in tracked()
        if path.suffix == ".md" and path.is_relative_to(ROOT / "docs")
    }
    written = {page for page in pages if not page.startswith("changes/")}
    assert written == pages_of(contents)


def test_every_fragment_has_a_name_and_a_kind_towncrier_knows() -> None:
    odd = [
        path.name
        for path in tracked()
        if path.parent == ROOT / "docs" / "changes" and not FRAGMENT.fullmatch(path.name)
    ]
    assert odd == []
