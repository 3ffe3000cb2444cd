"""A person's mail program writes to us; the answer lies in their mailbox, in the same thread."""

import asyncio
from pathlib import Path

import pytest

from config.wiring import Centre
from router.model.commands import AddEntry, End
from router.model.content import Author, Content, Mark
from router.model.events import Arrived, EntryMarked, Offered, Recorded
from router.model.ids import AgentId, InteractionId
from tests.support import loop
from tests.support.centre import (
    accept_next,
    an_entry,
    make_ready,
    running_centre,
    until,
    words,
    write_configuration,
)
from tests.support.programs_clients import send_with_mail_program, swaks
from tests.support.programs_postfix import postfix_server

CUSTOMER = "ana@example.test"
MIA = AgentId("mia")


def configured(folder: Path, *, relay: int = 9) -> Path:
    """A centre with one mailbox that answers through this relay."""
    return write_configuration(
        folder,
        channels=f"""
[channels.mail]
host = "mail.carillon.test"
check_senders = false
relay = {{ host = "127.0.0.1", port = {relay}, security = "none" }}
incoming = {{ listen = "127.0.0.1:0" }}
retry = {{ first = "1 s" }}

[channels.mail.mailboxes.help]
address = "help@carillon.test"
name = "Help desk"
signature = "Your help desk"
""",
    )


def smtp_port(centre: Centre) -> int:
    """Where the centre takes mail."""
    channel = centre.channels["mail"]  # type: ignore[index]  # a Medium is a string
    port: int = channel.smtp_port  # type: ignore[attr-defined]  # the mail channel's own
    return port


async def answer(centre: Centre, offered: Offered, text: str) -> None:
    """Mia answers and is done."""
    interaction_id = offered.interaction_id
    view = centre.hub.interaction(interaction_id)
    assert view is not None
    entry = await an_entry(centre, interaction_id, Content(text=text))
    await centre.hub.submit(
        AddEntry(
            interaction_id,
            Author.AGENT,
            entry,
            agent_id=MIA,
            seen=view.entries,
        )
    )
    marked = await until(
        centre,
        lambda r: isinstance(r.event, EntryMarked) and r.event.entry_id == entry.entry_id,
    )
    assert isinstance(marked.event, EntryMarked)
    assert marked.event.mark is Mark.SENT, marked.event.reason
    await centre.hub.submit(End(interaction_id, MIA))


def test_a_mail_is_answered_into_the_customers_mailbox(tmp_path: Path) -> None:
    with postfix_server(addresses=[CUSTOMER]) as postfix:
        folder = configured(tmp_path / "centre", relay=postfix.port)

        async def story() -> InteractionId:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                await asyncio.to_thread(
                    send_with_mail_program,
                    smtp_port(centre),
                    CUSTOMER,
                    ["help@carillon.test"],
                    "Invoice 88: wróng",
                    "Good day,\nthe invoice is wrong.\n",
                )
                offered = await accept_next(centre, MIA)
                (heard,) = await words(centre, offered.interaction_id)
                assert "the invoice is wrong" in heard.text
                assert heard.mail is not None
                assert heard.mail.subject == "Invoice 88: wróng"
                await answer(centre, offered, "We have corrected it.")
                await asyncio.to_thread(postfix.wait_for_mail, CUSTOMER)
                return offered.interaction_id

        loop.run(story())
        (reply,) = postfix.delivered(CUSTOMER)
        assert reply["Subject"] == "Re: Invoice 88: wróng"
        assert "We have corrected it." in reply.get_content()
        assert "Your help desk" in reply.get_content()
        assert reply["In-Reply-To"] in reply["References"]


