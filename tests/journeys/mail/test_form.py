"""What is written in the chat's form at night is answered by mail, and answered again."""

from pathlib import Path
from typing import Any

from channels.chat.protocol import Form
from router.model.commands import AddEntry, End
from router.model.content import Author, Content
from router.model.events import Arrived
from tests.journeys.mail.test_answer import MIA
from tests.journeys.mail.town import HELP, HOME, Town, town
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready

ANA = "ana@example.test"
SHOP = (
    "[channels.chat.sites.shop]",
    'origins = ["https://shop.example"]',
    f'form_mailbox = "{HELP}"',
)


async def mia_answers(at: Town, words: str) -> str:
    """Mia answers as a program would: she names nobody, it is an answer."""
    offered = await accept_next(at.centre, MIA)
    entry = await an_entry(at.centre, offered.interaction_id, Content(text=words))
    await at.centre.hub.submit(
        AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=100)
    )
    await at.centre.hub.submit(End(offered.interaction_id, MIA))
    return offered.interaction_id


def test_a_form_is_answered_by_mail_and_what_comes_back_joins_its_case(tmp_path: Path) -> None:
    async def story() -> None:
        async with town(tmp_path, *SHOP) as at:
            await make_ready(at.centre, MIA)
            chat: Any = at.centre.channels["chat"]  # type: ignore[index]  # a Medium is a string
            written = Form(id="0" * 32, text="Do you repair lamps?", mail=ANA, name="Ana")
            forms = chat._pages._desks.forms
            await forms.take("shop", written, source=HOME, language="en")
            await mia_answers(at, "We do.")
            await at.relay.has(1)
            sender, answer = at.relay.kept[0]
            assert sender == HELP
            assert (answer["To"], answer["From"]) == (ANA, HELP)
            assert "We do." in answer.get_content()
            back = (
                f"From: {ANA}\nTo: {HELP}\nSubject: Re: lamps\nMessage-ID: <two@example.test>\n"
                f"In-Reply-To: {answer['Message-ID']}\nReferences: {answer['Message-ID']}\n\n"
                "And chairs?\n"
            )
            await at.send(back, sender=ANA, to=(HELP,), place=HOME)
            await mia_answers(at, "Chairs as well.")
            await at.relay.has(2)
            assert "Chairs as well." in at.relay.kept[1][1].get_content()
            first, second = [each for each in await at.events() if isinstance(each, Arrived)]
            assert first.case_id is not None
            assert second.case_id == first.case_id, "by the token in our own message id"

    loop.run(story())
