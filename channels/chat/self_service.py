"""Flows in a chat: what they say becomes messages, choices become buttons, answers are written.

A session lives in memory. Where it is lost (a restart, a log that took nothing), the flow begins
again from its start and says so; what was written before stays in the conversation.
"""

import asyncio
import logging
from collections.abc import Sequence
from typing import Any

from channels.chat import records
from channels.chat.parts import Parts
from channels.chat.rooms import Room
from channels.chat.wording import name
from ivr.asks import (
    Answer,
    Errand,
    FaxReceived,
    LookUp,
    PromiseCallback,
    Promised,
    Reach,
    Reached,
    ReceiveFax,
    Recorded,
    TakeMessage,
)
from ivr.happenings import (
    Act,
    Answered,
    Errands,
    Gone,
    Happening,
    Over,
    Play,
    Played,
    Question,
    Settled,
    Stepped,
    TimePassed,
    Uttered,
)
from ivr.node import Finish
from ivr.ports import FlowPorts
from ivr.session import Contact, Session
from router.model.commands import AddEntry, Command, CustomerLeave, Enqueue, NoteStep
from router.model.content import Author, Content
from router.model.errors import CarillonError, Refused
from router.model.ids import EntryId, InteractionId, QueueName
from router.model.interaction import Phase

log = logging.getLogger(__name__)

SERVED = "served"
"""The reason of who was served by the flow alone."""

Shown = dict[str, Any]
"""What a message of a flow shows beside its words: its choices, and whether it asks a secret."""


class Serving:
    """One session in one room. Everything it is told is taken one after the other."""

    def __init__(self, parts: Parts, port: FlowPorts, room: Room, flow: str) -> None:
        self._parts = parts
        self._port = port
        self._room = room
        self._turn = asyncio.Lock()
        self._timer: asyncio.TimerHandle | None = None
        self._errand: asyncio.Task[None] | None = None
        self._question: Question | None = None
        self.broken = False
        conversation = room.conversation
        contact = Contact(
            medium="chat",
            called=conversation.site,
            language=conversation.language,
            customer={"verified": conversation.identified},
        )
        clock = parts.context.clock
        self._session = Session(port.world(), flow, contact, clock.now())

    @property
    def asks_secret(self) -> bool:
        """Whether what is written now is secret."""
        return self._question is not None and self._question.listen.secret

    async def begin(self, *, again: bool) -> None:
        """Begin with the flow's first node; ``again`` says first that something was lost."""
        async with self._turn:
            if again:
                words = name("begin_again", self._room.conversation.language)
                await self._guarded([words], [])
            if not self.broken:
                await self._guarded([], self._session.start())

    async def take(self, happening: Happening) -> None:
        """Tell the session what happened, and carry out what it wants."""
        async with self._turn:
            if not self.broken:
                now = self._parts.context.clock.now()
                await self._guarded([], self._session.take(happening, now))

    async def gone(self) -> None:
        """The visitor left; the node they left at is noted, the rest is for who knows why."""
        async with self._turn:
            if not self.broken:
                acts = self._session.take(Gone(), self._parts.context.clock.now())
                await self._guarded([], [act for act in acts if not isinstance(act, Over)])
            self.end()

    def end(self) -> None:
        """Let go of it; whatever it waits for does not matter any more."""
        self.broken = True
        for waiting in (self._timer, self._errand):
            if waiting is not None and waiting is not asyncio.current_task():
                waiting.cancel()

    async def _guarded(self, words: Sequence[str], acts: Sequence[Act]) -> None:
        try:
            for text in words:
                await self._say(text, {})
            await self._do(list(acts))
        except Refused:
            # It is over on the other side: the agents have it, or the visitor is gone.
            self.end()
        except CarillonError as error:
            log.warning(
                "A flow was interrupted: %s",
                error.message,
                extra={"event": "flow_interrupted", "interaction": self._room.interaction_id},
            )
            self.end()

    async def _do(self, acts: list[Act]) -> None:
        """Carry out acts, and those that follow from words being read at once."""
        while acts:
            said = [act for act in acts if isinstance(act, Play)]
            for act in acts:
                match act:
                    case Question():
                        self._question = act
                    case Settled():
                        self._question = None
                    case _:
                        pass
            for act in acts:
                await self._carry_out(act, last=bool(said) and act is said[-1])
            now = self._parts.context.clock.now()
            acts = [each for play in said for each in self._session.take(Played(play.number), now)]
        self._set_timer()

    async def _carry_out(self, act: Act, *, last: bool) -> None:
        match act:
            case Play():
                await self._say(act.utterance.text(), self._shown() if last else {})
            case Stepped():
                spent_ms = max(0, act.left - act.entered)
                step = NoteStep(
                    self._room.interaction_id, act.flow, act.node, act.exit, spent_ms, act.kind
                )
                await self._submit(step)
            case Errands(number=number, errand=errand):
                self._errand = self._parts.carry(self._run(number, errand))
            case Over(finish=finish, fault=fault):
                await self._finish(finish, fault)
            case _:
                pass

    def _shown(self) -> Shown:
        if self._question is None:
            return {}
        listen = self._question.listen
        choices = [{"value": value, "title": title} for value, title in listen.choices.items()]
        return {"choices": choices} if choices else {"secret": True} if listen.secret else {}

    async def _say(self, text: str, shown: Shown) -> None:
        """Words of the centre join the conversation, as an agent's would."""
        if not text:
            return
        entry = await self._parts.seal(
            self._room.conversation.subject, Content(text=text), self._parts.entry_id()
        )
        self._parts.shown[entry.entry_id] = shown
        try:
            await self._submit(AddEntry(self._room.interaction_id, Author.SYSTEM, entry))
        except CarillonError:
            del self._parts.shown[entry.entry_id]
            raise

    async def _finish(self, finish: Finish, fault: str) -> None:
        interaction_id = self._room.interaction_id
        if fault:
            log.warning("A flow lost its way: %s", fault, extra={"interaction": interaction_id})
        if finish.how == "hung_up":
            await self._submit(CustomerLeave(interaction_id, SERVED))
        else:
            queue = QueueName(finish.queue) if finish.queue else None
            await self._submit(Enqueue(interaction_id, finish.attributes, queue))
        self.end()

    async def _submit(self, command: Command) -> None:
        await self._parts.context.inbox.submit(command)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        due = None if self.broken else self._session.due
        if due is not None:
            wait_s = max(0, due - self._parts.context.clock.now()) / 1_000
            self._timer = asyncio.get_running_loop().call_later(
                wait_s, lambda: self._parts.carry(self.take(TimePassed()))
            )

    async def _run(self, number: int, errand: Errand) -> None:
        await self.take(Answered(number, await self._answer_of(errand)))

    async def _answer_of(self, errand: Errand) -> Answer:
        """Company systems are asked; what only a call can do has failed."""
        match errand:
            case LookUp():
                return await self._port.answer(errand)
            case TakeMessage():
                return Recorded(0)
            case Reach():
                return Reached("failed")
            case PromiseCallback():
                return Promised("failed")
            case ReceiveFax():
                return FaxReceived(0)


