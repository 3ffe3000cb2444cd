"""Signing in and out over HTTP, and tickets for sockets."""

from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.auth import DEVICE_MS
from agent_desktop.context import Desk
from agent_desktop.guards import COOKIE, DEVICE_COOKIE, cookie
from agent_desktop.permissions import Permission, held_by
from agent_desktop.principal import Principal
from router.model.ids import Instant

ROUTER = APIRouter()
ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
CLEAR_SITE_DATA = '"cache", "storage"'
"""Not the cookies: the device's cookie keeps its owner in while others guess (WEB-3)."""

Short = Annotated[str, Meta(max_length=1_000)]


class Credentials(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who somebody says they are."""

    user: Short
    password: Short


class Password(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The password once more."""

    password: Short


class SessionBody(msgspec.Struct, frozen=True):
    """Who is signed in and what they may."""

    user: str
    name: str
    role: str
    agent_id: str
    teams: tuple[str, ...]
    language: str
    permissions: tuple[str, ...]
    idle_ms: int
    expires: int


class Ticket(msgspec.Struct, frozen=True):
    """Opens one socket, once, soon."""

    ticket: str
    expires: Instant


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


async def _body(desk: Desk, principal: Principal) -> SessionBody:
    settings = await desk.settings_of(principal.user)
    return SessionBody(
        user=principal.user,
        name=principal.name,
        role=principal.role.value,
        agent_id=principal.agent_id,
        teams=tuple(sorted(principal.teams)),
        language=str(settings.get("language", desk.ports.site.language)),
        permissions=tuple(permission.value for permission in held_by(principal.role)),
        idle_ms=desk.sessions.idle_ms(principal.role),
        expires=await desk.sessions.expires(principal),
    )


@endpoint(
    ROUTER,
    "POST /api/v1/session",
    "somebody must be able to sign in",
    takes=Credentials,
    answers=SessionBody,
)
async def sign_in(request: Request, desk: TheDesk) -> Response:
    """Sign in."""
    wanted = await take(request, Credentials)
    device = cookie(request.scope, DEVICE_COOKIE)
    former = cookie(request.scope, COOKIE)
    entry = await desk.sessions.sign_in(wanted.user, wanted.password, device, request.state.address)
    await desk.sessions.discard(former)
    response = answer(await _body(desk, entry.principal))
    response.headers.append("Set-Cookie", f"{COOKIE}={entry.token}; {ATTRIBUTES}")
    device_age_s = DEVICE_MS // 1_000
    response.headers.append(
        "Set-Cookie",
        f"{DEVICE_COOKIE}={entry.device_token}; {ATTRIBUTES}; Max-Age={device_age_s}",
    )
    return response


@endpoint(ROUTER, "GET /api/v1/session", Permission.SESSION, answers=SessionBody)
async def session(who: Who, desk: TheDesk) -> Response:
    """Who is signed in."""
    return answer(await _body(desk, who))


@endpoint(ROUTER, "DELETE /api/v1/session", Permission.SESSION, status=204)
async def sign_out(who: Who, desk: TheDesk) -> Response:
    """Sign out: the session and its sockets end."""
    await desk.sessions.sign_out(who)
    await desk.signed_out(who)
    response = Response(status_code=204)
    response.headers.append("Set-Cookie", f"{COOKIE}=; {ATTRIBUTES}; Max-Age=0")
    response.headers["Clear-Site-Data"] = CLEAR_SITE_DATA
    return response


@endpoint(ROUTER, "POST /api/v1/session/confirm", Permission.SESSION, takes=Password, status=204)
async def confirm(request: Request, who: Who, desk: TheDesk) -> Response:
    """Type the password again, for what asks for it."""
    typed = await take(request, Password)
    device = cookie(request.scope, DEVICE_COOKIE)
    await desk.sessions.confirm(who, typed.password, device)
    return Response(status_code=204)


@endpoint(
    ROUTER,
    "POST /api/v1/desk/ticket",
    Permission.SESSION,
    takes=Nothing,
    optional=True,
    answers=Ticket,
)
async def ticket(request: Request, who: Who, desk: TheDesk) -> Response:
    """A ticket for one socket of this session."""
    if await request.body():
        await take(request, Nothing)
    made, expires = await desk.sessions.ticket(who)
    return answer(Ticket(made, expires))
