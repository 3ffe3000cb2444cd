"""A SIP call together with its leg on a node: a caller, an agent's telephone, a number outside."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from channels.voice.agreeing import local_media, remote_of
from channels.voice.media.answers import Allocated, LegFigures, Pressed, RtpTimeout
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.media.codings import Codec
from channels.voice.media.commands import Detect, Dtmf, Heard
from channels.voice.media.pool import NodeLost
from channels.voice.nodes import LegEvent, Nodes
from channels.voice.sip.calls import Call
from channels.voice.sip.errors import BadMessage
from channels.voice.sip.happenings import (
    Answered,
    CallEvent,
    Changed,
    ChangeRefused,
    Confirmed,
    Digit,
    EarlyMedia,
    Ended,
    Reoffered,
)
from channels.voice.sip.offers import Agreed, Negotiation
from channels.voice.sip.sdp import Description
from router.model.errors import Refused

log = logging.getLogger(__name__)

SOUND_FAILED = 488
NO_ROOM = 503

Told = Callable[[CallEvent | LegEvent], None]
"""Told what happens to an end of a call, in order; must not raise."""


class NoSound(Exception):
    """The sound of a call cannot be had; ``status`` is what SIP calls that."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class CallEnd:
    """One call and its sound. ``up`` says whether sound can flow.

    ``networks`` are where the other side's sound is known to be (RTP-2). Changes the other side
    asks for (hold, other formats, other addresses) are answered here; ``told`` hears of them when
    they are in force.
    """

    def __init__(
        self, nodes: Nodes, codecs: Sequence[Codec], networks: Sequence[str], told: Told
    ) -> None:
        self._nodes = nodes
        self._codecs = codecs
        self._networks = networks
        self._told = told
        self.leg = nodes.name()
        self.call: Call | None = None
        self.up = False
        self.held_by_them = False
        self.closed = False
        self._at: Allocated | None = None
        self._negotiation = Negotiation(str(int(self.leg[:8], 16)))
        self._answer: Description | None = None
        self._offered = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    def tell_to(self, told: Told) -> None:
        """Let another one hear what happens from now on."""
        self._told = told

    # -- beginning

    async def prepare(self, call: Call) -> None:
        """Have the sound ready for a call that came in. Raises NoSound; nothing was answered."""
        self.call = call
        self._at = at = await self._opened("")
        local = local_media(at, self._codecs)
        try:
            if call.offer is None:
                self._offered = True
                self._answer = self._negotiation.offer(local)
            else:
                self._answer, agreed = self._negotiation.answer(call.offer, local)
                await self._agree(agreed)
        except (BadMessage, MediaLost, MediaRefused, Refused) as problem:
            await self._nodes.close(self.leg)
            raise _no_sound(problem) from problem

    def answer(self) -> None:
        """Take the call that was prepared. Raises Refused when it is over."""
        if self.call is not None and self._answer is not None:
            self.call.answer(self._answer)

    async def make(self, call: Callable[[Description], Call], *, beside: str) -> None:
        """Make a call, with its sound beside another leg. Raises NoSound, or what ``call`` does."""
        self._at = at = await self._opened(beside)
        self._offered = True
        try:
            self.call = call(self._negotiation.offer(local_media(at, self._codecs)))
        except BaseException:
            await self.close()
            raise

    async def move(self, *, beside: str = "") -> None:
        """Have the sound on another node, after its own was lost: the other side is told so.

        Raises NoSound when no node has room, or the call is not up.
        """
        async with self._turn:
            if self.call is None or self.closed:
                return
            self.up = False
            await self._nodes.close(self.leg)
            self.leg = self._nodes.name()
            self._at = at = await self._opened(beside)
            self._offered = True
            try:
                self.call.reinvite(self._negotiation.offer(local_media(at, self._codecs)))
            except Refused as problem:
                raise _no_sound(problem) from problem

    async def _opened(self, beside: str) -> Allocated:
        try:
            return await self._nodes.open(self.leg, self._hear, beside=beside)
        except (MediaLost, MediaRefused) as problem:
            raise _no_sound(problem) from problem

    # -- while it lasts

    async def press(self, digits: str) -> None:
        """Press keys towards the other side. Raises MediaLost or MediaRefused."""
        await self._nodes.do(self.leg, Dtmf(self.leg, digits))

    def listen(self, call: Call, event: CallEvent) -> None:
        """What happens to the call, in order; what takes time is done behind what came first."""
        match event:
            case Reoffered(description=description):
                self._later(self._reoffered(call, description))
            case EarlyMedia(description=description) | Answered(description=description):
                self._later(self._answered(description, event))
            case Confirmed(description=description) | Changed(description=description):
                self._later(self._answered(description, event))
            case ChangeRefused():
                self._later(self._change_refused(call))
            case Digit(digit=digit):
                self._later(self._signalled(digit))
            case Ended():
                self._told(event)
            case _:
                self._told(event)

    def hang_up(self, status: int = 200, reason: str = "") -> None:
        """End the call; harmless when it is over. The leg is let go by ``close``."""
        if self.call is not None:
            self.call.hang_up(status, reason)

    async def close(self) -> LegFigures | None:
        """End the call and the leg; the last figures of its sound."""
        if self.closed:
            return None
        self.closed = True
        self.up = False
        for task in self._tasks:
            task.cancel()
        self.hang_up()
        return await self._nodes.close(self.leg)

    # -- inside

    def _hear(self, event: LegEvent) -> None:
        if isinstance(event, NodeLost):
            self.up = False
        if isinstance(event, Pressed | RtpTimeout | NodeLost) or not self.closed:
            self._told(event)

    def _later(self, work: Coroutine[Any, Any, None]) -> None:
        async def in_turn() -> None:
            try:
                async with self._turn:
                    await work
            except (BadMessage, MediaLost, MediaRefused, Refused) as problem:
                log.warning(
                    "A call's sound could not be agreed on: %s",
                    problem,
                    extra={"call_id": self.call.call_id if self.call is not None else ""},
                )
                if not self.up:
                    self.hang_up(SOUND_FAILED, "No common sound")

        task = asyncio.create_task(in_turn(), name="sound of a call")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reoffered(self, call: Call, description: Description | None) -> None:
        if self._at is None:
            return
        local = local_media(self._at, self._codecs)
        if description is None:
            self._offered = True
            call.accept(self._negotiation.offer(local))
            return
        try:
            answer, agreed = self._negotiation.answer(description, local)
            self._offered = False
            await self._agree(agreed)
        except (BadMessage, MediaRefused) as problem:
            log.info("A change of a call was refused: %s", problem)
            call.refuse(SOUND_FAILED)
            return
        call.accept(answer)
        self._told(Changed(description))

    async def _answered(self, description: Description | None, event: CallEvent) -> None:
        if description is not None:
            await self._agree(self._negotiation.agree(description))
        self._told(event)

    async def _change_refused(self, call: Call) -> None:
        if not self.up:
            call.hang_up(NO_ROOM, "The sound could not be moved")

    async def _signalled(self, digit: str) -> None:
        await self._nodes.do(self.leg, Heard(self.leg, digit))

    async def _agree(self, agreed: Agreed) -> None:
        if self.call is None:
            raise Refused("this call is not up", code="call_not_up")
        source = next(iter(self.call.hosts), agreed.address)
        remote = remote_of(
            self.leg,
            agreed,
            signalled_from=source,
            networks=self._networks,
            offered=self._offered,
        )
        await self._nodes.do(self.leg, remote)
        if remote.dtmf_receive_type is None:
            # Who names no digits is listened to for their sound.
            await self._nodes.do(self.leg, Detect(self.leg))
        self.held_by_them = agreed.held
        self.up = True


def _no_sound(problem: Exception) -> NoSound:
    """The status SIP has for what went wrong with the sound."""
    match problem:
        case BadMessage(status=status):
            return NoSound(status, problem.message)
        case MediaRefused(code="invalid"):
            return NoSound(SOUND_FAILED, str(problem))
        case _:
            return NoSound(NO_ROOM, str(problem))
