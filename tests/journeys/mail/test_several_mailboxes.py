"""A mail to several of our mailboxes: every queue gets it, and each gets it once."""

import asyncio
from pathlib import Path

from config.wiring import Centre
from router.model.commands import AddEntry
from router.model.content import Author, Content
from router.model.events import Arrived, AttributesSet, EntryAdded, Queued, Recorded
from router.model.ids import AgentId
from tests.journeys.mail.test_answer import MIA, answer, configured, smtp_port
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready, running_centre, until
from tests.support.programs_clients import send_with_mail_program, swaks
from tests.support.programs_postfix import postfix_server

ANA = "ana@example.test"
HELP, INFO, BILLING = "help@carillon.test", "info@carillon.test", "billing@carillon.test"
RULES = """
[rules]
default_queue = "general"

[[rule]]
name = "invoices"
when = 'interaction.address == "billing@carillon.test"'
queue = "billing"

[queue.general]
[queue.billing]
[team.front]
queues = ["general", "billing"]
[agent.mia]
teams = ["front"]
"""


def three_mailboxes(folder: Path, *, relay: int = 9) -> Path:
    """Help and info lead to one queue, billing to another."""
    made = configured(folder, relay=relay)
    channels = made / "channels.toml"
    more = "".join(
        f'\n[channels.mail.mailboxes.{address.partition("@")[0]}]\naddress = "{address}"\n'
        for address in (INFO, BILLING)
    )
    channels.write_text(channels.read_text(encoding="utf-8") + more, encoding="utf-8")
    rules = made / "rules.toml"
    rules.write_text(RULES, encoding="utf-8")
    rules.chmod(0o600)
    return made


async def so_far(centre: Centre) -> list[Recorded]:
    """Everything the log holds now."""
    seen: list[Recorded] = []

    def at_the_end(recorded: Recorded) -> bool:
        seen.append(recorded)
        return recorded.position >= centre.hub.head()

    await until(centre, at_the_end)
    return seen


async def queues(centre: Centre) -> list[tuple[str, str]]:
    """Which mailbox each arrival was for, and which queue it is in."""
    seen = [one.event for one in await so_far(centre)]
    where = {one.interaction_id: str(one.queue) for one in seen if isinstance(one, Queued)}
    return [(one.address, where[one.interaction_id]) for one in seen if isinstance(one, Arrived)]


def test_every_queue_that_is_written_to_gets_the_mail_once_and_knows_of_the_other(
    tmp_path: Path,
) -> None:
    async def story() -> None:
        async with running_centre(three_mailboxes(tmp_path / "centre")) as centre:
            await asyncio.to_thread(
                send_with_mail_program,
                smtp_port(centre),
                ANA,
                [HELP, INFO, BILLING],
                "My invoice, and a question",
                "Both are in here.\n",
            )
            assert await queues(centre) == [(HELP, "general"), (BILLING, "billing")]
            events = [one.event for one in await so_far(centre)]
            first, second = (one for one in events if isinstance(one, Arrived))
            assert second.attributes["may_belong_to"] == first.interaction_id
            told = [one for one in events if isinstance(one, AttributesSet)]
            assert {"may_belong_to": second.interaction_id} in [one.attributes for one in told]
            assert first.case_id != second.case_id

    loop.run(story())


def test_one_mail_that_two_servers_hand_over_is_one_mail(tmp_path: Path) -> None:
    """A forwarder sends a copy to each address; also at the same time, also after a restart."""
    folder = three_mailboxes(tmp_path / "centre")
    fields = ("Message-Id: <one@example.test>", "Date: 1 Jan 2026 10:00 +0000", "Subject: one")
    same = [word for field in fields for word in ("--header", field)]

    async def send(centre: Centre, recipient: str, hop: str) -> None:
        talk = await asyncio.to_thread(
            swaks, smtp_port(centre), ANA, recipient, *same, "--add-header", f"X-Hop: {hop}"
        )
        assert talk.code == 0, talk.lines

    async def story() -> None:
        async with running_centre(folder) as centre:
            await asyncio.gather(*(send(centre, to, f"h{to}") for to in (HELP, INFO, BILLING)))
        async with running_centre(folder) as centre:
            await send(centre, HELP, "again")
            arrived = await queues(centre)
            assert sorted(queue for _, queue in arrived) == ["billing", "general"]
            talk = await asyncio.to_thread(swaks, smtp_port(centre), ANA, HELP, "--body", "other")
            assert talk.code == 0, talk.lines
            assert len(await queues(centre)) == 3

    loop.run(story())


def test_an_answer_with_a_copy_to_another_mailbox_joins_its_case_once(tmp_path: Path) -> None:
    """MAIL-4: the token leads to the case; a copy to us elsewhere is not said twice there."""
    with postfix_server(addresses=[ANA]) as postfix:
        folder = three_mailboxes(tmp_path / "centre", relay=postfix.port)

        async def story() -> None:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                await asyncio.to_thread(swaks, smtp_port(centre), ANA, HELP, "--body", "hello")
                offered = await accept_next(centre, MIA)
                words = await an_entry(centre, offered.interaction_id, Content(text="good day"))
                await centre.hub.submit(
                    AddEntry(
                        offered.interaction_id, Author.AGENT, words, agent_id=AgentId(MIA), seen=1
                    )
                )
                await asyncio.to_thread(postfix.wait_for_mail, ANA)
                (reply,) = postfix.delivered(ANA)
                await asyncio.to_thread(
                    swaks,
                    smtp_port(centre),
                    ANA,
                    f"{reply['Reply-To']},{BILLING}",
                    "--header",
                    f"References: {reply['Message-ID']}",
                )
                entries = [
                    one.event.interaction_id
                    for one in await so_far(centre)
                    if isinstance(one.event, EntryAdded) and one.event.author is Author.CUSTOMER
                ]
                assert entries == [offered.interaction_id] * 2
                assert await queues(centre) == [(HELP, "general")]
                await answer(centre, offered, "done")

        loop.run(story())