class Flows:
    """The sessions of all rooms."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._serving: dict[InteractionId, Serving] = {}

    def flow_of(self, site: str) -> str:
        """The flow in which a chat of this site begins; empty where there is none in force."""
        port, known = self._parts.context.self_service, self._parts.site(site)
        if port is None or known is None or known.flow not in port.world().flows:
            return ""
        return known.flow

    def begin(self, room: Room, *, again: bool = False) -> None:
        """Serve who is in this room by its site's flow, without waiting for it; without a flow they
        go to the agents."""
        self.forget(room)
        port, flow = self._parts.context.self_service, self.flow_of(room.conversation.site)
        if port is None or not flow:
            self._parts.carry(self._to_the_agents(room))
            return
        serving = self._serving[room.interaction_id] = Serving(self._parts, port, room, flow)
        self._parts.carry(serving.begin(again=again))

    async def _to_the_agents(self, room: Room) -> None:
        try:
            await self._parts.context.inbox.submit(Enqueue(room.interaction_id))
        except CarillonError as error:
            # It is looked after again soon.
            log.warning("a chat without a flow waits for its queue: %s", error.code)

    def asks_secret(self, room: Room) -> bool:
        """Whether the flow asks for something that must not be kept."""
        serving = self._serving.get(room.interaction_id)
        return serving is not None and serving.asks_secret

    def hear(self, room: Room, text: str) -> None:
        """What was written goes to the flow, if there is one, without waiting for it."""
        serving = self._serving.get(room.interaction_id)
        if serving is not None:
            self._parts.carry(serving.take(Uttered(text)))

    async def gone(self, room: Room) -> None:
        """The visitor leaves: where they were is noted."""
        serving = self._serving.get(room.interaction_id)
        if serving is not None:
            await serving.gone()
            self.forget(room)

    def forget(self, room: Room) -> None:
        """It is over, or out of the flow's hands."""
        serving = self._serving.pop(room.interaction_id, None)
        if serving is not None:
            serving.end()

    def look(self) -> None:
        """Begin again wherever a session was lost."""
        for room in self._parts.rooms:
            if room.conversation.state != records.SERVED:
                continue
            serving = self._serving.get(room.interaction_id)
            view = self._parts.context.floor.interaction(room.interaction_id)
            served = view is not None and view.phase is Phase.SELF_SERVICE
            if served and (serving is None or serving.broken):
                self.begin(room, again=True)

    def stop(self) -> None:
        """Let go of all sessions."""
        serving, self._serving = self._serving, {}
        for each in serving.values():
            each.end()


def shown_with(parts: Parts, entry_id: EntryId) -> Shown:
    """What the message of this entry shows beside its words; told once."""
    return parts.shown.pop(entry_id, {})
