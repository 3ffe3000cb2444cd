"""The running voice channel: nodes, stack and calls started, joined, and ended cleanly."""

import asyncio
import contextlib
import logging
from collections.abc import Mapping

from twisted.internet.error import CannotListenError

from channels.api import ChannelContext
from channels.voice.arriving import Arriving
from channels.voice.calling_back import CallingBack
from channels.voice.conversation import Conversation
from channels.voice.conversations import Conversations
from channels.voice.dialling import DialPolicy
from channels.voice.house import MEDIUM, House
from channels.voice.media.client import MediaLost
from channels.voice.media.pool import Settings as PoolSettings
from channels.voice.messages import tone
from channels.voice.music import music
from channels.voice.nodes import Nodes
from channels.voice.own_phones import OwnPhones
from channels.voice.performing import Performing
from channels.voice.recordings import Recorder
from channels.voice.relocating import Relocating
from channels.voice.ringing import Ringing
from channels.voice.self_service import Outside
from channels.voice.settings import VoiceSettings
from channels.voice.settings_checks import host_of, only_loopback, sip_of
from channels.voice.sip.calls import Call
from channels.voice.sip.endpoint import SipEndpoint
from channels.voice.telephones import VoiceTelephones
from channels.voice.waiting import Waiting
from router.model.commands import CustomerLeave
from router.model.effects import Effect
from router.model.errors import CannotListen, CarillonError, Refused
from router.model.ids import Medium, Position

log = logging.getLogger(__name__)
STOP_WITHIN_S = 5.0


