"""The telephone of a page: who rings, where sound is, what is refused, who may listen in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest

from agent_desktop.audit import AuditQuestion
from agent_desktop.permissions import Role
from router.model.errors import Refused as PortRefused
from router.model.ids import AgentId, InteractionId
from router.telephones import CallId, CallPhase, Device, Party, PartyKind, Recording
from tests.agent_desktop.client import DeskClient, Refused
from tests.agent_desktop.world import World, story

ANSWER = "v=0\r\na=setup:active\r\n"
MIA, SUE = AgentId("mia"), AgentId("sue")
CALL = InteractionId("c" * 32)


async def describes(desk: DeskClient, **more: Any) -> dict[str, Any]:
    """Answer the next request for a description."""
    asked = await desk.live("describe")
    await desk.send(type="described", request=asked["request"], **(more or {"sdp": ANSWER}))
    return asked


async def ringing(
    world: World, desk: DeskClient, place: InteractionId = CALL
) -> tuple[CallId, dict[str, Any]]:
    """A call rings at a page that answers."""
    (call_id, sdp), asked = await asyncio.gather(world.telephones.ring(MIA, place), describes(desk))
    assert sdp == ANSWER
    return call_id, asked


async def refused(work: Awaitable[Any]) -> str:
    with pytest.raises(PortRefused) as caught:
        await work
    return caught.value.code


async def until(desk: DeskClient, **wanted: Any) -> dict[str, Any]:
    """The next call told that stands like this."""
    while True:
        call: dict[str, Any] = (await desk.live("call"))["call"]
        if all(call[name] == value for name, value in wanted.items()):
            return call


def test_a_page_that_can_be_heard_rings_and_describes_its_sound(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        assert (await mia.live("calls"))["devices"] == []
        assert await refused(world.telephones.ring(MIA, CALL)) == "no_page"
        await mia.do("telephone", sound=True)
        call_id, asked = await ringing(world, mia)
        assert asked["sdp"].startswith("v=0")
        call = asked["call"]
        assert (call["phase"], call["number"], call["here"]) == ("ringing", "+34600111222", True)
        party = Party(PartyKind.AGENT, "talking", agent_id=AgentId("tom"))
        world.telephones.tell(call_id, phase=CallPhase.TALKING, parties=(party,))
        told = await until(mia, phase="talking")
        assert told["parties"] == [
            {"kind": "agent", "state": "talking", "name": "Tom", "agent_id": "tom"}
        ]

    story(tmp_path, tell)


def test_what_a_page_does_to_its_call_comes_back_as_the_calls_state(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        await mia.do("telephone", sound=True)
        call, _ = await ringing(world, mia)
        await mia.do("mute", call_id=call, on=True)
        assert (await until(mia, muted=True))["call_id"] == call
        with pytest.raises(Refused) as unrecorded:
            await mia.do("pause_recording", call_id=call, on=True)
        assert unrecorded.value.code == "not_recorded"
        world.telephones.tell(call, recording=Recording.ON)
        await mia.do("pause_recording", call_id=call, on=True)
        await until(mia, recording="paused")
        await mia.do("press", call_id=call, digits="12#")
        assert world.telephones.pressed == ["12#"]
        await mia.do("consult_number", interaction_id=CALL, number="+4930123")
        assert (await until(mia))["parties"][0]["name"] == "+4930123"
        await mia.do("gather", interaction_id=CALL, together=True)
        await until(mia, together=True)
        await mia.do("leave_number", interaction_id=CALL)
        await mia.do("transfer_number", interaction_id=CALL, number="+4930123")
        assert (await until(mia, phase="ended"))["reason"] == "hung_up"

    story(tmp_path, tell)


def test_bad_calls_keys_and_numbers_are_refused_by_the_field(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        await mia.do("telephone", sound=True)
        call, _ = await ringing(world, mia)
        for name, args, code in (
            ("press", {"call_id": call, "digits": "1;2"}, "invalid_input"),
            ("press", {"call_id": call, "digits": "1" * 65}, "invalid_input"),
            ("mute", {"call_id": "another", "on": True}, "not_found"),
            ("device", {"device": "phone"}, "no_phone"),
            ("device", {"device": "fax"}, "invalid_input"),
            ("dial", {"number": "", "queue": "billing"}, "invalid_input"),
            ("dial", {"number": "+9001", "queue": "billing"}, "not_allowed"),
            ("watch", {"agent": "tom", "watching": "listen"}, "forbidden"),
        ):
            answer = await mia.answer(name, **args)
            assert (answer["type"], answer["code"]) == ("refused", code), name
        number = await mia.do("dial", number="+4930123", queue="billing")
        await describes(mia)
        assert number["interaction_id"] == "out-1"

    story(tmp_path, tell)


def test_a_page_without_a_microphone_says_so_and_does_not_ring(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        await mia.do("telephone", sound=True)
        asking = asyncio.create_task(world.telephones.ring(MIA, CALL))
        await describes(mia, code="no_microphone")
        assert await refused(asking) == "no_microphone"
        await mia.do("telephone", sound=False, why="blocked")
        assert await refused(world.telephones.ring(MIA, CALL)) == "no_page"
        world.telephones.with_phone.add(MIA)
        await mia.do("telephone", sound=False, why="blocked")
        assert await refused(world.telephones.ring(MIA, CALL)) == "no_microphone"
        await mia.do("device", device="phone")
        assert world.telephones.devices(MIA) == (Device.PHONE, Device.BROWSER)

    story(tmp_path, tell)


def test_a_page_whose_socket_was_cut_is_still_the_same_telephone(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        await mia.do("telephone", sound=True)
        call, _ = await ringing(world, mia)
        await mia.leave()
        await world.gone("mia")
        world.telephones.tell(call, phase=CallPhase.HELD)
        asking = asyncio.create_task(world.telephones.ring(MIA, CALL))
        mia = await mia.again()
        (held, *_) = (await mia.live("calls"))["calls"]
        assert (held["call_id"], held["phase"], held["here"]) == (call, "held", True)
        await describes(mia)
        assert (await asking)[1] == ANSWER
        again = asyncio.create_task(mia.do("reconnect", call_id=call))
        await describes(mia)
        assert await again == {}

    story(tmp_path, tell)


def test_a_page_that_stays_away_is_unplugged_after_the_grace_time(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia = await world.desk("mia")
        await mia.do("telephone", sound=True)
        world.open_desks.clear()
        await mia.leave()
        await world.gone("mia")
        while world.telephones.pages[MIA]:
            world.clock.pass_ms(10_000)
            await asyncio.sleep(0.05)

    story(tmp_path, tell)


def test_sound_stays_where_it_is_when_another_tab_takes_the_desk_20(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        first = await world.desk("mia")
        await first.do("telephone", sound=True)
        call, _ = await ringing(world, first)
        world.telephones.tell(call, phase=CallPhase.TALKING)
        second = await DeskClient.open(first.person)
        (known,) = (await second.live("calls"))["calls"]
        assert (known["call_id"], known["here"]) == (call, False)
        world.telephones.tell(call, muted=True)
        assert (await until(second, muted=True))["here"] is False
        await second.do("take")
        await second.do("telephone", sound=True)
        await first.do("telephone", sound=False, why="elsewhere")
        world.telephones.tell(call, muted=False)
        assert (await until(second, muted=False))["here"] is False
        moving = asyncio.create_task(second.do("reconnect", call_id=call))
        await describes(second)
        await moving
        assert (await until(second, phase="talking", here=True))["call_id"] == call

    story(tmp_path, tell)


def test_only_the_page_that_was_asked_can_answer_for_it_and_only_once(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        mia, tom = await world.desk("mia"), await world.desk("tom")
        await mia.do("telephone", sound=True)
        await tom.do("telephone", sound=True)
        asking = asyncio.create_task(world.telephones.ring(MIA, CALL))
        asked = await mia.live("describe")
        await tom.send(type="described", request=asked["request"], sdp="v=0\r\nstolen")
        await tom.ping()
        await mia.send(type="described", request=asked["request"], sdp=ANSWER)
        await mia.send(type="described", request=asked["request"], sdp="v=0\r\nlate")
        assert (await asking)[1] == ANSWER
        await mia.send(type="described", request="x", sdp="v" * 20_000)
        assert await mia.closed() == 4400

    story(tmp_path, tell)


def test_a_supervisor_listens_to_their_team_and_every_time_is_in_the_audit(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        world.telephones.runs = True
        await world.add_user("sue", Role.SUPERVISOR)
        mia, sue = await world.desk("mia"), await world.desk("sue")
        await mia.do("telephone", sound=True)
        await sue.do("telephone", sound=True)
        nothing = await sue.answer("watch", agent="mia", watching="listen")
        assert nothing["code"] == "not_found"
        assert (await sue.answer("watch", agent="eve", watching="listen"))["code"] == "not_found"
        place = await world.arrive()
        call, _ = await ringing(world, mia, place)
        world.telephones.tell(call, phase=CallPhase.TALKING)
        watching = asyncio.create_task(sue.do("watch", agent="mia", watching="whisper"))
        asked = await describes(sue)
        assert (asked["call"]["kind"], asked["call"]["watching"]) == ("watch", "whisper")
        assert await watching == {"interaction_id": place}
        lines = (await world.audit.read(AuditQuestion())).entries
        assert (lines[0].actor, lines[0].action) == ("sue", "monitor.whisper")
        assert lines[0].object == f"interaction {place} agent mia"
        await sue.do("watch", agent="mia", watching="barge")
        await until(sue, watching="barge")
        await sue.do("stop_watching", interaction_id=place)
        await until(sue, phase="ended")
        assert (await sue.answer("watch", agent="sue", watching="listen"))["code"] == "not_yours"

    story(tmp_path, tell)
