"""An answer that a real mail server sends back is shown as failed, with the reason (MAIL-5)."""

import asyncio
from pathlib import Path

from router.model.commands import AddEntry
from router.model.content import Author, Content, Mark
from router.model.events import Arrived, EntryMarked, Recorded
from router.model.ids import AgentId
from tests.journeys.mail.test_answer import configured, smtp_port
from tests.support import loop
from tests.support.centre import accept_next, an_entry, make_ready, running_centre, until
from tests.support.programs import free_port
from tests.support.programs_clients import swaks
from tests.support.programs_postfix import postfix_server

MIA = AgentId("mia")
KEPT = "ana@example.test"
GONE = "gone@example.test"


def test_an_answer_that_postfix_sends_back_becomes_failed(tmp_path: Path) -> None:
    """Postfix takes the answer, finds nobody and tells us by its own notice; nobody answers it."""
    ours = free_port()
    # Postfix takes mail for anybody of this domain and finds out later, as a relay does.
    lenient = {"smtpd_reject_unlisted_recipient": "no"}
    with postfix_server(
        addresses=[KEPT], routes={"carillon.test": ours}, settings=lenient
    ) as postfix:
        folder = configured(tmp_path / "centre", relay=postfix.port)
        channels = folder / "channels.toml"
        text = channels.read_text(encoding="utf-8")
        channels.write_text(text.replace("127.0.0.1:0", f"127.0.0.1:{ours}"), encoding="utf-8")

        async def story() -> None:
            async with running_centre(folder) as centre:
                await make_ready(centre, MIA)
                talk = await asyncio.to_thread(
                    swaks, smtp_port(centre), GONE, "help@carillon.test", "--body", "hello"
                )
                assert talk.code == 0, talk.lines
                offered = await accept_next(centre, MIA)
                entry = await an_entry(centre, offered.interaction_id, Content(text="good day"))
                await centre.hub.submit(
                    AddEntry(offered.interaction_id, Author.AGENT, entry, agent_id=MIA, seen=1)
                )
                seen: list[object] = []

                def failed(recorded: Recorded) -> bool:
                    seen.append(recorded.event)
                    event = recorded.event
                    return isinstance(event, EntryMarked) and event.mark is Mark.FAILED

                marked = (await until(centre, failed)).event
                assert isinstance(marked, EntryMarked)
                assert marked.entry_id == entry.entry_id
                assert marked.reason == "5.1.1 no_such_user"
                assert len([one for one in seen if isinstance(one, Arrived)]) == 1
                assert postfix.delivered(GONE) == []

        loop.run(story())
