"""A setting that nobody reads promises what does not happen: each is looked up in the code."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from channels.api import discover
from config import settings_types
from config.settings_types import Plain, Settings, WebListener
from tests.architecture.sources import ROOT

DECLARING = {"settings_types.py", "settings_checks.py", "settings_replies.py", "defaults.py"}
"""Where settings are declared, checked and filled in: reading one there gives it no effect."""

SECTIONS: dict[type[Plain], frozenset[str]] = {
    settings_types.SiteSettings: frozenset({"site"}),
    WebListener: frozenset({"listener", "desk", "widget"}),
    settings_types.StorageSettings: frozenset({"storage", "settings"}),
    settings_types.SecretSettings: frozenset({"secrets"}),
    settings_types.LimitSettings: frozenset({"limits"}),
    settings_types.UserPolicy: frozenset({"users"}),
    settings_types.RecordingSettings: frozenset({"recordings"}),
    settings_types.LogSettings: frozenset({"log", "settings"}),
    settings_types.MetricsSettings: frozenset({"metrics"}),
    settings_types.SpeechSettings: frozenset({"settings", "speech"}),
    settings_types.EgressSettings: frozenset({"egress"}),
    settings_types.Reply: frozenset({"reply", "canned", "each"}),
    Settings: frozenset({"settings", "loaded", "former"}),
}
"""Each section, and what the code calls a value of it: only ``owner.field`` counts as reading."""


def reads(path: Path) -> Iterator[tuple[str, str]]:
    """Every ``owner.field`` that a file reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
            owner = node.value
            if isinstance(owner, ast.Attribute):
                yield owner.attr, node.attr
            elif isinstance(owner, ast.Name):
                yield owner.id, node.attr


def code() -> Iterator[Path]:
    """The files that run a centre."""
    for folder in ("agent_desktop", "channels", "config", "ivr", "reporting", "router"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            if path.name not in DECLARING and "node_modules" not in path.parts:
                yield path


EVERYWHERE = {pair for path in code() for pair in reads(path)}


def properties(section: type[Plain]) -> dict[str, set[str]]:
    """What each property of a section reads of the section itself."""
    declared = ROOT / "config" / "settings_types.py"
    tree = ast.parse(declared.read_text(encoding="utf-8"))
    owner = next(
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name == section.__name__
    )
    return {
        member.name: {
            node.attr
            for node in ast.walk(member)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == "self"
        }
        for member in owner.body
        if isinstance(member, ast.FunctionDef)
    }


def unread(section: type[Plain], owners: frozenset[str]) -> list[str]:
    """The fields of a section that nobody reads, directly or by a property somebody reads."""
    read = {field for owner, field in EVERYWHERE if owner in owners}
    made = properties(section)
    while more := set().union(*(made[name] for name in made.keys() & read)) - read:
        read |= more
    return [field for field in section.__struct_fields__ if field not in read]


@pytest.mark.parametrize("section", SECTIONS, ids=lambda section: section.__name__)
def test_every_setting_of_the_process_has_a_reader(section: type[Plain]) -> None:
    assert unread(section, SECTIONS[section]) == []


def test_every_section_is_looked_at() -> None:
    """A new section cannot stay out of this test."""
    here = {
        kind
        for kind in vars(settings_types).values()
        if isinstance(kind, type) and issubclass(kind, Plain) and kind is not Plain
    }
    parts = {
        settings_types.DeskSettings,
        settings_types.WidgetSettings,
        settings_types.Sections,
        settings_types.ReplyText,
    }
    # Flows are read by the self-service of calls, whose checker takes them as whole tables.
    assert here - parts - {settings_types.FlowSettings} == set(SECTIONS)


def test_a_setting_nobody_reads_would_be_found() -> None:
    class Forgotten(Plain, frozen=True):
        folder: Path
        forgotten: bool = False

    Forgotten.__name__ = "StorageSettings"
    assert unread(Forgotten, frozenset({"storage"})) == ["forgotten"]


@pytest.mark.parametrize("name", sorted(discover()))
def test_every_setting_of_a_channel_has_a_reader(name: str) -> None:
    """Within the channel's own folder, outside the module that declares its settings."""
    spec = next(each for each in discover().values() if each.name == name)
    folder = ROOT.joinpath(*spec.settings.__module__.split(".")[:-1])
    found = {
        field
        for path in sorted(folder.rglob("*.py"))
        if path.name != "settings.py"
        for _, field in reads(path)
    }
    declared = reads(folder / "settings.py") if (folder / "settings.py").is_file() else ()
    found |= {field for owner, field in declared if owner == "self"}
    assert [field for field in all_fields(spec.settings) if field not in found] == []


def all_fields(kind: type[msgspec.Struct]) -> list[str]:
    """The fields of a structure and of those within it."""
    fields: list[str] = []
    seen: set[object] = set()

    def look(one: object) -> None:
        if isinstance(one, type) and issubclass(one, msgspec.Struct) and one not in seen:
            seen.add(one)
            for field in msgspec.structs.fields(one):
                fields.append(field.name)
                look(field.type)
        for argument in getattr(one, "__args__", ()):
            look(argument)

    look(kind)
    return fields
