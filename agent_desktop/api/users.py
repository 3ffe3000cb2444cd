"""Users and roles for the administrator: never one's own, always in the audit log."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from agent_desktop.accounts import user_name
from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.audit import AuditPage, AuditQuestion, Verdict
from agent_desktop.context import Desk
from agent_desktop.permissions import Permission, Role
from agent_desktop.principal import Forbidden, Principal
from agent_desktop.store.users import User
from router.model.errors import NotFound
from router.model.ids import AgentId, Instant, TeamName

ROUTER = APIRouter()
Name = Annotated[str, Meta(max_length=64)]
Words = Annotated[str, Meta(max_length=200)]
Asked = Annotated[str, Query(max_length=200)]


class UserBody(msgspec.Struct, frozen=True):
    """A user as administrators see them."""

    user: str
    name: str
    role: Role
    agent_id: str
    teams: tuple[str, ...]
    disabled: bool
    created: Instant


class UsersBody(msgspec.Struct, frozen=True):
    """Everybody by name."""

    users: Sequence[UserBody]


class NewUser(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody who shall be able to sign in."""

    user: Name
    password: Annotated[str, Meta(max_length=1_000)]
    role: Role
    name: Words = ""
    agent_id: Name = ""
    teams: Annotated[tuple[Name, ...], Meta(max_length=100)] = ()


class UserEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be different; the user's sessions end."""

    role: Role | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    password: Annotated[str, Meta(max_length=1_000)] | UnsetType = UNSET


def _body(user: User) -> UserBody:
    return UserBody(
        user=user.user,
        name=user.name,
        role=user.role,
        agent_id=user.agent_id,
        teams=tuple(user.teams),
        disabled=user.disabled,
        created=user.created,
    )


async def _note(desk: Desk, who: Principal, user: str, what: str) -> None:
    """Before it is done: what cannot be written down is not done."""
    await desk.audit.note(who, Permission.USERS.value, f"user {user}: {what}")


@endpoint(ROUTER, "GET /api/v1/users", Permission.USERS, answers=UsersBody)
async def users(who: Who, desk: TheDesk) -> Response:
    """All users."""
    return answer(UsersBody([_body(user) for user in await desk.accounts.list_users()]))


@endpoint(
    ROUTER,
    "POST /api/v1/users",
    Permission.USERS,
    takes=NewUser,
    answers=UserBody,
    status=201,
)
async def add_user(request: Request, who: Who, desk: TheDesk) -> Response:
    """Add a user."""
    wish = await take(request, NewUser)
    await _note(desk, who, user_name(wish.user), f"add as {wish.role.value}")
    made = await desk.accounts.add_user(
        wish.user,
        wish.password,
        wish.role,
        name=wish.name,
        agent_id=AgentId(wish.agent_id) if wish.agent_id else None,
        teams=[TeamName(team) for team in wish.teams],
    )
    return answer(_body(made), 201)


@endpoint(
    ROUTER,
    "PATCH /api/v1/users/{user}",
    Permission.USERS,
    takes=UserEdit,
    answers=UserBody,
)
async def edit_user(
    user: Annotated[str, Path(max_length=64)], request: Request, who: Who, desk: TheDesk
) -> Response:
    """Change a user's role, disable them, or give them another password."""
    wish = await take(request, UserEdit)
    name = user_name(user)
    if name == who.user:
        raise Forbidden("nobody changes their own role or state")
    known = {each.user for each in await desk.accounts.list_users()}
    if name not in known:
        raise NotFound("there is no such user")
    if wish.role is not UNSET:
        await _note(desk, who, name, f"role {wish.role.value}")
        await desk.accounts.set_role(name, wish.role)
    if wish.password is not UNSET:
        await _note(desk, who, name, "password")
        await desk.accounts.set_password(name, wish.password)
    if wish.disabled is not UNSET:
        await _note(desk, who, name, "disabled" if wish.disabled else "enabled")
        await desk.accounts.disable(name, disabled=wish.disabled)
    await desk.sessions.sweep()
    found = next(each for each in await desk.accounts.list_users() if each.user == name)
    return answer(_body(found))


@endpoint(ROUTER, "GET /api/v1/audit", Permission.AUDIT_READ, answers=AuditPage)
async def audit(
    desk: TheDesk,
    before: Annotated[int, Query(ge=1, le=2**53)] = 2**53,
    limit: Annotated[int, Query(ge=1, le=200)] = 100,
    actor: Asked = "",
    action: Asked = "",
    about: Asked = "",
) -> Response:
    """Who looked at or changed what is audited, newest first."""
    question = AuditQuestion(before=before, limit=limit, actor=actor, action=action, about=about)
    return answer(await desk.audit.trail.read(question))


@endpoint(ROUTER, "GET /api/v1/audit/verdict", Permission.AUDIT_READ, answers=Verdict)
async def audit_verdict(desk: TheDesk) -> Response:
    """Whether every line of the audit is as it was written, and the first that is not."""
    return answer(await desk.audit.trail.verify())
