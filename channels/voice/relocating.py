"""After a media node died: the calls that were on it go on upon another one.

The far ends of SIP calls are told by a re-INVITE where their sound is now; pages describe theirs
anew. Who cannot be had again within the time is hung up on, and the interaction goes on from there.
"""

import asyncio
import logging

from channels.voice.call_ends import CallEnd, NoSound
from channels.voice.conversation import Conversation
from channels.voice.house import House
from channels.voice.media.client import MediaLost, MediaRefused
from channels.voice.members import Member
from channels.voice.ringing import Ringing
from router.model.errors import CarillonError

log = logging.getLogger(__name__)
GIVE_UP_S = 25.0
AGAIN_S = 0.5


class Relocating:
    """Moves conversations whose node was lost."""

    def __init__(self, house: House, ringing: Ringing) -> None:
        self._house = house
        self._ringing = ringing
        self._moving: set[str] = set()

    def lost(self, conversation: Conversation) -> None:
        """A leg of this conversation was lost with its node; told for each leg, moved once."""
        if conversation.over or conversation.interaction_id in self._moving:
            return
        self._moving.add(conversation.interaction_id)
        self._house.carry(self._move(conversation), "moving a call")

    async def _move(self, conversation: Conversation) -> None:
        try:
            async with asyncio.timeout(GIVE_UP_S):
                customer = conversation.customer
                if customer is not None and not conversation.left:
                    await self._again(customer, "")
                conversation.moved()
                for member in list(conversation.members):
                    await self._move_member(conversation, member)
        except TimeoutError:
            log.exception(
                "A call could not be moved to another media node",
                extra={"interaction": conversation.interaction_id},
            )
            if conversation.customer is not None:
                conversation.customer.hang_up(503, "No media node")
        finally:
            self._moving.discard(conversation.interaction_id)
            conversation.changed()

    async def _move_member(self, conversation: Conversation, member: Member) -> None:
        if member.gone:
            return
        if isinstance(member.end, CallEnd):
            await self._again(member.end, conversation.anchor)
        else:
            try:
                await self._ringing.sound_again(conversation, member)
            except (CarillonError, MediaLost, MediaRefused) as problem:
                log.warning("A page's sound could not be moved: %s", problem)
                self._ringing.sound_lost(conversation, member)

    async def _again(self, end: CallEnd, beside: str) -> None:
        """Try until a node has room; the one that died is being started anew meanwhile."""
        while not end.closed and end.call is not None and not end.call.ended:
            try:
                await end.move(beside=beside)
            except NoSound as problem:
                log.info("No room for a call that is moved: %s", problem.reason)
                await asyncio.sleep(AGAIN_S)
            else:
                return
