"""Changing TOML texts in place: what is not changed keeps its comments and its layout.

``tomlkit`` does the editing. Each result is parsed again by ``tomllib`` and compared with what was
wanted; where they differ the file is written anew, without its comments but right.
"""

import tomllib
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Item, Table

from router.model.errors import InvalidInput

FILES: dict[str, str] = {
    "agent": "agents.toml",
    "conversation": "conversations.toml",
    "flow": "flows.toml",
    "holidays": "hours.toml",
    "hours": "hours.toml",
    "look_up": "look_ups.toml",
    "media": "agents.toml",
    "not_ready": "agents.toml",
    "plan": "plans.toml",
    "priority": "queues.toml",
    "queue": "queues.toml",
    "reply": "replies.toml",
    "rule": "rules.toml",
    "rules": "rules.toml",
    "skill": "skills.toml",
    "team": "teams.toml",
}
"""The file a section goes to when it stands in none yet."""

_TABLE_LISTS = frozenset({"step", "exception", "rule"})
"""Lists that are written as ``[[tables]]``; all others as inline ones."""


def put_table(
    texts: Mapping[str, str], section: str, name: str, table: Mapping[str, Any]
) -> dict[str, str]:
    """The texts with ``[section.name]`` being this table; only the changed file is in the answer.

    Raises InvalidInput when the file cannot be parsed.
    """
    file = _file_of(texts, section, name)
    return {file: _changed(texts.get(file, ""), lambda tree: _set(tree, section, name, table))}


def remove_table(texts: Mapping[str, str], section: str, name: str) -> dict[str, str]:
    """The texts without ``[section.name]``; raises InvalidInput when there is none."""
    file = _file_of(texts, section, name)

    def remove(tree: Any) -> None:
        if section not in tree or name not in tree[section]:
            raise InvalidInput(f"there is no {section} named {name!r}", field=f"{section}.{name}")
        del tree[section][name]

    return {file: _changed(texts.get(file, ""), remove)}


def put_section(texts: Mapping[str, str], section: str, value: Any) -> dict[str, str]:
    """The texts with a whole section (``rules``, ``rule``) being this value."""
    file = _file_of(texts, section, None)

    def put(tree: Any) -> None:
        _put(tree, section, value)

    return {file: _changed(texts.get(file, ""), put)}


def written_out(sections: Mapping[str, Any]) -> dict[str, str]:
    """Whole sections as new files, in the files they go to."""
    trees: dict[str, dict[str, Any]] = {}
    for section, value in sections.items():
        trees.setdefault(FILES[section], {})[section] = value
    return {file: _fresh(tree) for file, tree in trees.items()}


def _file_of(texts: Mapping[str, str], section: str, name: str | None) -> str:
    """Where the table stands, else where its section stands, else where it belongs."""
    near = ""
    for file in sorted(texts):
        if "/" in file:
            continue
        try:
            tree = tomllib.loads(texts[file])
        except tomllib.TOMLDecodeError as error:
            raise InvalidInput(f"{file} is not valid TOML: {error}", field=file) from error
        if section in tree:
            if name is None or (isinstance(tree[section], dict) and name in tree[section]):
                return file
            near = near or file
    return near or FILES[section]


def _changed(text: str, change: Callable[[Any], None]) -> str:
    """The text after a change of its tree."""
    wanted = tomllib.loads(text)
    change(wanted)
    _drop_empty(wanted)
    try:
        document = tomlkit.parse(text)
        change(document)
        _drop_empty(document)
        edited = _tidy(document.as_string())
        if tomllib.loads(edited) == wanted:
            return edited
    except (TOMLKitError, ValueError, KeyError, TypeError, AttributeError, IndexError):
        # tomlkit refuses some layouts (a section in several pieces): then write it anew.
        pass
    return _fresh(wanted)


def _set(tree: Any, section: str, name: str, table: Mapping[str, Any]) -> None:
    if section not in tree:
        tree[section] = {} if isinstance(tree, dict) and not _is_kit(tree) else _super_table()
    _put(tree[section], name, table)


