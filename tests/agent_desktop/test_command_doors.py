"""Attack 28 on the socket: each command by each kind of person, on own and foreign things."""

from __future__ import annotations

import asyncio
import secrets
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from agent_desktop.permissions import Permission, Role, Scope, grant
from router.model.ids import AgentId
from tests.agent_desktop.client import DeskClient, Person
from tests.agent_desktop.world import SALES, World, story

ORDER: tuple[tuple[str, dict[str, Any]], ...] = (
    ("presence", {"presence": "ready"}),
    ("typing", {"interaction_id": "{chat}"}),
    ("read", {"interaction_id": "{chat}", "number": 1}),
    ("draft", {"interaction_id": "{chat}", "kind": "reply", "text": "So", "revision": 1}),
    ("note", {"interaction_id": "{chat}", "entry_id": "{new}", "text": "VIP"}),
    ("send", {"interaction_id": "{chat}", "entry_id": "{new}", "text": "Yes", "seen": 9}),
    ("attributes", {"interaction_id": "{chat}", "attributes": {"seat": 4}}),
    ("hold", {"interaction_id": "{chat}"}),
    ("retrieve", {"interaction_id": "{chat}"}),
    ("extend_wrap_up", {"interaction_id": "{chat}"}),
    ("consult", {"interaction_id": "{chat}", "agent": "tom"}),
    ("complete_consult", {"interaction_id": "{chat}"}),
    ("end_consult", {"interaction_id": "{chat}"}),
    ("unpark", {"interaction_id": "{chat}"}),
    ("park", {"interaction_id": "{chat}", "until": 2**52}),
    ("accept", {"offer_id": "{offer}"}),
    ("decline", {"offer_id": "{offer}", "reason": "no"}),
    ("transfer", {"interaction_id": "{chat}", "queue": "billing"}),
    ("end", {"interaction_id": "{chat}"}),
    ("wrap_up", {"interaction_id": "{chat}", "disposition": "solved"}),
    ("queues", {}),
    ("take", {}),
    ("sign_out", {}),
)
OF_TELEPHONES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("telephone", {"sound": True}),
    ("device", {"device": "browser"}),
    ("reconnect", {"call_id": "{call}"}),
    ("mute", {"call_id": "{call}", "on": True}),
    ("press", {"call_id": "{call}", "digits": "1"}),
    ("pause_recording", {"call_id": "{call}", "on": True}),
    ("dial", {"number": "+4930123", "queue": "billing"}),
    ("consult_number", {"interaction_id": "{chat}", "number": "+4930123"}),
    ("transfer_number", {"interaction_id": "{chat}", "number": "+4930123"}),
    ("leave_number", {"interaction_id": "{chat}"}),
    ("gather", {"interaction_id": "{chat}", "together": True}),
    ("watch", {"agent": "eve", "watching": "listen"}),
    ("stop_watching", {"interaction_id": "{chat}"}),
)
"""What needs a call: reached in ``test_telephone``, here only tried on what is another's."""
DOORS = {"not_found", "forbidden", "not_owner", "unknown_command", "invalid_input", "offer_gone"}
"""What a command is refused with that never came to its thing."""


def filled(arguments: dict[str, Any], chat: str, offer: str, call: str = "") -> dict[str, Any]:
    places = {"{chat}": chat, "{offer}": offer, "{call}": call, "{new}": secrets.token_hex(16)}
    return {
        name: places.get(value, value) if isinstance(value, str) else value
        for name, value in arguments.items()
    }


async def refusal(desk: DeskClient, name: str, arguments: dict[str, Any]) -> tuple[str, str] | None:
    """What a command was refused with; a ping says that one without an answer was taken."""
    if name not in ("typing", "queues"):
        answer = await desk.answer(name, **arguments)
        return (answer["code"], answer["message"]) if answer["type"] == "refused" else None
    wish = secrets.token_hex(8)
    await desk.send(type="do", id=wish, do=name, args=arguments)
    await desk.do("take")
    refused = [each for each in desk.heard if each.get("id") == wish]
    return (refused[0]["code"], refused[0]["message"]) if refused else None


def test_attack_28_the_list_of_commands_is_whole(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        named = {name for name, _ in (*ORDER, *OF_TELEPHONES)}
        assert named == set(world.server.commands.table)

    story(tmp_path, tell)


@pytest.mark.parametrize("table", [ORDER, OF_TELEPHONES], ids=["of every medium", "of calls"])
def test_attack_28_a_foreign_thing_looks_to_every_command_as_one_that_is_not_there(
    tmp_path: Path, table: tuple[tuple[str, dict[str, Any]], ...]
) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        eve, chat = await world.given("eve", queue="sales")
        await world.arrive(queue=SALES)
        offer = (await eve.push("offered"))["offer"]["offer_id"]
        for desk in (mia, eve):
            await desk.do("telephone", sound=True)
        ring = asyncio.create_task(world.telephones.ring(AgentId("eve"), chat))
        asked = await eve.live("describe")
        await eve.send(type="described", request=asked["request"], sdp="v=0")
        call, _ = await ring
        before = len(eve.pushes)
        for name, arguments in table:
            if not {"interaction_id", "offer_id", "call_id"} & set(arguments):
                continue
            absent = await refusal(mia, name, filled(arguments, "0" * 32, f"{'0' * 32}.1", "none"))
            foreign = await refusal(mia, name, filled(arguments, chat, offer, call))
            assert foreign is not None, name
            assert foreign == absent, name
            assert foreign[0] in DOORS, name
        await eve.ping()
        assert [push["kind"] for push in eve.pushes[before:]] == []
        view = world.hub.interaction(chat)
        assert view is not None
        assert (view.entries, view.attributes.get("seat")) == (1, None)

    story(tmp_path, tell)


@pytest.mark.parametrize(("user", "role"), [("mia", Role.AGENT), ("sue", Role.SUPERVISOR)])
def test_attack_28_ones_own_thing_is_reached_by_every_command(
    tmp_path: Path, user: str, role: Role
) -> None:
    async def tell(world: World) -> None:
        await world.sign_in(user, role, agent_id="mia")
        desk, chat = await world.given(user)
        gone = {"unpark": "park", "wrap_up": "end"}
        for name, arguments in ORDER:
            if "offer_id" in arguments:
                await desk.do("presence", presence="ready")
                await world.arrive()
                offer = (await desk.push("offered"))["offer"]
                own = await refusal(desk, name, filled(arguments, chat, offer["offer_id"]))
                assert own is None, (name, own)
                if name == "accept":
                    chat = offer["interaction_id"]
                continue
            own = await refusal(desk, name, filled(arguments, chat, ""))
            if own is not None and name not in gone and name != "end":
                assert own[0] not in DOORS, (name, own)

    story(tmp_path, tell)


@pytest.mark.parametrize(
    ("user", "role"), [("boss", Role.MANAGER), ("root", Role.ADMINISTRATOR), ("", None)]
)
def test_attack_28_who_does_no_work_cannot_even_say_a_command(
    tmp_path: Path, user: str, role: Role | None
) -> None:
    async def tell(world: World) -> None:
        if role is None:
            person = Person(world.origin, world.http)
            person.cookies["__Host-carillon"] = secrets.token_urlsafe(32)
            ticket = secrets.token_urlsafe(32)
        else:
            assert grant(role, Permission.WORK).scope == Scope.NONE
            person = await world.sign_in(user, role)
            ticket = await person.ticket()
        with pytest.raises(InvalidStatus) as caught:
            await person.socket("/ws/desk", ticket=ticket)
        assert caught.value.response.status_code == (401 if role is None else 403)

    story(tmp_path, tell)
