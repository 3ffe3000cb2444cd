"""How a chat begins: the pre-chat answers, the bounds, the token, the first words."""

import msgspec

from channels.chat import records
from channels.chat.answers import bounded_text, first_facts
from channels.chat.cards import mask_cards
from channels.chat.conversations import said
from channels.chat.identity import Identity
from channels.chat.parts import MEDIUM, Parts
from channels.chat.protocol import Start
from channels.chat.records import Conversation, Item
from channels.chat.rooms import Room
from channels.chat.self_service import Flows
from channels.chat.settings import Site
from channels.chat.tokens import digest
from channels.chat.vouching import Vouching
from router.model.commands import Arrive, Scalar
from router.model.content import Content
from router.model.errors import CarillonError, InvalidInput, Overloaded, Refused
from router.model.ids import AgentId, InteractionId, SubjectId
from router.model.interaction import Phase
from router.seals import Address


class Former(msgspec.Struct, frozen=True):
    """The conversation a visitor had before: the same customer, and who served them."""

    subject: SubjectId
    agent_id: str | None


class Starts:
    """Begins conversations. Raises Refused, InvalidInput, Overloaded or StorageFailed when one
    did not begin; then nothing of it happened."""

    def __init__(self, parts: Parts, vouching: Vouching, flows: Flows) -> None:
        self._parts = parts
        self._flows = flows
        self._context = parts.context
        self._vouching = vouching

    def is_open(self, site: Site) -> bool:
        """Whether a chat may begin now."""
        return not self._parts.retired and self._context.floor.is_open(site.calendar)

    async def start(
        self,
        key: str,
        frame: Start,
        *,
        token: str,
        source: str,
        language: str,
        former: Former | None,
    ) -> tuple[Room, Item]:
        """Begin a chat; the same ``frame.id`` with the same token begins it once."""
        site = self._parts.settings.sites[key]
        there = await self._parts.store.by_token(digest(token))
        if there is not None and (there.start_id != frame.id or there.site != key):
            raise Refused("this token opens another conversation", code="spent")
        if there is None:
            self._may_start(key, site)
        content, attributes = self._first_words(site, frame)
        if there is None:
            self._count_source(source)
            identity = await self._vouching.identity(key, site, frame.identity)
            there = await self._new_conversation(
                key, frame, token=token, language=language, former=former, identity=identity
            )
            new = True
        else:
            new = False
        room = self._parts.rooms.open(there)
        entry = await self._parts.seal(there.subject, content, self._parts.entry_id())
        words = said(frame.id, entry, 1, self._context.clock.now())
        item, _ = await self._parts.rooms.add(room, words)
        if there.state != records.STARTING:
            return room, item
        arrive = Arrive(
            interaction_id=there.interaction_id,
            medium=MEDIUM,
            address=key,
            subject=there.subject,
            attributes={"site": key, "language": language, **attributes},
            customer={"verified": there.identified},
            entry=entry,
            source_key=f"chat:{there.interaction_id}:{frame.id}",
            last_agent=AgentId(former.agent_id) if former and former.agent_id else None,
            self_service=bool(self._flows.flow_of(key)),
        )
        try:
            await self._context.inbox.submit(arrive)
        except CarillonError:
            if new:
                self._parts.rooms.drop(there.interaction_id)
                await self._parts.store.drop(there.interaction_id)
            raise
        await self._serve(room)
        return room, item

    async def _serve(self, room: Room) -> None:
        """Let the flow begin where the chat begins in self-service."""
        view = self._context.floor.interaction(room.interaction_id)
        if view is not None and view.phase is Phase.SELF_SERVICE:
            await self._parts.rooms.change(room, state=records.SERVED)
            self._flows.begin(room)

    def _first_words(self, site: Site, frame: Start) -> tuple[Content, dict[str, Scalar]]:
        """What is said first, with the sealed answers, and the attributes for the rules."""
        text = bounded_text(frame.text, self._parts.settings.characters_max)
        if not text:
            raise InvalidInput("say something", field="text", code="missing")
        sealed, attributes = first_facts(
            site, name=frame.name, mail=frame.mail, topic=frame.topic, fields=frame.fields
        )
        if site.share_page and frame.page:
            sealed["page"] = mask_cards(frame.page)
        return Content(text=mask_cards(text), fields=sealed), attributes

    def _may_start(self, key: str, site: Site) -> None:
        if not self.is_open(site):
            raise Refused("the chat is closed now", code="closed")
        running = sum(
            1
            for room in self._parts.rooms
            if room.conversation.site == key and room.conversation.state != records.ENDED
        )
        if running >= site.open_max:
            raise Overloaded("too many chats are open on this site", code="busy")

    def _count_source(self, source: str) -> None:
        wait_ms = self._parts.limits.chats.take(source, self._context.clock.now())
        if wait_ms:
            raise Overloaded("too many new chats from this address", code="too_many_chats")

    async def _new_conversation(
        self,
        key: str,
        frame: Start,
        *,
        token: str,
        language: str,
        former: Former | None,
        identity: Identity | None,
    ) -> Conversation:
        new_id = self._context.ids.new()
        if identity is not None:
            subject = await self._vouching.subject(key, identity)
        elif former is not None:
            subject = former.subject
        else:
            # What a visitor types opens nothing (CHAT-2): a fresh card, found by nobody's address.
            address = Address(kind="chat", value=new_id)
            subject = await self._context.customers.resolve(address, mask_cards(frame.name.strip()))
        return await self._parts.store.add_conversation(
            Conversation(
                interaction_id=InteractionId(new_id),
                site=key,
                token_digest=digest(token),
                start_id=frame.id,
                subject=subject,
                language=language,
                state=records.STARTING,
                last_seq=0,
                last_at=self._context.clock.now(),
                identified=identity is not None,
            )
        )
