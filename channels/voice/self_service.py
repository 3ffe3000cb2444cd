"""A flow on a caller's leg: what the session wants is played, asked and noted; keys are told it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from channels.voice.conversation import Conversation
from channels.voice.house import House
from channels.voice.media.answers import PlayDone, Pressed
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.media.commands import Secure
from channels.voice.messages import TakingMessage
from channels.voice.recordings import Recorder
from ivr.asks import (
    KEYS,
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
    Guard,
    Happening,
    Over,
    Play,
    Played,
    Stepped,
    StopPlaying,
    TimePassed,
)
from ivr.happenings import Pressed as KeyPressed
from ivr.prompts import Utterance
from ivr.session import Contact, Session
from router.model.commands import NoteStep

log = logging.getLogger(__name__)

Ended = Callable[[Over], Awaitable[None]]
Reaching = Callable[[Conversation, str, int], Awaitable[str]]
Promising = Callable[[Conversation, str], Awaitable[str]]


class Outside:
    """What a flow may do beyond its own leg: ``reach`` a number, ``promise`` to call back.

    ``reach(conversation, number, ring_ms)`` and ``promise(conversation, number)`` answer with an
    outcome of ``ivr.asks``.
    """

    def __init__(self, reach: Reaching, promise: Promising) -> None:
        self.reach = reach
        self.promise = promise


class FlowRun:
    """One session on one conversation."""

    def __init__(
        self,
        house: House,
        conversation: Conversation,
        recorder: Recorder,
        outside: Outside,
        ended: Ended,
    ) -> None:
        self._house = house
        self._conversation = conversation
        self._recorder = recorder
        self._outside = outside
        self._ended = ended
        self._session: Session | None = None
        self._plays: dict[str, int] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._taking: TakingMessage | None = None
        self._over = False
        self._left = False
        self._steps: list[NoteStep] = []
        self._noting: asyncio.Task[None] | None = None

    def start(self, flow: str, contact: Contact) -> None:
        """Begin with the flow's first node. Raises KeyError when there is no such flow."""
        self._conversation.occupy()
        world = self._house.flows.world()
        self._session = Session(world, flow, contact, self._house.now)
        self._do(self._session.start())

    # -- from the leg

    def pressed(self, event: Pressed) -> None:
        """A key of the telephone."""
        if event.ended or event.digit not in KEYS:
            return
        if self._taking is not None:
            self._taking.enough()
        else:
            self._tell(KeyPressed(event.digit))

    def played(self, event: PlayDone) -> None:
        """Something was played to its end, or cannot be."""
        number = self._plays.pop(event.play, None)
        if number is not None and event.reason in ("finished", "broken"):
            if event.reason == "broken":
                log.warning("A prompt cannot be played: %s", event.message)
            self._tell(Played(number))

    def moved(self) -> None:
        """What was being played is lost: it counts as heard, so that the flow goes on."""
        lost, self._plays = list(self._plays.values()), {}
        for number in lost:
            self._tell(Played(number))

    def gone(self) -> None:
        """The caller hung up. A message that was being left is kept all the same."""
        self._left = True
        if self._taking is not None:
            self._taking.enough()
        else:
            self._tell(Gone())

    # -- the session

    def _tell(self, happening: Happening) -> None:
        if self._session is None or self._over:
            return
        self._do(self._session.take(happening, self._house.now))

    def _do(self, acts: list[Act]) -> None:
        for act in acts:
            match act:
                case Play(number=number, utterance=utterance):
                    self._house.carry(self._play(number, utterance), "a prompt")
                case StopPlaying(number=number):
                    self._plays = {p: n for p, n in self._plays.items() if n != number}
                    self._house.carry(self._stop(), "stopping a prompt")
                case Guard(on=on):
                    self._conversation.secret = on
                    self._house.carry(self._guard(on=on), "guarding keys")
                case Errands(number=number, errand=errand):
                    self._house.carry(self._run(number, errand), "an errand")
                case Stepped():
                    self._note(act)
                case Over():
                    self._finish(act)
                case _:
                    pass
        self._set_timer()

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        due = self._session.due if self._session is not None and not self._over else None
        if due is not None:
            wait_s = max(0, due - self._house.now) / 1_000
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(wait_s, lambda: self._tell(TimePassed()))

    def _note(self, step: Stepped) -> None:
        """Steps are told in their order, by one task."""
        spent_ms = max(0, step.left - step.entered)
        interaction_id = self._conversation.interaction_id
        self._steps.append(
            NoteStep(interaction_id, step.flow, step.node, step.exit, spent_ms, step.kind)
        )
        if self._noting is None or self._noting.done():
            self._noting = self._house.carry(self._say_steps(), "steps of self-service")

    async def _say_steps(self) -> None:
        while self._steps:
            await self._house.say(self._steps.pop(0))

    def _finish(self, over: Over) -> None:
        self._over = True
        self._conversation.leave()
        self._conversation.secret = False
        if over.fault:
            log.warning(
                "A flow lost its way: %s",
                over.fault,
                extra={"interaction": self._conversation.interaction_id},
            )

        async def ending() -> None:
            if self._noting is not None:
                await self._noting
            await self._ended(over)

        self._house.carry(ending(), "the end of self-service")

    # -- on the leg

    async def _play(self, number: int, utterance: Utterance) -> None:
        files = await self._house.flows.files(utterance)
        customer = self._conversation.customer
        if self._over:
            return
        if not files or self._left or customer is None or not customer.up:
            self._tell(Played(number))
            return
        name = self._house.nodes.name()
        self._plays[name] = number
        try:
            await self._house.nodes.play(customer.leg, name, files)
        except (MediaLost, MediaRefused) as problem:
            log.warning("A prompt could not be played: %s", problem)
            if self._plays.pop(name, None) is not None:
                self._tell(Played(number))

    async def _stop(self) -> None:
        customer = self._conversation.customer
        if customer is not None and customer.up and not self._plays:
            try:
                await self._house.nodes.stop_playing(customer.leg)
            except (MediaLost, MediaRefused) as problem:
                log.info("A prompt could not be stopped: %s", problem)

    async def _guard(self, *, on: bool) -> None:
        customer = self._conversation.customer
        if customer is None or customer.closed:
            return
        try:
            await self._house.nodes.do(customer.leg, Secure(customer.leg, on=on))
        except (MediaLost, MediaRefused) as problem:
            log.warning("Keys could not be guarded: %s", problem)

    # -- errands

    async def _run(self, number: int, errand: Errand) -> None:
        answer = await self._answer_of(errand)
        self._tell(Answered(number, answer))
        kept = isinstance(answer, Recorded) and answer.duration_ms > 0
        if self._left and not kept:
            self._tell(Gone())

    async def _answer_of(self, errand: Errand) -> Answer:
        match errand:
            case LookUp():
                return await self._house.flows.answer(errand)
            case TakeMessage():
                return await self._take_message(errand)
            case PromiseCallback(number=number):
                return Promised(await self._outside.promise(self._conversation, number))
            case Reach(number=number, ring_ms=ring_ms):
                return Reached(await self._outside.reach(self._conversation, number, ring_ms))
            case ReceiveFax():
                return FaxReceived(0)

    async def _take_message(self, errand: TakeMessage) -> Recorded:
        self._taking = TakingMessage(self._house, self._conversation, self._recorder)
        try:
            taken = await self._taking.take(errand)
        finally:
            self._taking = None
        if not taken.duration_ms:
            return Recorded(0)
        return Recorded(await self._recorder.fetch(taken.name))
