"""Changing the configuration while it runs: checked before it is written, audited, undoable.

Every change goes the same way: the files are read, changed in memory and checked as a whole; the
audit line is written; the files are exchanged; the reload puts them in force; the version is kept
with who and why. What is wrong is told with file, line and field, and nothing is written.
"""

import asyncio
import contextlib
import re
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from agent_desktop.audit import AuditTrail
from config.check import Loaded
from config.defaults import DEMONSTRATION, default_tree, with_defaults
from config.editing import FILES, put_section, put_table, remove_table, written_out
from config.exchanging import exchange, finish
from config.findings import Mistake
from config.proposals import Change
from config.reload import Reload
from config.toml_folder import TomlFolder, read_folder
from config.versions import Versions, difference, revision_of
from router.model.commands import CloseCalendar
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.ports import Inbox

SECTIONS = frozenset(FILES) - {"rules", "rule"}
"""The sections made of named tables that the administration reads and writes."""

DEPTH_MAX = 8

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")

Edit = Callable[[Mapping[str, str]], Mapping[str, str | None]]
"""From the texts to those that change."""

Checking = Callable[[Path, Mapping[str, str]], Loaded]


class Mistaken(CarillonError):
    """The change would make the configuration wrong; nothing was written."""

    code = "mistaken"

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__(f"the change has {len(mistakes)} mistakes; nothing was written")
        self.mistakes = mistakes


