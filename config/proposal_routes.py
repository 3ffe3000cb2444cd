"""Proposals by HTTP, under ``/api/v1/configuration/proposals``.

Supervisors propose for what they see; managers and administrators see all proposals and decide.
Nobody decides alone about their own: another manager publishes it, or they make the change itself.
"""

import asyncio
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query, Request, Response
from msgspec import Meta

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Forbidden, Principal
from config.admin import NAME_MAX, ROOT, Asked, Revision, Table, Why, answered, author_of, visible
from config.administration import Administration, Mistaken, Outcome
from config.proposals import Change, Proposal, Proposals, State
from router.model.errors import InvalidInput, NotFound

P = Permission
PLACE = f"{ROOT}/proposals"
Before = Annotated[int | None, Query(ge=1)]
Limit = Annotated[int, Query(ge=1, le=200)]


class Proposing(Asked, frozen=True):
    """A change that is wished for: a table, its removal (no table), or the rules as a whole."""

    section: Annotated[str, Meta(min_length=1, max_length=NAME_MAX)]
    why: Annotated[str, Meta(min_length=1, max_length=500)]
    name: Annotated[str, Meta(max_length=NAME_MAX)] = ""
    table: Table | None = None
    rule: Annotated[list[Table], Meta(max_length=10_000)] | None = None


class Publishing(Asked, frozen=True):
    """Which text the proposal is applied to, as its publisher saw it."""

    revision: Revision
    why: Why = ""


class Rejecting(Asked, frozen=True):
    """Why it is not wanted."""

    why: Annotated[str, Meta(min_length=1, max_length=500)]


class ProposalsBody(msgspec.Struct, frozen=True):
    """Proposals, newest first, and the ``before`` to go on with; None when all were looked at."""

    proposals: list[Proposal]
    next: int | None = None


def routes(administration: Administration, proposals: Proposals) -> APIRouter:
    """All routes of proposals, each with the permission it needs."""
    router = APIRouter()
    _add_proposing(router, administration, proposals)
    _add_deciding(router, administration, proposals)
    return router


def _add_proposing(router: APIRouter, administration: Administration, proposals: Proposals) -> None:
    @endpoint(router, f"GET {PLACE}", P.CONFIGURATION_PROPOSE, answers=ProposalsBody)
    async def proposals_list(who: Who, before: Before = None, limit: Limit = 50) -> Response:
        """One's own proposals; all of them for who may publish."""
        found = await asyncio.to_thread(proposals.all, before, limit)
        following = found[-1].number if len(found) == limit else None
        return answer(ProposalsBody([each for each in found if _sees(who, each)], following))

    @endpoint(
        router,
        f"POST {PLACE}",
        P.CONFIGURATION_PROPOSE,
        takes=Proposing,
        answers=Proposal,
        status=201,
    )
    async def proposals_add(request: Request, who: Who, desk: TheDesk) -> Response:
        """Propose a change: checked as one that is made, and nothing is written to the files."""
        body = await take(request, Proposing)
        change = Change(section=body.section, name=body.name, table=body.table, rule=body.rule)
        if body.section != "rules" and not body.name:
            raise InvalidInput("names no table", field="name")

        async def proposed() -> Proposal:
            await _require_in_sight(administration, change, who, desk)
            loaded, difference = await administration.check(change)
            if loaded.mistakes:
                raise Mistaken(loaded.mistakes)
            if not difference:
                raise InvalidInput("changes nothing", field="table")
            await desk.audit.note(who, "configuration.propose", change.what, body.why)
            return await asyncio.to_thread(
                proposals.add, change, difference, by=who.user, why=body.why
            )

        return await answered(proposed(), desk, status=201)

    @endpoint(
        router, f"POST {PLACE}/{{number}}/withdraw", P.CONFIGURATION_PROPOSE, answers=Proposal
    )
    async def proposals_withdraw(number: int, who: Who, desk: TheDesk) -> Response:
        """Take one's own proposal back."""
        found = await asyncio.to_thread(proposals.waiting, number)
        if found.by != who.user:
            raise NotFound(f"there is no proposal {number}")
        await desk.audit.note(who, "configuration.withdraw", f"proposal {number}")
        return answer(
            await asyncio.to_thread(proposals.decide, number, State.WITHDRAWN, by=who.user, why="")
        )


def _add_deciding(router: APIRouter, administration: Administration, proposals: Proposals) -> None:
    @endpoint(
        router,
        f"POST {PLACE}/{{number}}/publish",
        P.CONFIGURATION_PUBLISH,
        takes=Publishing,
        answers=Outcome,
    )
    async def proposals_publish(request: Request, number: int, who: Who, desk: TheDesk) -> Response:
        """Make the proposed change of the configuration as it stands now."""
        body = await take(request, Publishing)
        found = await asyncio.to_thread(proposals.waiting, number)
        if found.by == who.user:
            raise Forbidden("somebody else must publish what one proposed")
        why = body.why or f"proposal {number} of {found.by}: {found.why}"

        async def published() -> Outcome:
            outcome = await administration.make(
                found.change, revision=body.revision, author=author_of(who), why=why
            )
            await asyncio.to_thread(
                proposals.decide, number, State.PUBLISHED, by=who.user, why=body.why
            )
            return outcome

        return await answered(published(), desk)

    @endpoint(
        router,
        f"POST {PLACE}/{{number}}/reject",
        P.CONFIGURATION_PUBLISH,
        takes=Rejecting,
        answers=Proposal,
    )
    async def proposals_reject(request: Request, number: int, who: Who, desk: TheDesk) -> Response:
        """Say no, and why."""
        body = await take(request, Rejecting)
        await asyncio.to_thread(proposals.waiting, number)
        await desk.audit.note(who, "configuration.reject", f"proposal {number}", body.why)
        return answer(
            await asyncio.to_thread(
                proposals.decide, number, State.REJECTED, by=who.user, why=body.why
            )
        )


def _sees(who: Principal, proposal: Proposal) -> bool:
    publishes = who.grant(P.CONFIGURATION_PUBLISH).scope != Scope.NONE
    return publishes or proposal.by == who.user


async def _require_in_sight(
    administration: Administration, change: Change, who: Principal, desk: Desk
) -> None:
    """Whoever sees some queues, teams or agents only may propose for those. Raises NotFound."""
    if change.section == "rules" or who.grant(P.CONFIGURATION_PROPOSE).scope == Scope.ALL:
        return
    _, tables = await administration.tables(change.section)
    there: dict[str, Any] = visible(change.section, tables, who, desk)
    if change.name in tables and change.name not in there:
        raise NotFound(f"there is no {change.section} named {change.name!r}")