def test_an_answer_takes_the_form_that_the_configuration_gives_it(tmp_path: Path) -> None:
    """The mailbox's template, the agent's own signature; nobody's words are compiled (IVR-3)."""
    with postfix_server(addresses=[CUSTOMER]) as postfix:
        folder = configured(tmp_path / "centre", relay=postfix.port)
        channels = folder / "channels.toml"
        channels.write_text(
            channels.read_text(encoding="utf-8")
            + """
reply = '''
Dear {{ customer.name or "customer" }},
{{ text }}
--\x20
{{ signature }}'''

[channels.mail.signatures.queue]
general = "{{ queue.title }} at {{ mailbox.address }}"

[channels.mail.signatures.agent]
tom = "Tom"
""",
            encoding="utf-8",
        )

        async def story() -> None:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                sender = f'"{{{{ 7 * 7 }}}} Ruiz" <{CUSTOMER}>'
                talk = await asyncio.to_thread(
                    swaks,
                    smtp_port(centre),
                    CUSTOMER,
                    "help@carillon.test",
                    "--header",
                    f"From: {sender}",
                )
                assert talk.code == 0, talk.lines
                await answer(centre, await accept_next(centre, MIA), "{{ 6 * 6 }} & <b>")
                await asyncio.to_thread(postfix.wait_for_mail, CUSTOMER)

        loop.run(story())
        (reply,) = postfix.delivered(CUSTOMER)
        assert reply.get_content().replace("\r\n", "\n") == (
            "Dear {{ 7 * 7 }} Ruiz,\n{{ 6 * 6 }} & <b>\n"
            "-- \nGeneral questions at help@carillon.test\n"
        )


def test_an_answer_to_our_answer_joins_the_case_after_a_restart(tmp_path: Path) -> None:
    """MAIL-4: only the token in our own message id joins a mail to a case."""
    with postfix_server(addresses=[CUSTOMER]) as postfix:
        folder = configured(tmp_path / "centre", relay=postfix.port)

        async def first() -> None:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                talk = await asyncio.to_thread(
                    swaks, smtp_port(centre), CUSTOMER, "help@carillon.test", "--body", "hello"
                )
                assert talk.code == 0, talk.lines
                await answer(centre, await accept_next(centre, MIA), "good day")
                await asyncio.to_thread(postfix.wait_for_mail, CUSTOMER)

        async def second(sender: str) -> list[str | None]:
            (reply,) = postfix.delivered(CUSTOMER)
            async with running_centre(folder) as centre:
                talk = await asyncio.to_thread(
                    swaks,
                    smtp_port(centre),
                    sender,
                    "help@carillon.test",
                    "--header",
                    f"References: {reply['Message-ID']}",
                    "--header",
                    f"From: {sender}",
                    "--body",
                    f"and then, says {sender}",
                )
                assert talk.code == 0, talk.lines
                arrived: list[str | None] = []

                def note(recorded: Recorded) -> bool:
                    if isinstance(recorded.event, Arrived):
                        arrived.append(recorded.event.case_id)
                    return recorded.position >= centre.hub.head()

                await until(centre, note)
                return arrived

        loop.run(first())
        joined = loop.run(second(CUSTOMER))
        stranger = loop.run(second("mallory@example.test"))
        assert joined[0] == joined[1]
        assert stranger[2] not in (joined[0], None)


def test_a_relay_that_is_away_delays_an_answer_and_loses_nothing(tmp_path: Path) -> None:
    with postfix_server(addresses=[CUSTOMER]) as postfix:
        away = configured(tmp_path / "centre")

        async def written() -> None:
            async with running_centre(away) as centre:
                await make_ready(centre, MIA)
                await asyncio.to_thread(
                    swaks, smtp_port(centre), CUSTOMER, "help@carillon.test", "--body", "hello"
                )
                offered = await accept_next(centre, MIA)
                entry = await an_entry(centre, offered.interaction_id, Content(text="later"))
                await centre.hub.submit(
                    AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=1)
                )

        async def back() -> None:
            async with running_centre(configured(tmp_path / "centre", relay=postfix.port)) as c:
                await until(c, lambda r: isinstance(r.event, EntryMarked))
                await asyncio.to_thread(postfix.wait_for_mail, CUSTOMER)

        loop.run(written())
        loop.run(back())
        (reply,) = postfix.delivered(CUSTOMER)
        assert "later" in reply.get_content()


@pytest.mark.parametrize("recipient", ["nobody@carillon.test", "ana@elsewhere.test"])
def test_mail_for_others_is_refused(tmp_path: Path, recipient: str) -> None:
    """MAIL-1: no relay, and no mailbox but our own."""

    async def story() -> None:
        async with running_centre(configured(tmp_path / "centre")) as centre:
            talk = await asyncio.to_thread(swaks, smtp_port(centre), CUSTOMER, recipient)
            assert talk.code == 24, talk.lines
            assert "550" in talk.lines

    loop.run(story())