class Author(msgspec.Struct, frozen=True):
    """Who changes something, as audit and history remember them."""

    user: str
    role: str
    address: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What a change led to. ``trouble`` says why it is not in force yet, if it is not."""

    revision: str
    version: str
    warnings: tuple[Mistake, ...]
    trouble: str = ""


class Administration:
    """The one writer of a configuration folder in this process.

    ``checking`` is ``load_texts`` with what the process knows (environment, channels).
    """

    def __init__(
        self,
        folder: Path,
        checking: Checking,
        reload: Reload,
        versions: Versions,
        audit: AuditTrail,
        inbox: Inbox,
    ) -> None:
        self._folder = folder
        self._checking = checking
        self._reload = reload
        self._versions = versions
        self._audit = audit
        self._inbox = inbox
        self._turn = asyncio.Lock()

    @staticmethod
    def recover(folder: Path) -> bool:
        """Before the first reading: go on with a change that a crash cut off."""
        return folder.is_dir() and finish(folder)

    async def state(self) -> dict[str, Any]:
        """What is in force, what was read last, and the revision to change it by."""
        found = await asyncio.to_thread(read_folder, self._folder)
        state = self._reload.state
        return {
            "revision": revision_of(found.texts),
            "version": state.version,
            "since": state.since,
            "mistakes": state.mistakes,
            "warnings": state.warnings,
            "trouble": state.trouble,
            "files": sorted(found.texts),
        }

    async def tables(self, section: str) -> tuple[str, dict[str, Any]]:
        """The revision and a section's tables as they are written, the defaults' included.

        ``rules`` gives ``{"rules": ..., "rule": [...]}``. Raises NotFound for another section.
        """
        found = await asyncio.to_thread(self._read)
        revision = revision_of(found.texts)
        tree = _in_force(found)
        if section == "rules":
            return revision, {"rules": tree.get("rules", {}), "rule": tree.get("rule", [])}
        if section not in SECTIONS:
            raise NotFound(f"there is no section {section!r}")
        tables = tree.get(section, {})
        return revision, tables if isinstance(tables, dict) else {}

    async def check(self, change: Change) -> tuple[Loaded, str]:
        """What a change would lead to and its unified diff, without making it."""
        edit = await self._edit(change)
        found = await asyncio.to_thread(self._read)
        texts = self._with_defaults(found, change.section)
        after = _after(texts, edit(texts))
        loaded = await asyncio.to_thread(self._checking, self._folder, after)
        return loaded, difference(found.texts, after)

    async def make(self, change: Change, *, revision: str, author: Author, why: str) -> Outcome:
        """Make, change or remove a table, or change the rules as a whole: order is their meaning.

        Raises Mistaken (also where something still refers to what goes), NotFound, Refused
        (``stale``) or StorageFailed; then nothing has changed.
        """
        edit = await self._edit(change)
        return await self._change(
            change.section, change.what, edit, revision=revision, author=author, why=why
        )

    async def restore(self, number: int, *, revision: str, author: Author, why: str) -> Outcome:
        """Put the texts of a kept version back in force, as a new version."""
        kept = await asyncio.to_thread(self._versions.show, number)
        return await self._change(
            "",
            f"version {number}",
            lambda texts: {**dict.fromkeys(texts), **kept.texts},
            revision=revision,
            author=author,
            why=why or f"version {number} restored",
        )

    async def close(self, calendar: str, *, closed: bool, author: Author, why: str) -> None:
        """Emergency closing of business hours, or its end; in force at once.

        Raises NotFound for hours unknown, and what the Inbox raises.
        """
        _, hours = await self.tables("hours")
        if calendar not in hours:
            raise NotFound(f"no hours are named {calendar!r}")
        await self._audit.record(
            "hours.close" if closed else "hours.open",
            f"hours.{calendar}",
            actor=author.user,
            role=author.role,
            address=author.address,
            reason=why,
        )
        await self._inbox.submit(CloseCalendar(calendar=calendar, closed=closed, by=author.user))

    async def _edit(self, change: Change) -> Edit:
        """A change as an edit of the texts. Raises InvalidInput, NotFound."""
        section, name = change.section, change.name
        if section == "rules" and not name:
            head = plain_table(change.table or {}, "rules")
            body = plain_table(change.rule or [], "rule")

            def put(texts: Mapping[str, str]) -> dict[str, str]:
                changed = put_section(texts, "rules", head)
                return changed | put_section({**texts, **changed}, "rule", body)

            return put
        if section not in SECTIONS:
            raise NotFound(f"there is no section {section!r}")
        if change.table is None:
            if name not in (await self.tables(section))[1]:
                raise NotFound(f"there is no {section} named {name!r}")
            return lambda texts: remove_table(texts, section, name)
        wanted = plain_table(change.table, change.what)
        return lambda texts: put_table(texts, section, name, wanted)

    async def _change(
        self,
        section: str,
        what: str,
        edit: Edit,
        *,
        revision: str,
        author: Author,
        why: str,
    ) -> Outcome:
        async with self._turn:
            found = await asyncio.to_thread(self._read)
            if revision != revision_of(found.texts):
                raise Refused("the configuration was changed by somebody else", code="stale")
            texts = self._with_defaults(found, section)
            after = _after(texts, edit(texts))
            loaded = await asyncio.to_thread(self._checking, self._folder, after)
            if loaded.mistakes:
                raise Mistaken(loaded.mistakes)
            await self._audit.record(
                "configuration.change",
                what,
                actor=author.user,
                role=author.role,
                address=author.address,
                reason=why,
                detail=difference(found.texts, after),
            )
            return await self._write(found.texts, after, loaded, author, why)

    async def _write(
        self,
        before: Mapping[str, str],
        after: dict[str, str],
        loaded: Loaded,
        author: Author,
        why: str,
    ) -> Outcome:
        writes: dict[str, str | None] = {
            name: text for name, text in after.items() if before.get(name) != text
        }
        writes.update(dict.fromkeys(before.keys() - after.keys()))
        revision = revision_of(after)
        self._versions.announce(revision, by=author.user, why=why)
        if writes:
            await asyncio.to_thread(exchange, self._folder, writes)
        state = await self._reload.reload()
        return Outcome(
            revision=revision,
            version=loaded.catalogue.version if loaded.catalogue is not None else "",
            warnings=loaded.warnings,
            trouble=state.trouble,
        )

    def _read(self) -> TomlFolder:
        found = read_folder(self._folder)
        if found.findings.mistakes:
            raise Mistaken(found.findings.mistakes)
        return found

    def _with_defaults(self, found: TomlFolder, section: str) -> dict[str, str]:
        """The texts, with the demonstration written out before its first change.

        The demonstration holds as a whole or not at all, so its first change makes it the
        folder's own; the reasons of ``not_ready`` likewise.
        """
        texts = dict(found.texts)
        defaults = default_tree()
        if section == "not_ready" and section not in found.tree:
            return texts | written_out({section: defaults[section]})
        if section not in DEMONSTRATION or DEMONSTRATION & found.tree.keys():
            return texts
        if not _lab(found):
            return texts
        new = written_out({name: defaults[name] for name in DEMONSTRATION & defaults.keys()})
        taken = new.keys() & texts.keys()
        if taken:
            raise InvalidInput(
                f"{min(taken)} is in the way of the demonstration's own; give it another name",
                field=min(taken),
            )
        return texts | new


def _after(texts: Mapping[str, str], changed: Mapping[str, str | None]) -> dict[str, str]:
    """The texts with these exchanged; None removes one."""
    return {name: text for name, text in {**texts, **changed}.items() if text is not None}


def plain_table(value: Any, field: str, depth: int = 0) -> Any:
    """A table from outside as TOML can hold it: no null, no depth without end, dates as dates.

    Raises InvalidInput naming the field.
    """
    if depth > DEPTH_MAX:
        raise InvalidInput("is nested too deeply", field=field)
    if isinstance(value, Mapping):
        return {
            key: _day(key, plain_table(part, f"{field}.{key}", depth + 1))
            for key, part in value.items()
        }
    if isinstance(value, list):
        return [plain_table(part, f"{field}[{n}]", depth + 1) for n, part in enumerate(value)]
    if not isinstance(value, str | int | float):
        raise InvalidInput("must have a value", field=field)
    if isinstance(value, int) and abs(value) >= 2**63:
        raise InvalidInput("is too large a number", field=field)
    return value


def _day(key: str, value: Any) -> Any:
    """JSON has no dates; those of exceptions are written as TOML's own."""
    if key in {"date", "until"} and isinstance(value, str) and _DATE.fullmatch(value):
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    return value


def _in_force(found: TomlFolder) -> dict[str, Any]:
    """The tree with what the defaults add to it."""
    with_defaults(found)
    return found.tree


def _lab(found: TomlFolder) -> bool:
    site = found.tree.get("site", {})
    return not isinstance(site, dict) or site.get("profile", "lab") == "lab"
