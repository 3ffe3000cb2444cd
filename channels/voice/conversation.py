"""One customer's call as a whole: who is in it, who hears whom, what is played, what is recorded.

What happens changes the state at once; a task of its own brings the nodes to what the state says.
So nothing that happens meanwhile is lost, and nothing is done in an order that was not meant.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from pathlib import Path

from channels.voice.arranging import Gathering, Seat, Watcher, arrange
from channels.voice.call_ends import CallEnd
from channels.voice.house import House
from channels.voice.media.answers import PlayDone
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.media.commands import Mix
from channels.voice.members import Member
from channels.voice.recordings import CallRecording
from channels.voice.showing import phase_of, state_of
from ivr.prompts import Utterance
from router.model.errors import CarillonError
from router.model.ids import AgentId, InteractionId, SubjectId
from router.telephones import CallKind, CallPhase, CallState, Watching

log = logging.getLogger(__name__)
MUSIC = "music"
MUSIC_GAIN = 0.6
AGAIN_S = 0.2
GOODBYE_S = 30.0
SOUND_S = 20.0
"""So long an agent's sound is waited for before somebody is called for them."""


class Conversation:
    """A call in hand, from its arrival to its end. ``customer`` is None while nobody is there:
    before a call of ours is answered, and while somebody waits to be called back.
    """

    def __init__(
        self,
        house: House,
        interaction_id: InteractionId,
        subject: SubjectId,
        *,
        number: str = "",
        language: str = "en",
        address: str = "",
        outgoing: bool = False,
    ) -> None:
        self.house = house
        self.interaction_id = interaction_id
        self.subject = subject
        self.number = number
        self.language = language
        self.outgoing = outgoing
        self.address = address
        self.queue = ""
        self.listeners_shown = house.settings.watching_shown
        self.customer: CallEnd | None = None
        self.members: list[Member] = []
        self.held = False
        self.together = False
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()
        self.secret = False
        self.announced = False
        self.callback = ""
        """The number to be called back; empty: none was promised."""
        self.tries = 0
        self.over = False
        self.leaving = False
        """The customer's line ends by our doing; the interaction goes on without it."""
        self.left = False
        """The customer's line is gone."""
        self.handed_over = False
        """The customer and a number outside are to go on without any agent."""
        self.message_wanted = ""
        """The word after which a message is taken when the wait ends."""
        self.enough: Callable[[], None] | None = None
        """Ends the message that is being taken."""
        self.recording: CallRecording | None = None
        self.score: float | None = None
        self._heard: dict[str, asyncio.Event] = {}
        self._mixed: Mix | None = None
        self._music: str = ""
        self._unsure = False
        """Whether the customer may be played something that nobody here knows of."""
        self._news = asyncio.Event()
        self._altered = asyncio.Event()
        self._keeping: asyncio.Task[None] | None = None

    # -- who is there

    def member(self, agent_id: AgentId) -> Member | None:
        """An agent's part, rung or joined; not their watching of others."""
        for member in self.members:
            if member.agent_id == agent_id and member.kind is not CallKind.WATCH:
                return member
        return None

    def watcher(self, agent_id: AgentId) -> Member | None:
        """A supervisor's part."""
        for member in self.members:
            if member.agent_id == agent_id and member.kind is CallKind.WATCH:
                return member
        return None

    def outside(self) -> Member | None:
        """The number outside that was called for this conversation."""
        return next((member for member in self.members if member.agent_id is None), None)

    def lead(self) -> Member | None:
        """The agent who leads."""
        return next((member for member in self.members if member.lead and member.joined), None)

    @property
    def anchor(self) -> str:
        """A leg of this conversation, beside which others can be mixed; empty: none is up."""
        if self.customer is not None and not self.customer.closed:
            return self.customer.leg
        return next((m.end.leg for m in self.members if m.end is not None and m.end.up), "")

    async def sound_of(self, agent_id: AgentId) -> Member:
        """An agent's part once their sound is up. Raises TimeoutError."""
        async with asyncio.timeout(SOUND_S):
            while (member := self.member(agent_id)) is None or not member.up:
                # Pages and telephones come up in many ways; each ends in ``changed``.
                self._altered.clear()
                await self._altered.wait()
        return member

    # -- what changes

    def changed(self) -> None:
        """Bring nodes and telephones to what the state says now."""
        if self.over:
            return
        for member in self.members:
            self._shown(member)
        if self._keeping is None:
            self._keeping = self.house.carry(self._keep(), f"arranging {self.interaction_id}")
        self._news.set()
        self._altered.set()

    def remove(self, member: Member, reason: str) -> None:
        """Somebody is no longer part of it; their sound ends."""
        if member.gone:
            return
        member.gone = True
        self.members.remove(member)
        member.reason = reason
        member.phase, member.since = CallPhase.ENDED, self.house.now
        self._shown(member)
        if member.end is not None:
            self.house.carry(member.end.close(), "closing an end")
        if not any(m.joined and m.agent_id is not None for m in self.members):
            self.together = self.held = False
        self.changed()

    async def finish(self, reason: str) -> None:
        """End everything: all legs, all telephones, the recording."""
        if self.over:
            return
        for member in list(self.members):
            self.remove(member, reason)
        self.over = True
        self.hush()
        if self.recording is not None:
            await self.recording.end()
        if self.customer is not None:
            figures = await self.customer.close()
            if figures is not None and figures.quality.packets:
                self.score = figures.quality.score
        if self._keeping is not None:
            self._keeping.cancel()

    # -- saying something to the customer

    @property
    def busy(self) -> bool:
        """Whether something else than the arrangement decides what the customer hears."""
        return self._busy > 0

    def occupy(self) -> None:
        """Something else decides from now on, until it says ``leave``."""
        self._busy += 1
        self._idle.clear()
        self._music, self._unsure = "", True

    def leave(self) -> None:
        """It decides no more."""
        self._busy -= 1
        if not self._busy:
            self._idle.set()
        self.changed()

    async def quiet(self) -> None:
        """Wait until nothing more is being said to the customer, ``GOODBYE_S`` at most."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._idle.wait()

    async def tell(
        self, utterance: Utterance, then: tuple[Path, ...] = (), *, inside: bool = False
    ) -> None:
        """Say something to the customer, alone, to its end, and ``then`` play these files.

        Returns at once when nobody hears it, or something else is being said; ``inside``: by who
        occupies the line.
        """
        files = (*await self.house.flows.files(utterance), *then)
        customer = self.customer
        if not files or customer is None or not customer.up or (self.busy and not inside):
            return
        play = self.house.nodes.name()
        heard = self._heard[play] = asyncio.Event()
        self.occupy()
        try:
            await self.house.nodes.play(customer.leg, play, files)
            await heard.wait()
        except (MediaLost, MediaRefused) as problem:
            log.warning("An announcement could not be said: %s", problem)
        finally:
            del self._heard[play]
            self.leave()

    def hush(self) -> None:
        """What is being said to the customer need not be heard to its end."""
        for heard in self._heard.values():
            heard.set()

    def played(self, event: PlayDone) -> bool:
        """A play on the customer's leg ended; whether it was one of ours."""
        heard = self._heard.get(event.play)
        if heard is not None:
            heard.set()
        if event.play == self._music and event.reason != "replaced":
            self._music = ""
            self.changed()
        return heard is not None

    # -- the nodes

    async def _keep(self) -> None:
        while not self.over:
            await self._news.wait()
            self._news.clear()
            try:
                await self._arrange()
            except (MediaLost, MediaRefused, CarillonError) as problem:
                # A store was busy, or somebody left meanwhile, or their node: news is on its way.
                log.info("A call could not be arranged: %s", problem)
                self._mixed = None
                self._music, self._unsure = "", True
                await asyncio.sleep(AGAIN_S)
                self._news.set()

    def _gathering(self) -> Gathering:
        customer = self.customer
        there = [m for m in self.members if m.joined and m.leg]
        seats = tuple(
            Seat(m.leg, m.lead, m.muted, m.agent_id is None)
            for m in there
            if m.kind is not CallKind.WATCH
        )
        lead = self.lead()
        watchers = tuple(
            Watcher(m.leg, m.watching or Watching.LISTEN, lead.leg if lead else "", m.muted)
            for m in there
            if m.kind is CallKind.WATCH
        )
        return Gathering(
            customer=customer.leg if customer is not None and customer.up else "",
            seats=seats,
            watchers=watchers,
            held=self.held,
            together=self.together or self.transferred_out,
            busy=self.busy,
        )

    @property
    def transferred_out(self) -> bool:
        """Whether the customer talks with a number outside and no agent any more."""
        return not any(m.agent_id is not None and m.joined for m in self.members)

    async def _arrange(self) -> None:
        wanted = arrange(self._gathering())
        nodes = self.house.nodes
        if wanted.listeners:
            mix = Mix(list(wanted.listeners), list(wanted.entries))
            if self._mixed is None or (mix.listeners, mix.entries) != (
                self._mixed.listeners,
                self._mixed.entries,
            ):
                await nodes.do(wanted.listeners[0], mix)
                self._mixed = mix
        customer = self.customer
        if customer is None or not customer.up:
            return
        if customer.leg in wanted.music and not self._music:
            self._music = f"{MUSIC}-{nodes.name()[:16]}"
            music = [self.house.music_file()]
            await nodes.play(customer.leg, self._music, music, repeat=True, gain=MUSIC_GAIN)
            self._unsure = False
        elif customer.leg not in wanted.music and not self.busy and (self._music or self._unsure):
            self._music = ""
            await nodes.stop_playing(customer.leg)
            self._unsure = False
        if self.recording is not None and wanted.entries:
            await self.recording.begin(customer.leg)
            for member in self.members:
                self._shown(member)
        self._note_talking()

    def moved(self) -> None:
        """The customer's sound is on another node: nothing of before is there."""
        self._mixed = None
        self._music = ""
        if self.recording is not None:
            self.recording.lost()
        self.changed()

    def _note_talking(self) -> None:
        for member in self.members:
            if member.joined and member.leg and member.talking_since is None:
                member.talking_since = self.house.now
                self._shown(member)

    def _shown(self, member: Member) -> None:
        """Tell an agent's telephone how things stand, where that has changed."""
        if member.agent_id is None:
            return
        phase = phase_of(self, member)
        if phase is not member.phase:
            member.phase, member.since = phase, self.house.now
        state = self.state_of(member)
        if state != member.shown:
            member.shown = state
            self.house.show(state)

    def state_of(self, member: Member) -> CallState:
        """An agent's end as it stands."""
        return state_of(self, member)
