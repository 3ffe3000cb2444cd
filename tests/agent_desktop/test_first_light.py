"""One chat from its ring to its end, over a real socket."""

from pathlib import Path

from tests.agent_desktop.world import World, story


def test_an_agent_signs_in_is_offered_a_chat_answers_and_wraps_up(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.desk("mia")
        assert mia.welcome["owner"] is True
        assert mia.snapshot is not None
        assert mia.snapshot["agent"]["shown"] == "not_ready"
        await mia.do("presence", presence="ready")
        chat = await world.arrive(text="Where is my invoice?\nIt is late.")
        offer = (await mia.push("offered"))["offer"]
        assert offer["customer"]["name"] == "Ana Ruiz"
        assert offer["summary"] == "Where is my invoice?"
        assert offer["queue_title"]["en"] == "Billing"
        await mia.do("accept", offer_id=offer["offer_id"])
        assert (await mia.push("offer_ended"))["end"] == "accepted"
        item = (await mia.push("item"))["item"]
        assert item["phase"] == "engaged"
        assert "send" in item["can"]
        await mia.write(chat, "Good morning, it left today.")
        entry = (await mia.push("entry"))["entry"]
        assert entry["text"] == "Good morning, it left today."
        await mia.do("end", interaction_id=chat)
        ended = (await mia.push("item"))["item"]
        assert ended["phase"] == "wrap_up"
        await mia.do("wrap_up", interaction_id=chat, disposition="solved", done=True)
        assert (await mia.push("item_gone"))["interaction_id"] == chat

    story(tmp_path, tell)
