"""The manual's list of everything that is recorded, made from the code when the manual is built.

A hook of mkdocs: the page says where each table goes, this module fills it in, so the page cannot
say anything else than the code does. `python -m tools.inventory` prints the tables.
"""

from __future__ import annotations

import ast
import inspect
import sys
import typing
from collections.abc import Callable, Iterator
from pathlib import Path
from types import UnionType
from typing import Any

import msgspec

from agent_desktop.permissions import TABLE
from router.model.content import Sealed
from router.model.events import Event

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("router", "channels", "ivr", "agent_desktop", "reporting", "config")
LEVELS = ("debug", "info", "warning", "error", "exception", "critical", "log")
PAGE = "inventory.md"


class LogCall(msgspec.Struct, frozen=True, order=True):
    """One line of code that writes a log record. ``fields`` has ``...`` where they are computed."""

    logger: str
    message: str
    level: str
    fields: tuple[str, ...]


def event_kinds() -> tuple[type[msgspec.Struct], ...]:
    """All kinds of events, in the order of their module."""
    return typing.get_args(Event)


def holds(kind: Any, wanted: type) -> bool:
    """Whether a field of this type may hold a value of the wanted one."""
    if isinstance(kind, UnionType) or typing.get_origin(kind) is not None:
        return any(holds(each, wanted) for each in typing.get_args(kind))
    return kind is wanted


def events_table() -> str:
    """Every event with its fields; what is sealed stands in bold."""
    lines = ["| event | fields | says |", "|---|---|---|"]
    for kind in event_kinds():
        types = typing.get_type_hints(kind)
        names = [
            f"**`{field.name}`**" if holds(types[field.name], Sealed) else f"`{field.name}`"
            for field in msgspec.structs.fields(kind)
        ]
        said = " ".join((inspect.getdoc(kind) or "").split("\n\n")[0].split())
        tag = str(kind.__struct_config__.tag)
        lines.append(f"| `{tag}` | {', '.join(names)} | {said.replace('|', '/')} |")
    return "\n".join(lines)


def log_calls() -> list[LogCall]:
    """Every line of the program that writes a log record, in order of the modules."""
    found = []
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            logger = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            found += [
                _log_call(logger.removesuffix(".__init__"), call)
                for call in _calls(ast.parse(path.read_text(encoding="utf-8")))
            ]
    return sorted(set(found))


def logs_table() -> str:
    """Every log record: where it comes from, its level, its words, its own fields."""
    lines = ["| logger | level | message | fields |", "|---|---|---|---|"]
    for call in log_calls():
        fields = ", ".join(f"`{name}`" for name in call.fields)
        message = call.message.replace("|", "/")
        lines.append(f"| `{call.logger}` | {call.level} | {message} | {fields} |")
    return "\n".join(lines)


def audit_table() -> str:
    """What leaves a line in the audit log, by permission and role."""
    lines = ["| action | is noted when done by |", "|---|---|"]
    for row in TABLE:
        roles = {
            "agent": row.agent,
            "supervisor": row.supervisor,
            "manager": row.manager,
            "administrator": row.administrator,
        }
        noted = [role for role, cell in roles.items() if "A" in cell.split()[1:]]
        if noted:
            lines.append(f"| `{row.permission}`: {row.title} | {', '.join(noted)} |")
    return "\n".join(lines)


TABLES: dict[str, Callable[[], str]] = {
    "<!-- events -->": events_table,
    "<!-- logs -->": logs_table,
    "<!-- audit -->": audit_table,
}
"""Where in the page each table goes."""


def filled(markdown: str) -> str:
    """The page with its tables."""
    for place, table in TABLES.items():
        markdown = markdown.replace(place, table())
    return markdown


def on_page_markdown(markdown: str, page: Any, **_more: Any) -> str:
    """Called by mkdocs for each page of the manual."""
    return filled(markdown) if page.file.src_uri == PAGE else markdown


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in LEVELS
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id in ("log", "logger")
        ):
            yield node


def _log_call(logger: str, call: ast.Call) -> LogCall:
    level = call.func.attr if isinstance(call.func, ast.Attribute) else ""
    given = call.args[1:] if level == "log" else call.args
    message = given[0].value if given and isinstance(given[0], ast.Constant) else "..."
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    return LogCall(
        logger,
        str(message),
        {"exception": "error", "log": "by case"}.get(level, level),
        tuple(_names(extra)),
    )


def _names(extra: ast.expr | None) -> Iterator[str]:
    if isinstance(extra, ast.Dict):
        for key in extra.keys:
            yield str(key.value) if isinstance(key, ast.Constant) else "..."
    elif extra is not None:
        yield "..."


if __name__ == "__main__":
    sys.stdout.write("\n\n".join(table() for table in TABLES.values()) + "\n")
