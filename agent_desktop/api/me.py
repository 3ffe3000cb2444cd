"""What everybody has for themselves: settings, password, sessions, the figures of the day."""

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from fastapi import APIRouter, Request, Response

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.guards import DEVICE_COOKIE, cookie
from agent_desktop.permissions import Permission
from agent_desktop.settings import UserSettings
from router.model.errors import InvalidInput
from router.model.ids import Instant
from router.model.past import AgentDay

ROUTER = APIRouter()
SETTINGS_BYTES_MAX = 16_384


class NewPassword(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The present password, and the one to come."""

    password: Annotated[str, msgspec.Meta(max_length=1_000)]
    new_password: Annotated[str, msgspec.Meta(max_length=1_000)]


class OwnSession(msgspec.Struct, frozen=True):
    """One of one's sessions."""

    created: Instant
    last_active: Instant
    expires: Instant
    address: str
    this: bool


class OwnSessions(msgspec.Struct, frozen=True):
    """All of one's sessions, newest first."""

    sessions: Sequence[OwnSession]


@endpoint(ROUTER, "GET /api/v1/me/settings", Permission.SESSION, answers=UserSettings)
async def settings(who: Who, desk: TheDesk) -> Response:
    """One's own settings."""
    return answer(await desk.settings_of(who.user))


@endpoint(
    ROUTER,
    "PUT /api/v1/me/settings",
    Permission.SESSION,
    takes=UserSettings,
    answers=UserSettings,
)
async def save_settings(request: Request, who: Who, desk: TheDesk) -> Response:
    """Replace one's own settings."""
    wanted = await take(request, UserSettings)
    text = msgspec.json.encode(wanted).decode()
    if len(text) > SETTINGS_BYTES_MAX:
        raise InvalidInput("these settings are too long", field="settings")
    await desk.rows.save_settings(who.user, text)
    return answer(wanted)


@endpoint(ROUTER, "POST /api/v1/me/password", Permission.SESSION, takes=NewPassword, status=204)
async def change_password(request: Request, who: Who, desk: TheDesk) -> Response:
    """Change one's password; every session of the user ends, this one too."""
    wish = await take(request, NewPassword)
    await desk.sessions.confirm(who, wish.password, cookie(request.scope, DEVICE_COOKIE))
    await desk.accounts.set_password(who.user, wish.new_password)
    await desk.sessions.sweep()
    return Response(status_code=204)


@endpoint(ROUTER, "GET /api/v1/me/sessions", Permission.SESSION, answers=OwnSessions)
async def sessions(who: Who, desk: TheDesk) -> Response:
    """Where one is signed in."""
    rows = await desk.sessions.list_of(who.user)
    return answer(
        OwnSessions(
            [
                OwnSession(
                    row.created,
                    row.last_active,
                    row.expires,
                    row.address,
                    this=row.token_hash == who.session,
                )
                for row in rows
            ]
        )
    )


@endpoint(ROUTER, "DELETE /api/v1/me/sessions", Permission.SESSION, status=204)
async def end_other_sessions(who: Who, desk: TheDesk) -> Response:
    """End all of one's other sessions."""
    for row in await desk.sessions.list_of(who.user):
        if row.token_hash != who.session:
            await desk.sessions.end(row.token_hash)
    return Response(status_code=204)


@endpoint(ROUTER, "GET /api/v1/me/day", Permission.WORK, answers=AgentDay)
async def day(who: Who, desk: TheDesk) -> Response:
    """One's own figures since midnight in the site's zone."""
    now = desk.clock.now()
    since, until = day_of(now, desk.ports.site.zone)
    so_far = min(until, Instant(now + 1))
    return answer(await desk.ports.history.day(who.agent_id, since, so_far))


def day_of(now: Instant, zone: str) -> tuple[Instant, Instant]:
    """From midnight to midnight around a moment on the clocks of a zone."""
    here = ZoneInfo(zone)
    date = datetime.fromtimestamp(now / 1_000, here).date()
    start, end = (
        Instant(int(datetime.combine(each, time(), here).timestamp() * 1_000))
        for each in (date, date + timedelta(days=1))
    )
    return start, end
