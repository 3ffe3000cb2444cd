"""Attack 29: the API does what its OpenAPI page says, whatever is sent to it (schemathesis)."""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from agent_desktop.api.access import Allow, served_routes
from agent_desktop.guards import COOKIE
from agent_desktop.permissions import Role, Scope, grant
from tests.agent_desktop.world import World, story

EXAMPLES = int(os.environ.get("CARILLON_SCHEMA_EXAMPLES", "0"))
"""How many requests each phase makes of each route: one in every run, fifty when attacking.

Then it is every role that attacks; else the two that between them pass every door.
"""

SEED = 29
ENDS_THE_SESSION = ("sign_out", "end_other_sessions", "change_password")
SETS_PASSWORDS = "root"
"""How weak a password is no schema can say: what fits theirs may still be refused."""

ROLES = {
    "mia": Role.AGENT,
    "sue": Role.SUPERVISOR,
    "boss": Role.MANAGER,
    "root": Role.ADMINISTRATOR,
}


@pytest.mark.parametrize("user", ROLES if EXAMPLES else ("sue", "root"))
def test_attack_29_nothing_that_is_sent_breaks_a_route_or_its_description(
    tmp_path: Path, user: str
) -> None:
    """Each role, on things that are there: what agents have in hand, and their customers."""

    async def tell(world: World) -> None:
        desk, chat = await world.given("mia")
        view = world.hub.interaction(chat)
        assert view is not None
        files = f"/api/v1/interactions/{chat}/files"
        sent = await desk.person.request("POST", f"{files}?name=note.txt", content=b"Pay by noon.")
        (entry,) = (await desk.person.get(f"/api/v1/interactions/{chat}/entries")).json()["entries"]
        things = {
            "interaction_id": chat,
            "subject": view.subject,
            "file_id": sent.json()["file_id"],
            "entry_id": entry["entry_id"],
            "agent_id": "mia",
            "user": "tom",
        }
        await world.sign_in("tom")
        await _attack(world, tmp_path, user, things, "examples,fuzzing")

    story(tmp_path, tell, patience_s=600)


def test_attack_29_no_kind_of_wrong_request_breaks_a_route(tmp_path: Path) -> None:
    """Every way in which a request can be wrong, by the role that passes most doors."""

    async def tell(world: World) -> None:
        await _attack(world, tmp_path, "sue", {}, "coverage")

    story(tmp_path, tell, patience_s=600)


async def _attack(
    world: World, folder: Path, user: str, things: dict[str, str], phases: str
) -> None:
    person = await world.sign_in(user, ROLES[user])
    page = (await person.get("/api/openapi.json")).json()
    schema = folder / "openapi.json"
    schema.write_text(json.dumps(page))
    settings = [f'[auth.openapi.session]\napi_key = "{person.cookies[COOKIE]}"', "[parameters]"]
    settings += [f'"path.{name}" = "{value}"' for name, value in things.items()]
    (folder / "schemathesis.toml").write_text("\n".join(settings) + "\n")
    command = [
        *(sys.executable, "-m", "schemathesis.cli", "run", str(schema)),
        *("--url", world.origin, "--checks", "all", "--max-examples", str(EXAMPLES or 1)),
        *("--seed", str(SEED), "--generation-deterministic", "--no-color"),
        *("--phases", phases),
        *("--header", f"Origin: {world.origin}", "--header", "X-Carillon: 1"),
    ]
    # Doors that are shut for a role are attack 28's.
    shut = [
        route.name
        for route in served_routes(world.server.api)
        if isinstance(route.row, Allow)
        and grant(ROLES[user], route.row.permission).scope == Scope.NONE
    ]
    if user == SETS_PASSWORDS:
        command += ["--exclude-checks", "positive_data_acceptance"]
    for name in (*ENDS_THE_SESSION, *shut):
        command += ["--exclude-operation-id", name]
    run = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT, cwd=folder
    )
    passing = asyncio.create_task(_let_time_pass(world))
    try:
        output, _ = await run.communicate()
    finally:
        passing.cancel()
        if run.returncode is None:
            run.kill()
    assert run.returncode == 0, output.decode()[-6_000:]
    assert (await person.get("/api/v1/session")).status_code == 200


async def _let_time_pass(world: World) -> None:
    """The rate of requests is another test's: a second passes in a twentieth of one."""
    while True:
        await asyncio.sleep(0.05)
        world.clock.pass_ms(1_000)
