"""Attack 28: each route and socket command by each kind of person on own and foreign objects."""

from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

from agent_desktop.api.access import Allow, Public, Served, require_rows, served_routes
from agent_desktop.permissions import Permission, Role, Scope, grant
from router.model.errors import InvalidInput
from router.model.ids import SubjectId
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import World, story

ROLES = {
    "agent": ("mia", Role.AGENT),
    "supervisor": ("sue", Role.SUPERVISOR),
    "manager": ("boss", Role.MANAGER),
    "administrator": ("root", Role.ADMINISTRATOR),
}
BODIES: dict[str, dict[str, Any]] = {
    "sign_in": {"user": "x", "password": "x"},
    "confirm": {"password": "x"},
    "assign": {"agent": "{agent}"},
    "requeue": {"queue": "{queue}"},
    "discard": {"reason": "spam"},
    "force_presence": {"presence": "not_ready", "reason": "break"},
    "move_seat": {"queues": ["billing"], "until": 2**53},
    "edit_customer": {"revision": 999_999, "name": "x"},
    "merge_customer": {"into": "{subject}"},
    "hold_recording": {"reason": "a complaint"},
    "save_settings": {"theme": "dark"},
    "change_password": {"password": "x", "new_password": "x"},
}
QUERIES = {
    "board_rows": {"figure": "waiting", "queue": "{queue}"},
    "find_customer": {"kind": "mail", "value": "{address}"},
    "bring_file": {"name": "a.txt"},
    "sound": {"listening": "x"},
}
SEEN_BY_EVERYBODY_WITH_A_GRANT = frozenset(
    {"find_customer"}  # An exact search finds or does not; it never forbids.
)


class Objects:
    """The things of one team: an interaction in work, its customer, its agent."""

    def __init__(self, **names: str) -> None:
        self.names = names

    def fill(self, text: str) -> str:
        for name, value in self.names.items():
            text = text.replace("{" + name + "}", value)
        return text


async def objects(world: World, user: str, queue: Any, sender: str) -> Objects:
    """What an agent has in hand; the agent's desk stays open."""
    desk, chat = await world.given(user, queue=queue, sender=sender)
    view = world.hub.interaction(chat)
    assert view is not None
    entries = (await desk.person.get(f"/api/v1/interactions/{chat}")).json()["entries"]
    return Objects(
        interaction_id=chat,
        subject=str(SubjectId(view.subject)),
        agent_id=user,
        agent=user,
        queue=queue,
        entry_id=entries[0]["entry_id"],
        file_id="0" * 32,
        address=sender,
    )


async def call(person: Person, route: Served, things: Objects) -> int:
    """Use a route on these things; the status."""
    method, name = route.method, route.name
    body = {
        key: things.fill(str(value)) if isinstance(value, str) else value
        for key, value in BODIES.get(name, {}).items()
    }
    query = {key: things.fill(value) for key, value in QUERIES.get(name, {}).items()}
    more: dict[str, Any] = {"params": query}
    if name == "bring_file":
        more |= {"content": b"words", "headers": {"Content-Type": "application/octet-stream"}}
    elif method != "GET":
        more["json"] = body
    response = await person.request(method, things.fill(route.path), **more)
    return response.status_code


def routes_of(world: World) -> list[Served]:
    found = served_routes(world.server.api)
    assert len(found) > 30
    return found


def test_a_route_without_a_row_is_never_served() -> None:
    app, router = FastAPI(openapi_url=None, docs_url=None, redoc_url=None), APIRouter()

    @router.get("/forgotten")
    async def forgotten() -> str:
        return "everything"

    app.include_router(router)
    with pytest.raises(InvalidInput, match="/forgotten"):
        require_rows(app)


def test_every_route_has_a_row_and_a_description(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        for route in routes_of(world):
            assert isinstance(route.row, Allow | Public), route.path
            assert route.summary, route.path
        public = {route.path for route in routes_of(world) if isinstance(route.row, Public)}
        assert public == {"/api/v1/session"}

    story(tmp_path, tell)


def test_every_command_of_the_socket_has_a_row(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        table = world.server.commands.table
        assert all(entry.permission in Permission for entry in table.values())
        page = (Path(__file__).parents[2] / "docs" / "protocol" / "desk.md").read_text()
        for name in table:
            assert f"`{name}`" in page, name

    story(tmp_path, tell)


@pytest.mark.parametrize("kind", ROLES)
def test_attack_28_what_a_person_may_is_what_the_table_says(tmp_path: Path, kind: str) -> None:
    user, role = ROLES[kind]

    async def tell(world: World) -> None:
        own = await objects(world, "mia", "billing", "own@customer.example")
        foreign = await objects(world, "eve", "sales", "foreign@customer.example")
        person = await world.sign_in(user, role, teams=["billing"])
        last = ("sign_out", "end_other_sessions")
        for route in sorted(routes_of(world), key=lambda each: each.name in last):
            row = route.row
            if not isinstance(row, Allow):
                continue
            world.clock.pass_ms(1_000)  # The rate of requests is another test's.
            scope = grant(role, row.permission).scope
            here, there = await call(person, route, own), await call(person, route, foreign)
            about_an_object = "{" in route.path
            name = f"{route.method} {route.path} {scope}: {here} {there}"
            if scope == Scope.NONE:
                assert (here, there) == (403, 403), name
            elif not about_an_object or scope == Scope.ALL:
                assert 403 not in (here, there), name
                assert 401 not in (here, there) or route.name in (
                    "confirm",
                    "change_password",
                    *last,
                ), name
            else:
                assert here != 403, name
                assert there == 404, name
                assert here == there or here < 500, name

    story(tmp_path, tell)


def test_attack_28_strangers_and_ended_sessions_get_nothing(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        own = await objects(world, "mia", "billing", "own@customer.example")
        stranger = Person(world.origin, world.http)
        ended = await world.sign_in("tom")
        cookies = dict(ended.cookies)
        await ended.request("DELETE", "/api/v1/session")
        ended.cookies = cookies
        for route in routes_of(world):
            if isinstance(route.row, Allow):
                world.clock.pass_ms(1_000)
                assert await call(stranger, route, own) == 401, route.path
                assert await call(ended, route, own) == 401, route.path

    story(tmp_path, tell)


@pytest.mark.parametrize("kind", ["manager", "administrator"])
def test_attack_28_who_does_no_work_has_no_desk_and_no_board_beyond_the_table(
    tmp_path: Path, kind: str
) -> None:
    user, role = ROLES[kind]

    async def tell(world: World) -> None:
        person = await world.sign_in(user, role)
        for path, permission in (
            ("/ws/desk", Permission.WORK),
            ("/ws/board", Permission.BOARD),
        ):
            if grant(role, permission).scope == Scope.NONE:
                with pytest.raises(Exception, match="403"):
                    await person.socket(path)
            else:
                await (await person.socket(path)).close()

    story(tmp_path, tell)
