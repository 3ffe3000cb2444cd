"""The configuration by HTTP, under ``/api/v1/configuration``. Mounted by ``config.wiring``.

Tables have the form of the TOML files. Whoever changes something names the ``revision`` they saw;
where it is not the newest any more the answer is 409 ``stale``.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field

from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Forbidden, Principal
from config.administration import Administration, Author, Mistaken
from config.audit import Audit
from config.check import Loaded
from config.versions import Versions
from router.ports import Clock, Floor

Who = Callable[[Request], Awaitable[Principal]]
"""Gives the signed-in person, or raises what the desk's server turns into a problem."""

NAME_MAX = 64
WHY_MAX = 500

Section = Annotated[str, Path(max_length=NAME_MAX)]
Name = Annotated[str, Path(min_length=1, max_length=NAME_MAX)]
Revision = Annotated[str, Field(max_length=64)]
Why = Annotated[str, Field(max_length=WHY_MAX)]
Before = Annotated[int | None, Query(ge=1)]
Limit = Annotated[int, Query(ge=1, le=200)]


class Asked(BaseModel):
    """What all bodies share: an unknown field is refused (WEB-8)."""

    model_config = ConfigDict(extra="forbid")


class TableChange(Asked):
    """A table as it shall be."""

    table: dict[str, Any]
    revision: Revision
    why: Why = ""


class TableDraft(Asked):
    """A table to be checked only."""

    section: Annotated[str, Field(max_length=NAME_MAX)]
    name: Annotated[str, Field(min_length=1, max_length=NAME_MAX)]
    table: dict[str, Any]


class RulesChange(Asked):
    """The rules as they shall be, in order."""

    rules: dict[str, Any]
    rule: Annotated[list[dict[str, Any]], Field(max_length=10_000)]
    revision: Revision
    why: Why = ""


class Restoring(Asked):
    """Which text is given up for a kept one, and why."""

    revision: Revision
    why: Why = ""


class Closing(Asked):
    """Emergency closing, or its end; the reason is for the audit."""

    closed: bool
    why: Annotated[str, Field(min_length=1, max_length=WHY_MAX)]


class Desk(msgspec.Struct, frozen=True):
    """What the routes stand on."""

    administration: Administration
    versions: Versions
    audit: Audit
    floor: Floor
    clock: Clock
    who: Who

    async def demand(self, request: Request, permission: Permission) -> Principal:
        """Who asks, when they may; else SignedOut, Forbidden or ConfirmationNeeded."""
        principal = await self.who(request)
        principal.demand(permission, self.clock.now())
        return principal


def routes(desk: Desk) -> APIRouter:
    """All routes of the configuration."""
    router = APIRouter(prefix="/api/v1/configuration", tags=["configuration"])
    _add_versions(router, desk)
    _add_audit(router, desk)
    _add_hours(router, desk)
    _add_rules(router, desk)
    # Last, since it takes any name for a section's.
    _add_tables(router, desk)
    return router


def _add_tables(router: APIRouter, desk: Desk) -> None:
    @router.get("")
    async def state(request: Request) -> Response:
        """What is in force, and what is wrong with what was read last."""
        await desk.demand(request, Permission.CONFIGURATION_READ)
        return _json(await desk.administration.state())

    @router.post("/check")
    async def check(request: Request, draft: TableDraft) -> Response:
        """What a changed table would lead to; nothing is written."""
        await desk.demand(request, Permission.CONFIGURATION_PROPOSE)
        loaded = await desk.administration.check(draft.section, draft.name, draft.table)
        return _json(_findings(loaded))

    @router.get("/{section}")
    async def tables(request: Request, section: Section) -> Response:
        """A section's tables by name, as they are written."""
        principal = await desk.demand(request, Permission.CONFIGURATION_READ)

        async def visible() -> dict[str, Any]:
            revision, found = await desk.administration.tables(section)
            return {"revision": revision, section: _visible(section, found, principal, desk)}

        return await _outcome(visible())

    @router.put("/{section}/{name}")
    async def put(request: Request, section: Section, name: Name, body: TableChange) -> Response:
        """Make or change a table."""
        principal = await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        return await _outcome(
            desk.administration.put(
                section,
                name,
                body.table,
                revision=body.revision,
                author=_author(principal),
                why=body.why,
            )
        )

    @router.delete("/{section}/{name}")
    async def remove(
        request: Request,
        section: Section,
        name: Name,
        revision: Annotated[str, Query(max_length=64)],
        why: Annotated[str, Query(max_length=WHY_MAX)] = "",
    ) -> Response:
        """Remove a table that nothing refers to."""
        principal = await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        return await _outcome(
            desk.administration.remove(
                section, name, revision=revision, author=_author(principal), why=why
            )
        )


