"""Recordings over HTTP: who may listen, what is noted, ranges, holds, and the end of their time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent_desktop.audit import AuditQuestion
from agent_desktop.byte_ranges import Part, Unsatisfiable, part_of
from agent_desktop.permissions import Role
from agent_desktop.settings import Policy
from router.model.ids import DAY_MS, InteractionId
from router.model.recording import Recording, RecordingKind
from tests.agent_desktop.client import Person
from tests.agent_desktop.world import World, story

SOUND = b"\x01\x02\x03\x04" * 100_000  # 400 kB: 12.5 s of stereo
SIZE = 44 + len(SOUND)


async def recorded(
    world: World, place: InteractionId, recording_id: str = "r1", sound: bytes = SOUND
) -> str:
    """A recording of an interaction; where it is asked for."""
    view = world.hub.interaction(place)
    assert view is not None
    writer = await world.recordings.store(
        Recording(
            recording_id=recording_id,
            interaction_id=place,
            subject=view.subject,
            kind=RecordingKind.CALL,
            began=world.clock.now(),
            rate_hz=8_000,
            channels=("customer", "agents"),
        )
    )
    await writer.write(sound)
    await writer.keep()
    return f"/api/v1/interactions/{place}/recordings"


async def listed(person: Person, place: str) -> dict[str, Any]:
    (found,) = (await person.get(place)).json()["recordings"]
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None),
        ("bytes=0-", Part(0, 100)),
        ("bytes=10-19", Part(10, 20)),
        ("bytes=90-1000", Part(90, 100)),
        ("bytes=-30", Part(70, 100)),
        ("bytes=-300", Part(0, 100)),
        ("bytes=9-8", None),
        ("bytes=-", None),
        ("bytes=0-1,5-6", None),
        ("lines=0-1", None),
        ("bytes=" + ",".join(["0-"] * 1_000), None),
        ("bytes=" + "9" * 400 + "-", None),
    ],
)
def test_a_range_is_one_or_none(header: str | None, part: Part | None) -> None:
    assert part_of(header, 100) == part


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=200-300", "bytes=-0"])
def test_a_range_behind_the_end_is_unsatisfiable(header: str) -> None:
    with pytest.raises(Unsatisfiable):
        part_of(header, 100)


def test_who_took_part_listens_and_it_is_noted_beside_the_recording(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        place = await recorded(world, chat)
        first = await listed(mia.person, place)
        assert (first["duration_ms"], first["channels"]) == (12_500, ["customer", "agents"])
        assert (first["may_listen"], first["heard"], first["hold"]) == (True, [], None)
        begun = (await mia.person.post(f"{place}/r1/listen")).json()
        whole = await mia.person.get(begun["url"])
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        assert whole.content[44:] == SOUND
        assert whole.headers["content-length"] == str(SIZE)
        part = await mia.person.get(begun["url"], headers={"Range": "bytes=40-299999"})
        assert part.status_code == 206
        assert part.content == whole.content[40:300_000]
        assert part.headers["content-range"] == f"bytes 40-299999/{SIZE}"
        none = await mia.person.get(begun["url"], headers={"Range": f"bytes={SIZE}-"})
        assert (none.status_code, none.headers["content-range"]) == (416, f"bytes */{SIZE}")
        (heard,) = (await listed(mia.person, place))["heard"]
        assert heard["name"] == "Mia"
        (line, *_) = (await world.audit.read(AuditQuestion())).entries
        assert (line.actor, line.action) == ("mia", "recording.listen")
        assert line.object == f"recording r1 interaction {chat}"

    story(tmp_path, tell)


def test_file_6_no_sound_without_a_listening_of_ones_own_that_is_noted(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        place = await recorded(world, chat)
        url = (await mia.person.post(f"{place}/r1/listen")).json()["url"]
        sue = await world.sign_in("sue", Role.SUPERVISOR)
        for person, address in (
            (mia.person, f"{place}/r1/sound?listening=guessed"),
            (sue, url),
            (mia.person, url.replace("/r1/", "/r2/")),
        ):
            assert (await person.get(address)).status_code == 404, address
        eve = await world.sign_in("eve")
        for method, way in (("GET", ""), ("POST", "/r1/listen")):
            assert (await eve.request(method, place + way, json={})).status_code == 404
        world.clock.pass_ms(3_600_000)
        again = await world.sign_in("mia")
        assert (await again.get(url)).status_code == 404

    story(tmp_path, tell)


def test_agents_listen_to_their_own_calls_and_only_as_long_as_the_site_allows(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        place = await recorded(world, chat)
        world.server.reconfigure(Policy(recordings_agents_listen_ms=0))
        mia, sue = await world.sign_in("mia"), await world.sign_in("sue", Role.SUPERVISOR)
        assert (await listed(mia, place))["may_listen"] is False
        assert (await mia.post(f"{place}/r1/listen")).status_code == 403
        assert (await listed(sue, place))["may_listen"] is True
        assert (await sue.post(f"{place}/r1/listen")).status_code == 200
        ada = await world.sign_in("ada", Role.ADMINISTRATOR)
        assert (await ada.post(f"{place}/r1/listen")).status_code == 403

    story(tmp_path, tell)


def test_managers_hold_and_fetch_and_time_deletes_what_nobody_holds(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        place = await recorded(world, chat)
        max_ = await world.sign_in("max", Role.MANAGER)
        held = await max_.request("PUT", f"{place}/r1/hold", json={"reason": "a complaint"})
        assert held.json()["hold"] == {"by": "max", "reason": "a complaint"}
        file = await max_.get(f"{place}/r1/file")
        assert "attachment" in file.headers["content-disposition"]
        assert file.content[44:] == SOUND
        world.clock.pass_ms(91 * DAY_MS)
        await world.server.look_after()
        max_ = await world.sign_in("max", Role.MANAGER)
        assert (await listed(max_, place))["removed"] is None
        await max_.request("PUT", f"{place}/r1/hold", json={"reason": ""})
        await world.server.look_after()
        gone = await listed(max_, place)
        assert gone["removed"] is not None
        assert gone["may_listen"] is False
        assert (await max_.post(f"{place}/r1/listen")).status_code == 404
        actions = [line.action for line in (await world.audit.read(AuditQuestion())).entries]
        assert {"recording.hold", "recording.release", "recording.expire"} < set(actions)

    story(tmp_path, tell)