def _put(tree: Any, key: str, value: Any) -> None:
    """Set a value, changing within what is there as little as needed."""
    if not _is_kit(tree):
        tree[key] = value
        return
    old = tree.get(key)
    if old is not None and _plain(old) == value:
        return
    if isinstance(old, MutableMapping) and isinstance(value, Mapping):
        for gone in [each for each in old if each not in value]:
            del old[gone]
        for each, part in value.items():
            _put(old, each, part)
    elif isinstance(old, AoT) and isinstance(value, list) and value:
        _put_tables(old, value)
    else:
        tree[key] = _item(key, value)


def _put_tables(old: AoT, value: list[Any]) -> None:
    """Tables of a list keep their comments where a table of the same name is still there."""
    by_name = {str(table.get("name", "")): table for table in old if table.get("name")}
    kept = []
    for index, wanted in enumerate(value):
        table = by_name.get(str(wanted.get("name", "")))
        if table is None and not by_name and index < len(old):
            table = old[index]
        if table is None:
            kept.append(_item("", wanted))
            continue
        for gone in [each for each in table if each not in wanted]:
            del table[gone]
        for key, part in wanted.items():
            _put(table, key, part)
        kept.append(table)
    while len(old):
        del old[0]
    for table in kept:
        old.append(table)


def _item(key: str, value: Any, *, inline: bool = False) -> Item:
    if isinstance(value, Mapping):
        table: Any = tomlkit.inline_table() if inline else tomlkit.table()
        for name, part in value.items():
            nested = inline or name not in _TABLE_LISTS
            table.append(name, _item(name, part, inline=nested))
        kit: Item = table
        return kit
    if isinstance(value, list):
        if key in _TABLE_LISTS and not inline and value:
            tables = tomlkit.aot()
            for part in value:
                table = _item("", part)
                assert isinstance(table, Table)  # noqa: S101 - a mapping always makes one
                tables.append(table)
            return tables
        array = tomlkit.array()
        for part in value:
            array.append(_item("", part, inline=True))
        return array
    if isinstance(value, str) and "\n" in value and not inline:
        return tomlkit.string(value, multiline=True)
    made = tomlkit.item(value)
    assert isinstance(made, Item)  # noqa: S101 - the kit's own types promise less than it does
    return made


def _super_table() -> Table:
    return tomlkit.table(is_super_table=True)


def _is_kit(tree: Any) -> bool:
    return type(tree) is not dict


def _plain(value: Any) -> Any:
    return value.unwrap() if hasattr(value, "unwrap") else value


def _drop_empty(tree: Any) -> None:
    """A section whose last table went goes too."""
    for section in [each for each in tree if each in FILES]:
        value = tree[section]
        if isinstance(value, Mapping | list) and not len(value):
            del tree[section]


def _fresh(tree: Mapping[str, Any]) -> str:
    """A tree as a new text: a table for each name, details inline."""
    document = tomlkit.document()
    for section, value in tree.items():
        if section in FILES and section not in {"rules", "rule"} and isinstance(value, Mapping):
            above = _super_table()
            for name, table in value.items():
                above.append(name, _item(name, table))
            document.append(section, above)
        else:
            document.append(section, _item(section, value))
    return _tidy(document.as_string())


def _tidy(text: str) -> str:
    """One empty line between tables, one line end at the end, and nothing else changed."""
    lines: list[str] = []
    for line in text.split("\n"):
        comment_above = bool(lines) and lines[-1].startswith("#")
        if line.startswith("[") and lines and lines[-1].strip() and not comment_above:
            lines.append("")
        lines.append(line)
    tidy = "\n".join(lines).strip("\n") + "\n" if "".join(lines).strip() else ""
    # A line that looks like a table within a long text would get an empty line before it.
    return tidy if tomllib.loads(tidy) == tomllib.loads(text) else text
