"""Writing configuration folders for tests."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from textwrap import dedent

from config.check import Loaded, load
from router.model.ids import Medium


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """Write the files of a folder; nobody else may use them."""
    folder.mkdir(parents=True, exist_ok=True)
    os.chmod(folder, 0o700)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text).lstrip("\n"), encoding="utf-8")
        os.chmod(path, 0o600)
    return folder


def check(folder: Path, files: Mapping[str, str], **environment: str) -> Loaded:
    """Write the files, then load the folder as the program does, without its channels."""
    return load(write(folder, files), environment=environment, channels={})


def lines(loaded: Loaded) -> list[str]:
    """The mistakes as people see them."""
    return [str(mistake) for mistake in loaded.mistakes]


def warned(loaded: Loaded) -> list[str]:
    """The warnings as people see them."""
    return [str(warning) for warning in loaded.warnings]


CHAT = Medium("chat")

CENTRE = {
    "queues.toml": """
        [queue.sales]
        plan = "patient"
        hours = "office"
        target = { chat = "30 s" }

        [queue.support]
        needs = ["german >= 3"]
        """,
    "agents.toml": """
        [agent.ana]
        skills = { german = 5 }
        teams = ["south"]
        """,
    "skills.toml": """
        [skill.german]
        """,
    "teams.toml": """
        [team.south]
        queues = ["sales", "support"]
        """,
    "rules.toml": """
        [rules]
        default_queue = "sales"

        [[rule]]
        name = "problems"
        when = 'interaction.attributes.topic == "problem"'
        queue = "support"
        """,
    "plans.toml": """
        [plan.patient]

        [[plan.patient.step]]
        after = "1 min"
        raise = { credit = "30 s" }
        """,
    "hours.toml": """
        [hours.office]
        zone = "Europe/Berlin"
        workdays = ["08:00-12:00", "13:00-18:00"]
        holidays = ["berlin"]

        [holidays.berlin]
        2026-12-25 = "Christmas Day"
        """,
}
"""A small centre without mistakes or warnings."""


def with_line(file: str, old: str, new: str) -> dict[str, str]:
    """The small centre with one piece of one file changed."""
    changed = dict(CENTRE)
    assert old in changed[file]
    changed[file] = changed[file].replace(old, new)
    return changed
