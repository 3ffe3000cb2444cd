"""Commands, tabs, drafts, typing and grace, over real sockets."""

import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from router.model.ids import AgentId, InteractionId
from tests.agent_desktop.client import DeskClient, Refused
from tests.agent_desktop.world import World, story


def test_the_same_command_twice_is_done_once_and_answered_alike(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        args: dict[str, Any] = {
            "interaction_id": chat,
            "text": "Once.",
            "seen": 1,
            "entry_id": secrets.token_hex(16),
        }
        first = await mia.answer("send", id="wish-1", **args)
        back = await mia.again()
        again = await back.answer("send", id="wish-1", **args)
        assert again == first
        third = await back.answer("send", id="wish-2", **args)
        assert third["type"] == "done"
        entries = (await back.person.get(f"/api/v1/interactions/{chat}")).json()["entries"]
        assert [entry["text"] for entry in entries] == ["Where is my invoice?", "Once."]

    story(tmp_path, tell)


def test_a_reply_to_something_that_changed_meanwhile_is_stopped(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        await world.says(chat, "Forget it, I found it.")
        with pytest.raises(Refused) as caught:
            await mia.write(chat, "It left today.", seen=1)
        assert caught.value.code == "stale"
        newer = caught.value.answer["details"]["entries"]
        assert [entry["text"] for entry in newer] == ["Forget it, I found it."]
        await mia.write(chat, "Glad to hear.", seen=newer[-1]["number"])
        await world.says(chat, "One more thing")
        await mia.write(chat, "Sent anyway.", seen=1, force=True)

    story(tmp_path, tell)


def test_send_and_finish_ends_the_engagement_too(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        await mia.write(chat, "Bye.", finish=True)
        item = (await mia.push("item"))["item"]
        assert item["phase"] == "wrap_up"
        assert item["wrap_up"]["required"] is True
        with pytest.raises(Refused) as caught:
            await mia.do("wrap_up", interaction_id=chat, done=True)
        assert caught.value.code == "disposition_required"
        await mia.do("extend_wrap_up", interaction_id=chat)
        extended = (await mia.push("item"))["item"]["wrap_up"]
        assert extended["extensions_left"] == 9
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        assert (await mia.push("item_gone"))["interaction_id"] == chat
        await mia.do("wrap_up", interaction_id=chat, disposition="spam", done=True)
        await mia.do(
            "note", interaction_id=chat, text="Late thought.", entry_id=secrets.token_hex(16)
        )

    story(tmp_path, tell)


def test_an_offer_that_is_gone_is_refused_so(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        chat = await world.arrive()
        offer = (await mia.push("offered"))["offer"]
        await mia.do("decline", offer_id=offer["offer_id"], reason="busy")
        assert (await mia.push("offer_ended"))["end"] == "declined"
        for offer_id in (offer["offer_id"], f"{chat}.99", "nothing.1"):
            with pytest.raises(Refused) as caught:
                await mia.do("accept", offer_id=offer_id)
            assert caught.value.code == "offer_gone"

    story(tmp_path, tell)


def test_nobody_takes_anothers_offer(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.ready("mia")
        eve = await world.ready("eve")
        await world.arrive()
        offer = (await mia.push("offered"))["offer"]
        with pytest.raises(Refused) as caught:
            await eve.do("accept", offer_id=offer["offer_id"])
        assert caught.value.code == "offer_gone"

    story(tmp_path, tell)


FOREIGN: list[tuple[str, dict[str, Any]]] = [
    ("send", {"text": "x", "seen": 0, "entry_id": "0" * 32}),
    ("note", {"text": "x", "entry_id": "0" * 32}),
    ("typing", {"typing": True}),
    ("read", {"number": 1}),
    ("draft", {"kind": "reply", "text": "x", "revision": 0}),
    ("hold", {}),
    ("retrieve", {}),
    ("end", {}),
    ("transfer", {"queue": "sales"}),
    ("consult", {"agent": "tom"}),
    ("complete_consult", {}),
    ("end_consult", {}),
    ("park", {"until": 2**50}),
    ("unpark", {}),
    ("wrap_up", {"done": True}),
    ("extend_wrap_up", {}),
    ("attributes", {"attributes": {"a": 1}}),
]


def test_web_8_no_command_tells_a_foreign_interaction_from_an_absent_one(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        _, chat = await world.given("mia")
        eve = await world.ready("eve")
        for name, args in FOREIGN:
            answers = []
            for place in (chat, "f" * 32):
                answer = await eve.answer(name, interaction_id=place, **args)
                answers.append({**answer, "id": ""})
            assert answers[0] == answers[1], name
            assert answers[0]["code"] == "not_found", name

    story(tmp_path, tell)


def test_a_wish_for_later_is_shown_and_can_be_taken_back(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, _ = await world.given("mia")
        await mia.do("presence", presence="not_ready", reason="meal")
        agent = (await mia.push("presence"))["agent"]
        assert (agent["presence"], agent["asked"], agent["asked_reason"]) == (
            "ready",
            "not_ready",
            "meal",
        )
        await mia.do("presence", withdraw=True)
        assert (await mia.push("presence"))["agent"]["asked"] is None
        with pytest.raises(Refused) as caught:
            await mia.do("presence", presence="not_ready", reason="nap")
        assert caught.value.code == "unknown_reason"

    story(tmp_path, tell)


def everything_on_disk(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_drafts_are_kept_sealed_and_a_stale_one_is_refused_with_the_newer_text(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        second = await DeskClient.open(mia.person)
        words = "the unsent sentence"
        kept = await mia.do("draft", interaction_id=chat, kind="reply", text=words, revision=0)
        assert kept == {"revision": 1}
        seen = await second.live("draft")
        assert seen["draft"] == {"kind": "reply", "text": words, "revision": 1}
        with pytest.raises(Refused) as caught:
            await second.do("draft", interaction_id=chat, kind="reply", text="mine", revision=0)
        assert caught.value.code == "stale"
        assert caught.value.answer["details"] == {"text": words, "revision": 1}
        body = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()
        assert body["drafts"] == [{"kind": "reply", "text": words, "revision": 1}]
        assert words.encode() not in everything_on_disk(tmp_path)
        await mia.write(chat, words)
        assert (await second.live("draft"))["draft"] == {
            "kind": "reply",
            "text": "",
            "revision": 2,
        }

    story(tmp_path, tell)


class Ears:
    """Whispers that remember what they were told."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, ...]] = []

    def typing(self, interaction_id: InteractionId, agent_id: AgentId, *, typing: bool) -> None:
        self.heard.append(("typing", interaction_id, agent_id, typing))

    def read(self, interaction_id: InteractionId, number: int) -> None:
        self.heard.append(("read", interaction_id, number))


def test_typing_and_reading_go_both_ways_and_to_colleagues(tmp_path: Path) -> None:
    ears = Ears()

    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        tom = await world.ready("tom")
        await mia.do("consult", interaction_id=chat, agent="tom")
        offer = (await tom.push("offered"))["offer"]
        assert offer["from_agent"] == "mia"
        await tom.do("accept", offer_id=offer["offer_id"])
        item = (await tom.push("item"))["item"]
        assert item["role"] == "consulted"
        assert item["others"] == [{"agent_id": "mia", "name": "Mia", "role": "lead"}]
        await mia.send(
            type="do", id="t1", do="typing", args={"interaction_id": chat, "typing": True}
        )
        news = await tom.live("writing")
        assert (news["agent_id"], news["interaction_id"]) == ("mia", chat)
        assert await mia.do("read", interaction_id=chat, number=1) == {"unread": 0}
        await mia.do("read", interaction_id=chat, number=1)
        assert ears.heard == [("typing", chat, "mia", True), ("read", chat, 1)]
        world.server.customer_typing(InteractionId(chat), typing=True)
        for desk in (mia, tom):
            assert (await desk.live("typing"))["who"] == "customer"
        assert not [each for each in mia.heard if each.get("id") == "t1"]

    story(tmp_path, tell, whispers=ears)


def test_unread_counts_what_others_wrote_since_one_read(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        item = (await mia.person.get(f"/api/v1/interactions/{chat}")).json()["item"]
        assert item["unread"] == 1
        await mia.do("read", interaction_id=chat, number=1)
        await mia.write(chat, "Own words are read.")
        assert (await mia.push("entry"))["item"]["unread"] == 0
        await world.says(chat, "And?")
        push = await mia.push("entry")
        assert (push["item"]["unread"], push["item"]["entries"]) == (1, 3)

    story(tmp_path, tell)


def test_a_transfer_leaves_one_desk_and_reaches_another(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        eve = await world.ready("eve")
        await mia.do("note", interaction_id=chat, text="VIP", entry_id=secrets.token_hex(16))
        await mia.do("transfer", interaction_id=chat, queue="sales")
        offer = (await eve.push("offered"))["offer"]
        assert offer["queue"] == "sales"
        await eve.do("accept", offer_id=offer["offer_id"])
        entries = (await eve.person.get(f"/api/v1/interactions/{chat}")).json()["entries"]
        assert [(entry["text"], entry["note"]) for entry in entries] == [
            ("Where is my invoice?", False),
            ("VIP", True),
        ]
        with pytest.raises(Refused) as caught:
            await eve.do("transfer", interaction_id=chat)
        assert caught.value.code == "invalid_input"

    story(tmp_path, tell)


def test_who_transferred_it_chooses_among_the_outcomes_of_the_queue_they_had_it_in(
    tmp_path: Path,
) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        await mia.do("transfer", interaction_id=chat, queue="sales")
        while (item := (await mia.push("item"))["item"])["wrap_up"] is None:
            continue
        assert item["queue"] == "sales"
        assert item["wrap_up"]["required"] is True
        assert [each["name"] for each in item["dispositions"]] == ["solved", "spam"]
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)

    story(tmp_path, tell)


def test_parked_work_stays_in_sight_and_is_taken_up_again(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        until = world.clock.now() + 3_600_000
        await mia.do("park", interaction_id=chat, until=until)
        parked = (await mia.push("item"))["item"]
        assert (parked["phase"], parked["parked_until"]) == ("parked", until)
        assert "unpark" in parked["can"]
        other = await DeskClient.open(mia.person)
        assert other.snapshot is not None
        assert [item["phase"] for item in other.snapshot["items"]] == ["parked"]
        await mia.do("unpark", interaction_id=chat)
        assert (await mia.push("item"))["item"]["phase"] == "engaged"
        with pytest.raises(Refused) as caught:
            await mia.do("park", interaction_id=chat, until=1)
        assert caught.value.code == "invalid_time"

    story(tmp_path, tell)


def test_signing_out_is_refused_while_engaged_and_then_done(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, chat = await world.given("mia")
        with pytest.raises(Refused) as caught:
            await mia.do("sign_out")
        assert caught.value.code == "busy"
        await mia.write(chat, "Bye.", finish=True)
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        await mia.do("sign_out")
        last = [push async for push in _presences(mia)][-1]
        assert last["agent"]["shown"] == "offline"

    async def _presences(mia: DeskClient) -> AsyncIterator[dict[str, Any]]:
        while True:
            push = await mia.push("presence")
            yield push
            if push["agent"]["presence"] == "offline":
                return

    story(tmp_path, tell)