class VoiceChannel:
    """Calls as a medium. ``telephones`` is what desks plug their pages into."""

    def __init__(self, settings: VoiceSettings, context: ChannelContext) -> None:
        house = self._house = House(settings, context)
        self._conversations = Conversations()
        self._recorder = Recorder(house)
        self.policy = DialPolicy(settings.dialling)
        self._calling_back = CallingBack(house, self._conversations, self.policy)
        self._ringing = Ringing(house, self._conversations)
        waiting = Waiting(house, self._recorder, self._calling_back.promise)
        relocating = Relocating(house, self._ringing)
        self._ringing.on_node_lost = relocating.lost
        self.telephones = VoiceTelephones(
            house, self._conversations, self._ringing, self.policy, self._over
        )
        self._own_phones = OwnPhones(house, self.telephones)
        self._ringing.on_transfer = self._own_phones.asked
        self._arriving = Arriving(
            house,
            self._conversations,
            self._recorder,
            Outside(self.telephones.reach, self._calling_back.promise),
            waiting,
            relocating,
            self._over,
        )
        self._performing = Performing(
            house, self._conversations, self._ringing, waiting, self._recorder, self._calling_back
        )

    @property
    def medium(self) -> Medium:
        """``voice``."""
        return MEDIUM

    @property
    def calls(self) -> int:
        """How many conversations are in hand."""
        return len(self._conversations)

    def port(self, transport: str = "UDP") -> int:
        """The port SIP listens at by a transport."""
        return self._house.endpoint.port(transport)

    # -- life

    async def start(self) -> None:
        """Open the tables, start the nodes, listen, and take up what a process before left."""
        house, settings = self._house, self._house.settings
        await house.store.open()
        self._ringing.chosen = dict(await house.store.devices())
        await asyncio.to_thread(self._make_sounds)
        house.nodes = Nodes(
            PoolSettings(
                folder=house.context.data_folder / "media",
                sounds=house.context.data_folder / "sounds",
                address=settings.media.address or host_of(settings),
                public=settings.media.public or settings.listen.public,
                nodes=settings.media.nodes,
                legs=settings.media.legs,
                loopback=only_loopback(settings),
            ),
            house.now,
            house.context.ids,
            self._recorder.recorded,
        )
        try:
            await house.nodes.start()
        except MediaLost as problem:
            raise CannotListen(f"no media node: {problem}", field="media") from problem
        house.endpoint = self._made_endpoint(settings)
        try:
            await house.endpoint.start()
        except (OSError, CannotListenError) as problem:
            await house.nodes.stop()
            raise CannotListen(
                f"SIP cannot listen: {problem}", field="channels.voice.listen"
            ) from problem
        await self._take_up()

    async def stop(self) -> None:
        """Take no new calls, end those in hand, let go of everything; within 5 s."""
        house = self._house
        house.stopping = True
        if hasattr(house, "endpoint"):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(STOP_WITHIN_S / 3):
                    await house.endpoint.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_WITHIN_S / 3):
                await asyncio.gather(*(self._end(each) for each in self._conversations.all()))
                await house.all_carried()
        house.drop_carried()
        if hasattr(house, "nodes"):
            await house.nodes.stop()
        await house.store.close()

    async def reconfigure(self, settings: VoiceSettings) -> None:
        """Take new settings; calls in hand go on.

        Raises Refused (``fixed``) where SIP or the nodes would have to listen elsewhere.
        """
        former = self._house.settings
        fixed = (
            ("listen", former.listen, settings.listen),
            ("realm", former.realm, settings.realm),
            ("media", former.media, settings.media),
        )
        changed = [name for name, before, after in fixed if before != after]
        if changed:
            raise Refused(
                f"channels.voice: {', '.join(changed)} takes effect with the next start",
                code="fixed",
            )
        self._house.endpoint.adopt(sip_of(settings))
        self._house.settings = settings
        self.policy.settings = settings.dialling

    async def retire(self) -> None:
        """Take no new calls; those in hand and promised callbacks go on."""
        self._house.retired = True

    async def busy(self) -> bool:
        """Whether a recording or a word to the router is still on its way."""
        return self._house.carrying or bool(self._conversations.all())

    def health(self) -> Mapping[str, str]:
        """What is not well: trunks, nodes."""
        house = self._house
        if not hasattr(house, "endpoint"):
            return {}
        return {**house.endpoint.health(), **house.nodes.health()}

    async def perform(self, effect: Effect, position: Position) -> None:
        """Carry out an effect, or begin to."""
        self._performing.perform(effect)

    # -- inside

    def _over(self, conversation: Conversation) -> None:
        """Nobody is in a conversation any more that went on without an agent."""
        self._house.carry(self._performing.end(conversation), "the end of a call")

    def _made_endpoint(self, settings: VoiceSettings) -> SipEndpoint:
        return SipEndpoint(
            sip_of(settings),
            clock=self._house.context.clock,
            key=self._house.context.secrets.key("voice-sip"),
            on_call=self._take,
        )

    def _take(self, call: Call) -> None:
        """A call that was let in: of a caller, or of an agent's own telephone."""
        if call.replaces is not None:
            # Nobody takes the place of a call but by a transfer that we carry out (SIP-8).
            call.reject(603)
            return
        agent_id = self._own_phones.agent_of(call)
        if agent_id is None:
            self._arriving.take(call)
        else:
            self._own_phones.take(call, agent_id)

    def _make_sounds(self) -> None:
        folder = self._house.context.data_folder
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "music.wav").write_bytes(music())
        (folder / "tone.wav").write_bytes(tone())

    async def _end(self, conversation: Conversation) -> None:
        """The process ends: a caller is told so; who is to be called back is kept."""
        if conversation.callback and conversation.customer is None:
            await conversation.finish("failed")
            return
        if not conversation.left:
            conversation.left = True
            await self._house.say(CustomerLeave(conversation.interaction_id, "restart"))
        await self._performing.end(conversation)

    async def _take_up(self) -> None:
        """What a process before this one had in hand when it ended."""
        house = self._house
        for kept in await house.store.calls():
            try:
                if await self._calling_back.take_up(kept):
                    continue
            except CarillonError as error:
                log.warning("A callback could not be taken up: %s", error.message)
            log.warning("A call was cut by a restart", extra={"interaction": kept.interaction_id})
            await house.say(CustomerLeave(kept.interaction_id, "restart"))
            await house.store.end_call(kept.interaction_id)
        for recording in await house.store.recordings():
            house.carry(self._recorder.take_up(recording), "a recording of before")


def build(settings: VoiceSettings, context: ChannelContext) -> VoiceChannel:
    """The voice channel with these settings."""
    return VoiceChannel(settings, context)
