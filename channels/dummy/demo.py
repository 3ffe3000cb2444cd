"""``carillon run --demo``: simulated customers, and agents where wanted, in the live centre.

They are a thin shell around ``people``: acts become commands, the log tells them what happened.
"""

import asyncio
import logging

import aiosmtplib
import msgspec

from channels.api import ChannelContext
from channels.dummy.acts import (
    Act,
    Begin,
    Come,
    Finish,
    Go,
    Judge,
    Reply,
    Speak,
    Take,
    WrapItUp,
)
from channels.dummy.people import MAIL, People, Scene
from channels.dummy.post import Answers, Letters, send
from router.model.agent import Presence
from router.model.commands import (
    Accept,
    AddEntry,
    Arrive,
    Command,
    CustomerLeave,
    End,
    NewEntry,
    SetAttributes,
    SetPresence,
    SignIn,
    WrapUp,
)
from router.model.content import CONTENT_SCHEMA, Author, Content, MailHeaders
from router.model.errors import CarillonError
from router.model.ids import AgentId, EntryId, InteractionId
from router.seals import Address

_LOG = logging.getLogger(__name__)
LONGEST_SLEEP_MS = 1_000


async def run_demo(context: ChannelContext, scene: Scene, letters: Letters | None = None) -> None:
    """Let people come and go until cancelled. Times are the Clock's.

    With ``letters`` those who mail do so by SMTP, and take the answers.
    """
    answers = Answers(letters.answers_port) if letters is not None else None
    if answers is not None:
        answers.start()
    try:
        await Demo(context, scene, letters).run()
    finally:
        if answers is not None:
            answers.stop()


class Demo:
    """The running demonstration."""

    def __init__(
        self, context: ChannelContext, scene: Scene, letters: Letters | None = None
    ) -> None:
        self._context = context
        self._letters = letters
        self._people = People(scene, context.ids.new, context.clock.now())

    @property
    def people(self) -> People:
        """Who plays in it."""
        return self._people

    async def run(self) -> None:
        """Act when it is time, and listen to the log meanwhile."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._act())

    async def step(self) -> int:
        """Do what is due by now; how many acts that were."""
        acts = self._people.due(self._context.clock.now())
        for act in acts:
            await self.carry_out(act)
        return len(acts)

    async def carry_out(self, act: Act) -> None:
        """Do an act. People are too late now and then: what is refused is let go."""
        try:
            await self._carry_out(act)
        except CarillonError as error:
            if isinstance(act, Come):
                self._people.turned_away(act.interaction_id)
            _LOG.debug("an act of the demonstration was refused: %s", error.code)
        except (aiosmtplib.SMTPException, OSError) as error:
            _LOG.warning("a letter of the demonstration was not taken: %s", error)

    async def _act(self) -> None:
        while True:
            await self.step()
            wait_ms = self._people.next_due() - self._context.clock.now()
            await asyncio.sleep(max(1, min(wait_ms, LONGEST_SLEEP_MS)) / 1000)

    async def _listen(self) -> None:
        feed = self._context.feed
        async for batch in feed.follow(feed.head()):
            self._people.heard(recorded.event for recorded in batch)

    async def _carry_out(self, act: Act) -> None:
        match act:
            case Come():
                await self._come(act)
            case Speak():
                await self._words(act.interaction_id, Author.CUSTOMER, act.words)
            case Reply():
                await self._words(act.interaction_id, Author.AGENT, act.words, act.agent_id)
            case Begin():
                await self._begin(act.agent_id)
            case WrapItUp():
                await self._wrap_up(act)
            case _:
                command = _command(act)
                if command is not None:
                    await self._context.inbox.submit(command)

    async def _come(self, come: Come) -> None:
        if come.medium == MAIL and self._letters is not None:
            await send(self._letters, come.name, come.mail, come.words)
            return
        address = Address(kind="mail", value=come.mail)
        subject = await self._context.customers.resolve(address, come.name)
        headers = None
        if come.medium == MAIL:
            headers = MailHeaders(sender=come.mail, sender_name=come.name, subject=come.words[:40])
        content = Content(text=come.words, fields={"name": come.name}, mail=headers)
        entry_id = EntryId(self._context.ids.new())
        plain = msgspec.json.encode(content)
        sealed = await self._context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        await self._context.inbox.submit(
            Arrive(
                interaction_id=come.interaction_id,
                medium=come.medium,
                address="demonstration",
                subject=subject,
                attributes={"topic": come.topic, "language": come.language},
                entry=NewEntry(entry_id, sealed=sealed, size_bytes=len(plain)),
            )
        )

    async def _words(
        self,
        interaction_id: InteractionId,
        author: Author,
        words: str,
        agent_id: AgentId | None = None,
    ) -> None:
        view = self._context.floor.interaction(interaction_id)
        if view is None:
            return
        entry_id = EntryId(self._context.ids.new())
        plain = msgspec.json.encode(Content(text=words))
        sealed = await self._context.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, plain)
        entry = NewEntry(entry_id, sealed=sealed, size_bytes=len(plain))
        await self._context.inbox.submit(
            AddEntry(interaction_id, author, entry, agent_id=agent_id, seen=view.entries)
        )

    async def _begin(self, agent_id: AgentId) -> None:
        view = self._context.floor.agent(agent_id)
        if view is None:
            return
        if view.presence is Presence.OFFLINE:
            await self._context.inbox.submit(SignIn(agent_id))
        await self._context.inbox.submit(SetPresence(agent_id, Presence.READY))

    async def _wrap_up(self, act: WrapItUp) -> None:
        view = self._context.floor.interaction(act.interaction_id)
        queue = (
            self._context.floor.catalogue().queues.get(view.queue) if view and view.queue else None
        )
        choices = [each.name for each in queue.dispositions] if queue else []
        disposition = choices[int(act.choice * len(choices))] if choices else ""
        await self._context.inbox.submit(
            WrapUp(act.interaction_id, act.agent_id, disposition=disposition)
        )


def _command(act: Act) -> Command | None:
    match act:
        case Go():
            return CustomerLeave(act.interaction_id, reason=act.reason)
        case Judge():
            return SetAttributes(act.interaction_id, {"rating": act.score})
        case Take():
            return Accept(act.offer_id, act.agent_id)
        case Finish():
            return End(act.interaction_id, act.agent_id)
        case _:
            return None
