"""LOG-1: the manual lists all that is recorded, and cannot say anything else than the code."""

import re
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import mkdocs.config
import msgspec

from agent_desktop.permissions import GRANTS
from router.model import events
from router.model.fact import Fact
from tools import inventory

PAGE = (inventory.ROOT / "docs" / inventory.PAGE).read_text(encoding="utf-8")


@cache
def page() -> str:
    """The page as a reader of the manual has it."""
    shown = SimpleNamespace(file=SimpleNamespace(src_uri=inventory.PAGE))
    return inventory.on_page_markdown(PAGE, shown)


def rows(text: str) -> dict[str, str]:
    """The lines of tables by their first cell."""
    return {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}


def test_the_manual_is_built_with_the_tables() -> None:
    settings = mkdocs.config.load_config(str(inventory.ROOT / "mkdocs.yml"))
    hook = settings["plugins"].events["page_markdown"]
    assert any(inventory.PAGE in str(each.__globals__.get("PAGE")) for each in hook)
    assert not any(place in page() for place in inventory.TABLES)
    other = SimpleNamespace(file=SimpleNamespace(src_uri="index.md"))
    assert inventory.on_page_markdown("<!-- events -->", other) == "<!-- events -->"


def test_every_event_stands_there_with_every_field() -> None:
    shown = rows(page())
    facts = {
        kind
        for kind in vars(events).values()
        if isinstance(kind, type) and issubclass(kind, Fact) and kind is not Fact
    }
    assert set(inventory.event_kinds()) == facts
    for kind in facts:
        line = shown[f"`{kind.__struct_config__.tag}`"]
        assert kind.__doc__, kind
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in line, (kind, field.name)


def test_priv_1_words_stand_in_bold_where_they_are_sealed_and_nowhere_else() -> None:
    bold = {
        (name, field)
        for name, line in rows(inventory.events_table()).items()
        for field in re.findall(r"\*\*`(\w+)`\*\*", line)
    }
    assert bold == {("`EntryAdded/1`", "sealed")}


def test_every_log_record_stands_there() -> None:
    written = re.compile(rf"\b(?:log|logger)\.(?:{'|'.join(inventory.LEVELS)})\(")
    sources = [
        path for package in inventory.PACKAGES for path in (inventory.ROOT / package).rglob("*.py")
    ]
    count = sum(len(written.findall(path.read_text(encoding="utf-8"))) for path in sources)
    calls = inventory.log_calls()
    assert 0 < len(calls) <= count
    files_with = {
        _logger(path) for path in sources if written.search(path.read_text(encoding="utf-8"))
    }
    assert {call.logger for call in calls} == files_with
    assert [call for call in calls if call.message == "..."] == [], "a message is a literal"
    shown = page()
    for call in calls:
        assert call.message in shown


def _logger(path: Path) -> str:
    parts = path.relative_to(inventory.ROOT).with_suffix("").parts
    return ".".join(parts).removesuffix(".__init__")


def test_what_is_audited_stands_there() -> None:
    shown = rows(page())
    for (role, permission), grant in GRANTS.items():
        if grant.audited:
            line = next(line for name, line in shown.items() if name.startswith(f"`{permission}`:"))
            assert role.value in line
