"""What leaves the chat by mail: the form for closed hours, kept places, transcripts; and files."""

import asyncio
import re
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest

from channels.chat.tokens import new_token
from router.model.catalogue import Queue
from router.model.errors import StorageFailed
from router.model.events import AttributesSet, SubjectLinked
from router.model.secret import Secret
from router.seals import Address
from tests.channels.chat.centre import (
    HELP,
    MAIL,
    ORIGIN,
    SITE,
    ChatCentre,
    catalogue,
    chat_centre,
    settings,
    tell,
    uploaded,
)
from tests.channels.chat.client import once
from tests.support.clock import StillClock
from tests.support.waiting import soon

SECRET = "s" * 40


def test_a_form_sent_in_closed_hours_becomes_a_mail_in_the_queue(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            site = visitor.welcome["site"]
            assert (site["open"], site["form"]) == (False, True)
            assert (await visitor.start())["code"] == "closed"
            form = {"id": once(), "text": "Call 4111111111111111", "mail": "li@example.test"}
            for _ in range(2):
                assert (await visitor.wish("form", name="Li", **form))["type"] == "done"
            bad = await visitor.wish("form", text="x", mail="no address")
            assert (bad["code"], bad["field"]) == ("mail", "mail")
        (arrived,) = await centre.arrived()
        assert (arrived.medium, arrived.address) == (MAIL, "help@example.test")
        assert centre.hub.position_in_queue(arrived.interaction_id) == 1
        (content,) = await centre.contents()
        assert content.text == "Call ••••••••••••1111"
        assert content.mail is not None
        assert (content.mail.sender, content.mail.to) == (
            "li@example.test",
            ("help@example.test",),
        )
        assert "unverified_sender" in content.notices
        assert arrived.customer == {"verified": False}

    closed = settings(calendar="shut", form_mailbox="help@example.test")
    tell(tmp_path, story, closed)


def test_a_site_without_a_mailbox_has_no_form(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            assert visitor.welcome["site"]["form"] is False
            answer = await visitor.wish("form", text="x", mail="li@example.test")
            assert answer["code"] == "not_offered"

    tell(tmp_path, story)


def test_forms_of_one_source_are_bounded(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            form = {"text": "x", "mail": "li@example.test"}
            answers = [await visitor.wish("form", **form) for _ in range(6)]
            assert [answer.get("code") for answer in answers] == [None] * 5 + ["too_many_chats"]

    tell(tmp_path, story, settings(form_mailbox="help@example.test"))


def test_who_keeps_their_place_may_go_and_is_answered_by_mail(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as first, centre.visitor() as visitor:
            await first.start("before")
            await visitor.start("I have to go soon")
            kept = await visitor.wish("keep", mail="li@example.test", text="Please mail me")
            assert kept["type"] == "done"
            await visitor.until_item("kept")
        await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
        chat = (await centre.arrived())[1].interaction_id
        centre.clock.pass_ms(86_400_000)
        await centre.channel.look()
        assert centre.hub.position_in_queue(chat) == 1, "the one before left, this one is kept"
        sets = [each for each in await centre.events() if isinstance(each, AttributesSet)]
        assert sets[-1].attributes == {"left_message": True}
        await centre.ready()
        assert await centre.accept() == chat
        await centre.reply(chat, "Here is your answer")
        await soon(lambda: len(centre.mails) == 1)
        mail = centre.mails[0]
        assert mail.to == "li@example.test"
        assert "Mia" in mail.text
        assert "Here is your answer" in mail.text
        async with centre.visitor(token=visitor.token) as back:
            await back.until_said("Here is your answer")
            await centre.reply(chat, "Welcome back")
            await back.until_said("Welcome back")
        assert len(centre.mails) == 1, "who is here reads it here"

    tell(tmp_path, story)


def test_an_answer_by_mail_that_failed_is_sent_after_a_restart_once(tmp_path: Path) -> None:
    async def story() -> None:
        clock = StillClock()
        async with chat_centre(tmp_path, clock=clock) as centre:
            centre.mail_fault = StorageFailed("the mail's store is full")
            async with centre.visitor() as visitor:
                await visitor.start()
                await visitor.wish("keep", mail="li@example.test")
            await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
            await centre.ready()
            chat = await centre.accept()
            await centre.reply(chat, "answer")
            await soon(lambda: "mails" in centre.channel.health())
            assert "the mail's store is full" in centre.channel.health()["mails"]
        async with chat_centre(tmp_path, clock=clock) as centre:
            await soon(lambda: len(centre.mails) == 1)
            assert "answer" in centre.mails[0].text

    asyncio.run(story())


def test_mail_6_a_transcript_goes_only_to_an_address_proved_by_a_code(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start("my question")
            chat = await centre.accept()
            await centre.reply(chat, "our answer\nin two lines")
            await visitor.until_said("our answer\nin two lines")
            address = {"mail": "li@example.test"}
            none = await visitor.wish("transcript", code="123456", **address)
            assert none["code"] == "code"
            assert (await visitor.wish("transcript", **address))["sent"] == "code"
            (mail,) = centre.mails
            code = re.findall(r"\d{6}", mail.text)[0]
            assert "my question" not in mail.text, (
                "nothing of a visitor's goes to who is not proved"
            )
            wrong = "000000" if code != "000000" else "000001"
            assert (await visitor.wish("transcript", code=wrong, **address))["code"] == "code"
            other = await visitor.wish("transcript", mail="other@example.test", code=code)
            assert other["code"] == "code"
            sent = await visitor.wish("transcript", code=code, **address)
            assert sent["sent"] == "transcript"
            assert centre.mails[1].to == "li@example.test"
            assert centre.mails[1].text == ("You: my question\nMia: our answer\n    in two lines\n")
            again = await visitor.wish("transcript", code=code, **address)
            assert again["code"] == "code", "a code is good once"

    tell(tmp_path, story)


def test_codes_are_guessed_five_times_asked_for_three_times_and_good_ten_minutes(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            address = {"mail": "li@example.test"}
            await visitor.wish("transcript", **address)
            code = re.findall(r"\d{6}", centre.mails[-1].text)[0]
            wrong = "000000" if code != "000000" else "000001"
            for _ in range(6):
                assert (await visitor.wish("transcript", code=wrong, **address))["code"] == "code"
            assert (await visitor.wish("transcript", code=code, **address))["code"] == "code"
            await visitor.wish("transcript", **address)
            code = re.findall(r"\d{6}", centre.mails[-1].text)[0]
            centre.clock.pass_ms(600_001)
            assert (await visitor.wish("transcript", code=code, **address))["code"] == "code"
            await visitor.wish("transcript", **address)
            assert (await visitor.wish("transcript", **address))["code"] == "too_fast"
            assert len(centre.mails) == 3

    tell(tmp_path, story)


@pytest.mark.parametrize(
    "address",
    [
        "a@example.test\r\nBcc: b@example.test",
        "a@example.test, b@example.test",
        '"a b"@example.test',
        "a@b@example.test",
        "a@localhost",
        "<a@example.test>",
        "@example.test",
        "a@exämple.test",
        "x" * 250 + "@example.test",
    ],
)
def test_no_odd_address_gets_mail(tmp_path: Path, address: str) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            if len(address) <= 254:
                assert (await visitor.wish("transcript", mail=address))["code"] == "mail"
                assert (await visitor.wish("keep", mail=address))["code"] == "mail"
            else:
                await visitor.send("transcript", id=once(), mail=address)
                assert await visitor.closed() == 4400
        assert centre.mails == []

    tell(tmp_path, story)


def signed(now_ms: int, jti: str = "once", secret: str = SECRET, **claims: Any) -> str:
    body = {"aud": SITE, "sub": "4711", "jti": jti, "exp": now_ms // 1000 + 120, "name": "Li Wei"}
    return jwt.encode(body | claims, secret, algorithm="HS256")


def test_chat_3_a_signed_visitor_is_their_card_and_a_token_is_good_once(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        card = await centre.customers.resolve(Address(f"site:{SITE}", "4711", verified=True), "Li")
        token = signed(centre.clock.now())
        async with centre.visitor() as visitor, centre.visitor() as thief:
            assert (await visitor.start(identity=token))["type"] == "done"
            assert (await thief.start(identity=token))["code"] == "identity"
            forged = signed(centre.clock.now(), "new", "x" * 40)
            assert (await thief.start(identity=forged))["code"] == "identity"
        (arrived,) = await centre.arrived()
        assert arrived.subject == card
        assert arrived.customer == {"verified": True}

    tell(tmp_path, story, settings(identity_secret=Secret("env:SITE_KEY", SECRET)))


def test_chat_3_a_visitor_who_signs_in_during_the_chat_moves_to_their_card(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start(name="somebody")
            token = signed(centre.clock.now())
            assert (await visitor.wish("identify", token=token))["type"] == "done"
            assert (await visitor.wish("identify", token=token))["code"] == "identity"
        (linked,) = [each for each in await centre.events() if isinstance(each, SubjectLinked)]
        assert (await centre.customers.card(linked.subject)).name == "Li Wei"

    tell(tmp_path, story, settings(identity_secret=Secret("env:SITE_KEY", SECRET)))


def test_file_1_files_go_up_bounded_named_and_typed_by_their_bytes(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            assert (await uploaded(centre, visitor, "a.txt", b"early")).status_code == 404
            await visitor.start()
            chat = await centre.accept()
            png = await uploaded(centre, visitor, "../é\u202e.png", b"\x89PNG\r\n\x1a\nrest")
            assert png.status_code == 201
            assert (png.json()["name"], png.json()["media_type"]) == ("é.png", "image/png")
            svg = await uploaded(centre, visitor, "a.svg", b"<svg onload=alert(1)>")
            assert svg.json()["media_type"] == "application/octet-stream"
            big = await uploaded(centre, visitor, "big.bin", b"x" * 70_000)
            assert (big.status_code, big.json()["code"]) == (422, "file_size")
            empty = await uploaded(centre, visitor, "empty", b"")
            assert empty.json()["code"] == "file_size"
            files = [png.json()["file_id"], svg.json()["file_id"]]
            assert (await visitor.wish("say", files=files))["type"] == "done"
            stolen = await visitor.wish("say", files=["f" * 32])
            assert (stolen["code"], stolen["field"]) == ("file", "files")
            content = (await centre.contents())[-1]
            view = centre.hub.interaction(chat)
            assert view is not None
            assert await centre.files.get(view.subject, files[0]) == b"\x89PNG\r\n\x1a\nrest"
            assert [file.name for file in content.files] == ["é.png", "a.svg"]

    small = settings()
    import msgspec

    tell(tmp_path, story, msgspec.structs.replace(small, file_bytes=60_000))


def test_file_1_files_of_one_chat_are_bounded_together(tmp_path: Path) -> None:
    import msgspec

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
            answers = [await uploaded(centre, visitor, "a", b"x" * 400) for _ in range(3)]
            assert [answer.status_code for answer in answers] == [201, 201, 422]

    tell(tmp_path, story, msgspec.structs.replace(settings(), chat_files_bytes=1_000))


def test_file_1_a_file_comes_down_as_an_attachment_to_who_holds_the_token(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor, centre.visitor() as other:
            await visitor.start()
            await other.start()
            up = await uploaded(centre, visitor, "页面.html", b"<script>alert(1)</script>")
            file_id = up.json()["file_id"]
            path = f"/chat/{SITE}/files/{file_id}"
            async with httpx.AsyncClient(base_url=centre.base) as client:
                mine = {"Origin": ORIGIN, "Authorization": f"Bearer {visitor.token}"}
                unsent = await client.get(path, headers=mine)
                assert unsent.status_code == 404, "it is in no message yet"
                await visitor.wish("say", files=[file_id])
                down = await client.get(path, headers=mine)
                assert down.content == b"<script>alert(1)</script>"
                assert down.headers["content-type"] == "application/octet-stream"
                shown = down.headers["content-disposition"]
                assert shown.startswith("attachment; ")
                assert shown.endswith("; filename*=UTF-8''%E9%A1%B5%E9%9D%A2.html")
                policy = down.headers["content-security-policy"]
                assert policy == "sandbox; default-src 'none'"
                assert down.headers["x-content-type-options"] == "nosniff"
                for token in (other.token, new_token(), "x"):
                    theirs = {"Origin": ORIGIN, "Authorization": f"Bearer {token}"}
                    assert (await client.get(path, headers=theirs)).status_code == 404
                foreign = mine | {"Origin": "http://evil.example"}
                assert (await client.get(path, headers=foreign)).status_code == 404

    tell(tmp_path, story)


def test_pre_chat_answers_are_checked_and_only_choices_for_rules_stay_in_clear(
    tmp_path: Path,
) -> None:
    from channels.chat.settings import Choice, Field

    fields = (
        Field("order", {"en": "Order"}, required=True),
        Field("plan", kind="choice", choices=(Choice("gold"), Choice("basic")), routing=True),
    )

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            missing = await visitor.start()
            assert (missing["code"], missing["field"]) == ("missing", "fields.order")
            odd = await visitor.start(fields={"order": "1", "plan": "silver"})
            assert odd["field"] == "fields.plan"
            unknown = await visitor.start(fields={"order": "1", "vip": "yes"})
            assert unknown["field"] == "fields.vip"
            name = await visitor.start(fields={"order": "1"})
            assert (name["code"], name["field"]) == ("missing", "name")
            topic = await visitor.start(name="Li", topic="none", fields={"order": "1"})
            assert topic["field"] == "topic"
            page = {"page": "https://shop.example/secret"}
            fine = await visitor.start(name="Li", fields={"order": "1", "plan": "gold"}, **page)
            assert fine["type"] == "done"
        (arrived,) = await centre.arrived()
        assert arrived.attributes == {"site": SITE, "language": "en", "plan": "gold"}
        (content,) = await centre.contents()
        assert content.fields == {"order": "1", "name": "Li"}, "the page's address is not shared"

    given = catalogue(queues={HELP: Queue(HELP)})
    tell(tmp_path, story, settings(fields=fields, ask_name="required"), given)
