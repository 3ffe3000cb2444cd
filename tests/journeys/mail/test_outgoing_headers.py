"""MAIL-7: whatever stands in names, subjects and addresses, no header leaves that nobody wrote."""

import asyncio
from pathlib import Path

from router.model.commands import AddEntry
from router.model.content import Author, Content, MailHeaders, Mark
from router.model.events import EntryMarked, Recorded
from tests.journeys.mail.test_answer import MIA
from tests.journeys.mail.town import HELP, HOME, town
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready, until

ANA = "ana@example.test"
EXPECTED = {
    *("from", "to", "subject", "reply-to", "date", "message-id", "in-reply-to", "references"),
    *("mime-version", "content-type", "content-transfer-encoding"),
}
BREAKS = ("\r\n", "\n", "\r", "\u2028", "\x0b", "\x0c", "\x85")
ENCODED = ("=?utf-8?q?x=0D=0ABcc:_evil=40evil.test?=", "=?utf-8?b?eA0KQmNjOiBlQGV2aWwudGVzdA==?=")
CHOSEN = [
    *(MailHeaders(subject=f"hello{each}Bcc: evil@evil.test") for each in (*BREAKS, *ENCODED)),
    *(MailHeaders(to=(f"ana@example.test{each}Bcc: evil@evil.test",)) for each in BREAKS[:3]),
    *(
        MailHeaders(to=(each,))
        for each in (
            "evil@evil.test, ana@example.test",
            '"x\r\nBcc: evil@evil.test" <ana@example.test>',
            "<ana@example.test>>",
            "ana@example.test\x00",
            "ana@[127.0.0.1]",
            f"{ENCODED[0]} <ana@example.test>",
        )
    ),
    MailHeaders(cc=("ana@example.test\nX: y",)),
]
"""What an agent's desk, or somebody with its session, might say to us."""
QUESTION = (
    f'From: "{ENCODED[0]} Ana" <{ANA}>\nTo: {HELP}\nSubject: {ENCODED[1]} {ENCODED[0]}\n'
    "Message-ID: <=?utf-8?q?x=0D=0ABcc:e?=@example.test>\nReferences: <a@b> <c\n d@e>\n\nHello.\n"
)


def test_mail_7_hostile_words_in_headers_are_refused_or_leave_as_words(tmp_path: Path) -> None:
    """A hostile mail is answered in many hostile ways; what was captured has no extra header."""

    async def story() -> None:
        async with town(tmp_path / "centre") as made:
            await make_ready(made.centre, MIA)
            await made.send(QUESTION, sender=ANA, place=HOME)
            offered = await accept_next(made.centre, MIA)
            hub = made.centre.hub
            for number, headers in enumerate((MailHeaders(), *CHOSEN)):
                words = Content(text=f"answer {number}", mail=headers)
                entry = await an_entry(made.centre, offered.interaction_id, words)
                await hub.submit(
                    AddEntry(
                        offered.interaction_id,
                        Author.AGENT,
                        entry,
                        agent_id=MIA,
                        seen=number + 1,
                    )
                )
            marks: dict[str, Mark] = {}

            def all_told(recorded: Recorded) -> bool:
                if isinstance(recorded.event, EntryMarked):
                    marks[recorded.event.entry_id] = recorded.event.mark
                return len(marks) == len(CHOSEN) + 1

            await until(made.centre, all_told)
            sent = [message for _, message in made.relay.kept]
            assert len(sent) == list(marks.values()).count(Mark.SENT)
            assert "answer 0" in sent[0].get_content()
            for message in sent:
                assert {name.lower() for name in message} <= EXPECTED, message.as_string()
                assert str(message["To"]) == ANA
                assert "evil@evil.test" not in message.as_string().partition("\n\n")[0].replace(
                    str(message["Subject"]), ""
                )
            # Line breaks and encoded words were refused: nothing but the plain answer left.
            assert len(sent) == 1

    loop.run(asyncio.wait_for(story(), 120))
