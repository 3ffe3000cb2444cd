"""A chat from both ends: a raw websocket on the visitor's side, the real hub on the other."""

from pathlib import Path

from router.model.content import Author, Mark
from router.model.events import AttributesSet, CustomerLeft, EntryMarked
from tests.channels.chat.centre import SITE, ChatCentre, settings, tell
from tests.channels.chat.client import once
from tests.support.waiting import soon


def test_a_visitor_and_an_agent_talk(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            answer = await visitor.start("Where is my parcel?", name="Li Wei")
            assert answer["type"] == "done"
            await visitor.until_item("waiting")
            await centre.ready()
            chat = await centre.accept()
            assert (await visitor.until_item("joined"))["name"] == "Mia"
            await centre.reply(chat, "Good morning")
            message = await visitor.until_said("Good morning")
            assert (message["kind"], message["name"]) == ("message", "Mia")
            assert (await visitor.wish("say", text="Hi Mia"))["type"] == "done"
            await visitor.until_said("Hi Mia")
            await centre.end(chat)
            assert (await visitor.until_item("ended"))["outcome"] == "handled"
            assert (await visitor.wish("say", text="still there?"))["code"] == "ended"
        said = await centre.contents()
        assert [content.text for content in said] == ["Where is my parcel?", "Hi Mia"]
        assert said[0].fields == {"name": "Li Wei"}
        (arrived,) = await centre.arrived()
        assert arrived.attributes == {"site": SITE, "language": "en"}
        assert "Li Wei" not in str(arrived), "a name is personal: it is sealed (PRIV-1)"
        assert (await centre.customers.card(arrived.subject)).name == "Li Wei"

    tell(tmp_path, story)


def test_words_are_marked_sent_delivered_and_seen(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            entry_id = await centre.reply(chat, "one moment")
            item = await visitor.until_said("one moment")
            await visitor.send("got", seq=item["seq"])
            await visitor.send("got", seq=item["seq"], read=item["seq"])
            await visitor.wish("say", text="thanks")
            await centre.channel.marks_carried()
            marks = [
                event.mark
                for event in await centre.events()
                if isinstance(event, EntryMarked) and event.entry_id == entry_id
            ]
            assert marks == [Mark.SENT, Mark.DELIVERED, Mark.SEEN]
            centre.channel.read(chat, 3)
            assert (await visitor.until("seen"))["number"] == 3

    tell(tmp_path, story)


def test_both_sides_see_that_the_other_writes(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        told: list[bool] = []
        centre.channel.on_typing = lambda interaction_id, typing: told.append(typing)
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            await visitor.send("typing", typing=True)
            await visitor.send("typing", typing=True)
            await visitor.wish("say", text="done writing")
            assert told == [True, False]
            centre.channel.typing(chat, "Mia", typing=True)
            assert (await visitor.until("typing"))["name"] == "Mia"
            await visitor.send("typing", typing=True)
            await soon(lambda: told == [True, False, True])
        await soon(lambda: told == [True, False, True, False])

    tell(tmp_path, story)


def test_chat_6_a_site_that_shares_no_typing_tells_the_agent_nothing(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        told: list[bool] = []
        centre.channel.on_typing = lambda interaction_id, typing: told.append(typing)
        async with centre.visitor() as visitor:
            assert visitor.welcome["site"]["share_typing"] is False
            await visitor.start()
            await visitor.send("typing", typing=True)
            await visitor.wish("say", text="x")
        assert told == []

    tell(tmp_path, story, settings(share_typing=False))


def test_who_waits_is_told_their_place_as_it_changes(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as first, centre.visitor() as second:
            await first.start()
            await first.until_placed(1)
            await second.start()
            place = await second.until_placed(2)
            assert (place["low_ms"], place["high_ms"]) == (None, None), "unknown is not said"
            await first.wish("leave")
            await second.until_placed(1)

    tell(tmp_path, story)


def test_a_visitor_may_leave(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            assert (await visitor.wish("leave"))["type"] == "done"
            ended = await visitor.until_item("ended")
            assert ended["reason"] == "left"
            assert (await visitor.wish("leave"))["type"] == "done", "leaving twice is leaving"
        left = [event for event in await centre.events() if isinstance(event, CustomerLeft)]
        assert [event.reason for event in left] == ["left"]

    tell(tmp_path, story)


def test_a_rating_and_its_comment_reach_the_log_after_the_end(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            await centre.end(chat)
            await visitor.until_item("ended")
            rated = await visitor.wish("rate", score=5, comment="Card 4111 1111 1111 1111")
            assert rated["type"] == "done"
            assert (await visitor.wish("rate", score=1))["code"] == "rated"
        sets = [event for event in await centre.events() if isinstance(event, AttributesSet)]
        assert sets[-1].attributes == {"rating": 5}
        comment = (await centre.contents())[-1]
        assert comment.fields["rating_comment"] == "Card •••• •••• •••• 1111"
        async with centre.visitor(token=visitor.token) as again:
            assert again.welcome["conversation"]["rated"] is True

    tell(tmp_path, story)


def test_files_and_words_of_the_agent_are_shown_with_their_names(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            view = centre.hub.interaction(chat)
            assert view is not None
            file = await centre.files.put(view.subject, b"%PDF-1.7", "plan.pdf", "application/pdf")
            await centre.reply(chat, "see this", files=(file,))
            item = await visitor.until_said("see this")
            assert [(shown["name"], shown["size_bytes"]) for shown in item["files"]] == [
                ("plan.pdf", 8)
            ]

    tell(tmp_path, story)


def test_words_the_centre_has_are_never_lost_by_a_retry_nor_doubled(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        wish = once()
        async with centre.visitor() as visitor:
            await visitor.start("hello", id=wish)
            say = once()
            first = await visitor.wish("say", id=say, text="once only")
            again = await visitor.wish("say", id=say, text="once only")
            assert first["seq"] == again["seq"]
        async with centre.visitor(token=visitor.token, after=visitor.seq) as back:
            assert (await back.wish("say", id=say, text="once only"))["seq"] == first["seq"]
            assert back.items == []
        said = [content.text for content in await centre.contents(Author.CUSTOMER)]
        assert said == ["hello", "once only"]

    tell(tmp_path, story)