def _add_rules(router: APIRouter, desk: Desk) -> None:
    @router.put("/rules")
    async def put_rules(request: Request, body: RulesChange) -> Response:
        """Change the rules as a whole: their order is their meaning."""
        principal = await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        return await _outcome(
            desk.administration.put_rules(
                body.rules,
                body.rule,
                revision=body.revision,
                author=_author(principal),
                why=body.why,
            )
        )


def _add_versions(router: APIRouter, desk: Desk) -> None:
    @router.get("/versions")
    async def versions(request: Request, before: Before = None, limit: Limit = 50) -> Response:
        """The versions that were in force, newest first."""
        await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        heads = await asyncio.to_thread(desk.versions.heads, before, limit)
        return _json({"versions": heads})

    @router.get("/versions/{number}")
    async def version(request: Request, number: int) -> Response:
        """One version with its texts and what it changed."""
        await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        found = await asyncio.to_thread(desk.versions.show, number)
        changed = await asyncio.to_thread(desk.versions.difference, number)
        return _json({"version": found, "difference": changed})

    @router.post("/versions/{number}/restore")
    async def restore(request: Request, number: int, body: Restoring) -> Response:
        """Put a version back in force, as a new one."""
        principal = await desk.demand(request, Permission.CONFIGURATION_PUBLISH)
        return await _outcome(
            desk.administration.restore(
                number, revision=body.revision, author=_author(principal), why=body.why
            )
        )


def _add_audit(router: APIRouter, desk: Desk) -> None:
    @router.get("/audit")
    async def audit(request: Request, before: Before = None, limit: Limit = 100) -> Response:
        """Who changed what, newest first."""
        await desk.demand(request, Permission.AUDIT_READ)
        return _json({"entries": await desk.audit.read(before, limit)})


def _add_hours(router: APIRouter, desk: Desk) -> None:
    @router.post("/hours/{name}/close")
    async def close(request: Request, name: Name, body: Closing) -> Response:
        """Close business hours in an emergency, or end that; in force at once.

        Who may publish may do it everywhere, a supervisor for hours that a queue of theirs has.
        """
        principal = await desk.who(request)
        if principal.grant(Permission.CONFIGURATION_PUBLISH).scope != Scope.ALL:
            granted = principal.demand(Permission.FLOOR, desk.clock.now())
            if granted.scope != Scope.ALL and name not in _hours_of(principal, desk):
                raise Forbidden("none of your queues has these hours")
        await desk.administration.close(
            name, closed=body.closed, author=_author(principal), why=body.why
        )
        return _json({"hours": name, "closed": body.closed})


def _hours_of(principal: Principal, desk: Desk) -> set[str]:
    queues = desk.floor.catalogue().queues
    return {queues[name].calendar for name in principal.queues if name in queues}


def _visible(
    section: str, tables: dict[str, Any], principal: Principal, desk: Desk
) -> dict[str, Any]:
    """What of a section somebody sees whose grant ends at their teams."""
    if principal.grant(Permission.CONFIGURATION_READ).scope == Scope.ALL:
        return tables
    agents = desk.floor.catalogue().agents
    names: dict[str, set[str]] = {
        "queue": {str(name) for name in principal.queues},
        "team": {str(name) for name in principal.teams},
        "agent": {
            str(name)
            for name, agent in agents.items()
            if name == principal.agent_id or principal.teams.intersection(agent.teams)
        },
    }
    seen = names.get(section)
    return tables if seen is None else {name: each for name, each in tables.items() if name in seen}


def _author(principal: Principal) -> Author:
    return Author(user=principal.user, role=principal.role.value, address=principal.address)


async def _outcome(change: Awaitable[Any]) -> Response:
    """The answer of something that may find mistakes: all of them, each with its place."""
    try:
        return _json(await change)
    except Mistaken as error:
        problem = {
            "type": "about:blank",
            "title": "The configuration has mistakes",
            "status": 422,
            "code": error.code,
            "detail": error.message,
            "errors": error.mistakes,
        }
        return _json(problem, status=422, media_type="application/problem+json")


def _findings(loaded: Loaded) -> dict[str, Any]:
    return {"ok": not loaded.mistakes, "errors": loaded.mistakes, "warnings": loaded.warnings}


def _json(value: Any, *, status: int = 200, media_type: str = "application/json") -> Response:
    return Response(msgspec.json.encode(value), status_code=status, media_type=media_type)
