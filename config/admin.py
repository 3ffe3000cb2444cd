"""The configuration by HTTP, under ``/api/v1/configuration``; the desk's server mounts it.

Tables have the form of the TOML files. Whoever changes something names the ``revision`` they saw;
where it is not the newest any more the answer is 409 ``stale``. What would be wrong is 422
``mistaken`` with every mistake's file, line, field and sentence, and nothing is written.
"""

import asyncio
from collections.abc import Awaitable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import Meta

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Forbidden, Principal
from config.administration import Administration, Author, Mistaken, Outcome
from config.findings import Mistake
from config.proposals import Change
from config.versions import Version, VersionHead, Versions
from router.model.ids import Instant

ROOT = "/api/v1/configuration"
NAME_MAX = 64
WHY_MAX = 500

P = Permission
SectionName = Annotated[str, Path(max_length=NAME_MAX)]
TableName = Annotated[str, Path(min_length=1, max_length=NAME_MAX)]
Before = Annotated[int | None, Query(ge=1)]
Limit = Annotated[int, Query(ge=1, le=200)]
Revision = Annotated[str, Meta(max_length=64)]
Why = Annotated[str, Meta(max_length=WHY_MAX)]
Table = dict[str, Any]


class Asked(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all bodies share: an unknown field is refused (WEB-8)."""


class TableChange(Asked, frozen=True):
    """A table as it shall be."""

    table: Table
    revision: Revision
    why: Why = ""


class TableDraft(Asked, frozen=True):
    """A table to be checked only."""

    section: Annotated[str, Meta(max_length=NAME_MAX)]
    name: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    table: Table


class RulesChange(Asked, frozen=True):
    """The rules as they shall be, in order."""

    rules: Table
    rule: Annotated[list[Table], Meta(max_length=10_000)]
    revision: Revision
    why: Why = ""


class Restoring(Asked, frozen=True):
    """Which text is given up for a kept one, and why."""

    revision: Revision
    why: Why = ""


class Closing(Asked, frozen=True):
    """Emergency closing, or its end; the reason is for the audit."""

    closed: bool
    why: Annotated[str, Meta(min_length=1, max_length=WHY_MAX)]


class StateBody(msgspec.Struct, frozen=True):
    """What is in force ``since``, and what is wrong with what was read last."""

    revision: str
    version: str
    since: Instant
    mistakes: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]
    trouble: str
    files: list[str]


class CheckBody(msgspec.Struct, frozen=True):
    """What a change would lead to."""

    ok: bool
    errors: tuple[Mistake, ...]
    warnings: tuple[Mistake, ...]


class VersionsBody(msgspec.Struct, frozen=True):
    """Versions, newest first."""

    versions: list[VersionHead]


class VersionBody(msgspec.Struct, frozen=True):
    """One version with its texts, and what it changed as a unified diff."""

    version: Version
    difference: str


class ClosedBody(msgspec.Struct, frozen=True):
    """How the hours stand now."""

    hours: str
    closed: bool


def routes(administration: Administration, versions: Versions) -> APIRouter:
    """All routes of the configuration, each with the permission it needs."""
    router = APIRouter()
    _add_versions(router, administration, versions)
    _add_closing(router, administration)
    _add_rules(router, administration)
    # Last, since it takes any name for a section's.
    _add_tables(router, administration)
    return router


def _add_rules(router: APIRouter, administration: Administration) -> None:
    @endpoint(router, f"GET {ROOT}", P.CONFIGURATION_READ, answers=StateBody)
    async def configuration_state() -> Response:
        """What is in force, and what is wrong with what was read last."""
        return answer(await administration.state())

    @endpoint(
        router,
        f"POST {ROOT}/check",
        P.CONFIGURATION_PROPOSE,
        takes=TableDraft,
        answers=CheckBody,
    )
    async def configuration_check(request: Request, desk: TheDesk) -> Response:
        """What a changed table would lead to; nothing is written."""
        draft = await take(request, TableDraft)

        async def checked() -> CheckBody:
            change = Change(section=draft.section, name=draft.name, table=draft.table)
            loaded, _ = await administration.check(change)
            return CheckBody(not loaded.mistakes, loaded.mistakes, loaded.warnings)

        return await answered(checked(), desk)

    @endpoint(
        router,
        f"PUT {ROOT}/rules",
        P.CONFIGURATION_PUBLISH,
        takes=RulesChange,
        answers=Outcome,
    )
    async def configuration_put_rules(request: Request, who: Who, desk: TheDesk) -> Response:
        """Change the rules as a whole: their order is their meaning."""
        body = await take(request, RulesChange)
        change = Change(section="rules", table=body.rules, rule=body.rule)
        making = administration.make(
            change, revision=body.revision, author=author_of(who), why=body.why
        )
        return await answered(making, desk)


def _add_tables(router: APIRouter, administration: Administration) -> None:
    @endpoint(router, f"GET {ROOT}/{{section}}", P.CONFIGURATION_READ, answers=dict[str, Any])
    async def configuration_section(section: SectionName, who: Who, desk: TheDesk) -> Response:
        """``{"revision", SECTION: {NAME: table}}``, the tables as they are written."""

        async def seen() -> Table:
            revision, tables = await administration.tables(section)
            return {"revision": revision, section: visible(section, tables, who, desk)}

        return await answered(seen(), desk)

    @endpoint(
        router,
        f"PUT {ROOT}/{{section}}/{{name}}",
        P.CONFIGURATION_PUBLISH,
        takes=TableChange,
        answers=Outcome,
    )
    async def configuration_put(
        request: Request, section: SectionName, name: TableName, who: Who, desk: TheDesk
    ) -> Response:
        """Make or change a table."""
        body = await take(request, TableChange)
        change = Change(section=section, name=name, table=body.table)
        making = administration.make(
            change, revision=body.revision, author=author_of(who), why=body.why
        )
        return await answered(making, desk)

    @endpoint(
        router, f"DELETE {ROOT}/{{section}}/{{name}}", P.CONFIGURATION_PUBLISH, answers=Outcome
    )
    async def configuration_remove(
        section: SectionName,
        name: TableName,
        who: Who,
        desk: TheDesk,
        revision: Annotated[str, Query(max_length=64)],
        why: Annotated[str, Query(max_length=WHY_MAX)] = "",
    ) -> Response:
        """Remove a table that nothing refers to."""
        change = Change(section=section, name=name)
        making = administration.make(change, revision=revision, author=author_of(who), why=why)
        return await answered(making, desk)


def _add_versions(router: APIRouter, administration: Administration, versions: Versions) -> None:
    @endpoint(router, f"GET {ROOT}/versions", P.CONFIGURATION_PUBLISH, answers=VersionsBody)
    async def configuration_versions(before: Before = None, limit: Limit = 50) -> Response:
        """The versions that were in force, newest first."""
        return answer(VersionsBody(await asyncio.to_thread(versions.heads, before, limit)))

    @endpoint(
        router, f"GET {ROOT}/versions/{{number}}", P.CONFIGURATION_PUBLISH, answers=VersionBody
    )
    async def configuration_version(number: int) -> Response:
        """One version with its texts and what it changed."""
        found = await asyncio.to_thread(versions.show, number)
        return answer(VersionBody(found, await asyncio.to_thread(versions.difference, number)))

    @endpoint(
        router,
        f"POST {ROOT}/versions/{{number}}/restore",
        P.CONFIGURATION_PUBLISH,
        takes=Restoring,
        answers=Outcome,
    )
    async def configuration_restore(
        request: Request, number: int, who: Who, desk: TheDesk
    ) -> Response:
        """Put a version back in force, as a new one."""
        body = await take(request, Restoring)
        change = administration.restore(
            number, revision=body.revision, author=author_of(who), why=body.why
        )
        return await answered(change, desk)


def _add_closing(router: APIRouter, administration: Administration) -> None:
    @endpoint(
        router, f"POST {ROOT}/hours/{{name}}/close", P.FLOOR, takes=Closing, answers=ClosedBody
    )
    async def configuration_close(
        request: Request, name: TableName, who: Who, desk: TheDesk
    ) -> Response:
        """Close business hours in an emergency, or end that; in force at once.

        A supervisor may do so for hours that a queue of theirs has.
        """
        body = await take(request, Closing)
        if who.grant(P.FLOOR).scope != Scope.ALL and name not in _hours_of(who, desk):
            raise Forbidden("none of your queues has these hours")
        await administration.close(name, closed=body.closed, author=author_of(who), why=body.why)
        return answer(ClosedBody(name, body.closed))


def _hours_of(who: Principal, desk: Desk) -> set[str]:
    queues = desk.ports.floor.catalogue().queues
    return {queues[name].calendar for name in who.queues if name in queues} - {""}


def visible(section: str, tables: Table, who: Principal, desk: Desk) -> Table:
    """What of a section somebody sees whose grant ends at their teams."""
    if who.grant(P.CONFIGURATION_READ).scope == Scope.ALL:
        return tables
    agents = desk.ports.floor.catalogue().agents
    names: dict[str, set[str]] = {
        "queue": {str(name) for name in who.queues},
        "team": {str(name) for name in who.teams},
        "agent": {
            str(name)
            for name, agent in agents.items()
            if name == who.agent_id or who.teams.intersection(agent.teams)
        },
    }
    seen = names.get(section)
    return tables if seen is None else {name: each for name, each in tables.items() if name in seen}


def author_of(who: Principal) -> Author:
    """Who is signed in, as audit and history remember them."""
    return Author(user=who.user, role=who.role.value, address=who.address)


async def answered(work: Awaitable[Any], desk: Desk, status: int = 200) -> Response:
    """The answer of something that may find mistakes: all of them, each with its place."""
    try:
        return answer(await work, status)
    except Mistaken as error:
        problem = {
            "type": "about:blank",
            "title": "The configuration has mistakes",
            "status": 422,
            "code": error.code,
            "detail": error.message,
            "errors": error.mistakes,
            "id": desk.ports.ids.new(),
        }
        return Response(
            msgspec.json.encode(problem),
            status_code=422,
            media_type="application/problem+json",
        )
