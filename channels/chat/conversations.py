"""What a visitor may wish in a chat, and how it becomes commands with sealed words."""

from collections.abc import Sequence

import msgspec

from channels.chat import records
from channels.chat.answers import bounded_text, checked_mail
from channels.chat.cards import mask_cards
from channels.chat.parts import Parts
from channels.chat.protocol import Got, Keep, Rate, Say
from channels.chat.records import Item
from channels.chat.rooms import Room
from channels.chat.self_service import Flows
from channels.chat.vouching import Vouching
from router.model.commands import (
    AddEntry,
    CustomerLeave,
    LinkSubject,
    MarkEntry,
    NewEntry,
    Scalar,
    SetAttributes,
)
from router.model.content import Author, Content, FileRef, Mark
from router.model.errors import InvalidInput, Overloaded, Refused
from router.model.events import EntryAdded
from router.model.ids import EntryId, Instant

MAIL_SCHEMA = "chat-mail/1"


class Conversations:
    """The wishes of visitors. Every method raises Refused, InvalidInput, Overloaded or
    StorageFailed when the wish was not carried out; then nothing of it happened."""

    def __init__(self, parts: Parts, vouching: Vouching, flows: Flows) -> None:
        self._parts = parts
        self._flows = flows
        self._context = parts.context
        self._vouching = vouching

    def facts(self, room: Room) -> dict[str, object]:
        """What a visitor who joins is told of the conversation beside its items."""
        conversation = room.conversation
        return {
            "state": conversation.state,
            "last": conversation.last_seq,
            "read": conversation.read_seq,
            "seen_number": conversation.seen_number,
            "rated": conversation.rated,
            "kept": conversation.mail_box is not None,
        }

    async def say(self, room: Room, frame: Say) -> Item:
        """Words and files join the conversation; the same ``frame.id`` joins once."""
        there = await self._parts.store.item(room.interaction_id, f"c:{frame.id}")
        if there is not None:
            return there
        self._must_be_open(room)
        text = bounded_text(frame.text, self._parts.settings.characters_max)
        if not text and not frame.files:
            raise InvalidInput("say something", field="text", code="missing")
        self._count_message(room)
        if frame.secret or self._flows.asks_secret(room):
            return await self._say_secret(room, frame, text)
        files = await self._sent_files(room, frame.files)
        if files:
            # Before they are said: what stands in the log is never swept away as unsent.
            await self._parts.store.use_files(frame.files)
        item = await self._add_words(room, frame.id, Content(text=mask_cards(text), files=files))
        self.typing(room, types=False)
        self._flows.hear(room, mask_cards(text))
        return item

    async def _say_secret(self, room: Room, frame: Say, text: str) -> Item:
        """The answer to a question for a secret reaches the flow and nothing else (IVR-4)."""
        if not self._flows.asks_secret(room):
            raise Refused("nothing secret is asked now", code="not_asked")
        if frame.files or not text:
            raise InvalidInput("a secret is written, not attached", field="files", code="missing")
        now = self._context.clock.now()
        key, data = f"c:{frame.id}", {"id": frame.id, "secret": True}
        hidden = Item(seq=0, key=key, at=now, kind="said", data=data)
        item, _ = await self._parts.rooms.add(room, hidden, last_at=now)
        self._flows.hear(room, text)
        return item

    async def keep(self, room: Room, frame: Keep) -> Item:
        """Leave a message and keep the place: the visitor may go, the answer comes by mail."""
        self._must_be_open(room)
        mail = checked_mail(frame.mail)
        text = mask_cards(bounded_text(frame.text, self._parts.settings.characters_max))
        there = await self._parts.store.item(room.interaction_id, f"c:{frame.id}")
        if there is None:
            self._count_message(room)
            content = Content(text=text, fields={"mail": mail, "left_message": "yes"})
            there = await self._add_words(room, frame.id, content)
        attributes: dict[str, Scalar] = {"left_message": True}
        await self._context.inbox.submit(SetAttributes(room.interaction_id, attributes))
        sealed = await self._context.seals.seal(
            room.conversation.subject, mail_place(room), MAIL_SCHEMA, mail.encode()
        )
        await self._parts.rooms.change(room, mail_box=msgspec.msgpack.encode(sealed))
        kept = Item(seq=0, key="kept", at=self._context.clock.now(), kind="kept")
        await self._parts.rooms.add(room, kept)
        return there

    async def leave(self, room: Room, reason: str) -> None:
        """The visitor is gone for good: an abandon while waiting, an end while talking."""
        if room.conversation.state == records.ENDED:
            return
        room.leaving = reason
        try:
            await self._flows.gone(room)
            await self._context.inbox.submit(CustomerLeave(room.interaction_id, reason=reason))
        except Refused as error:
            if error.code != "unknown_interaction":
                raise
            if room.conversation.state == records.STARTING:
                # A crash came before the router was told: who comes back begins anew.
                self._parts.rooms.drop(room.interaction_id)
                await self._parts.store.drop(room.interaction_id)
                return
        finally:
            # What the hub releases from now on is not the visitor's doing, if this failed.
            room.leaving = ""
        await self.ended(room, "customer", reason)

    async def ended(self, room: Room, outcome: str, reason: str = "") -> None:
        """Show that the conversation is over; once, whoever says so first."""
        now = self._context.clock.now()
        data = {"outcome": outcome, "reason": room.leaving or reason}
        item = Item(seq=0, key="ended", at=now, kind="ended", data=data)
        await self._parts.rooms.add(room, item, state=records.ENDED, last_at=now)
        self._parts.limits.messages.forget(room.interaction_id)
        self._parts.rooms.drop_if_over(room)

    async def rate(self, room: Room, frame: Rate) -> None:
        """How it was: the score in clear as the attribute ``rating``, the comment sealed."""
        if room.conversation.rated:
            raise Refused("it was rated before", code="rated")
        if not self._parts.site_of(room).rating:
            raise Refused("this site does not ask", code="not_offered")
        comment = mask_cards(bounded_text(frame.comment, self._parts.settings.characters_max))
        if comment:
            fields = {"rating": str(frame.score), "rating_comment": comment}
            content = Content(text=comment, fields=fields)
            await self._submit_words(room, frame.id, content, note=True)
        await self._context.inbox.submit(
            SetAttributes(room.interaction_id, {"rating": frame.score})
        )
        await self._parts.rooms.change(room, rated=True)

    async def identify(self, room: Room, token: str) -> None:
        """The site vouches for its visitor in mid-chat: the interaction moves to their card."""
        site = self._parts.site_of(room)
        identity = await self._vouching.identity(room.conversation.site, site, token)
        if identity is None:
            raise InvalidInput("the token is empty", field="token", code="identity")
        subject = await self._vouching.subject(room.conversation.site, identity)
        await self._context.inbox.submit(LinkSubject(room.interaction_id, subject))
        await self._context.inbox.submit(SetAttributes(room.interaction_id, {"verified": True}))
        await self._parts.rooms.change(room, identified=True)

    async def got(self, room: Room, frame: Got) -> None:
        """What reached the screen, and what was looked at, becomes marks of the agents' words."""
        before = room.conversation
        seq = min(max(frame.seq, before.got_seq), before.last_seq)
        read = min(max(frame.read, before.read_seq), seq)
        if (seq, read) == (before.got_seq, before.read_seq):
            return
        after = min(before.got_seq, before.read_seq)
        for item in await self._parts.store.items(room.interaction_id, after, 1_000):
            if item.kind != "message" or item.entry_id is None:
                continue
            if before.got_seq < item.seq <= seq:
                self._parts.mark_later(
                    MarkEntry(room.interaction_id, item.entry_id, Mark.DELIVERED)
                )
            if before.read_seq < item.seq <= read:
                self._parts.mark_later(MarkEntry(room.interaction_id, item.entry_id, Mark.SEEN))
        await self._parts.rooms.change(room, got_seq=seq, read_seq=read)

    def typing(self, room: Room, *, types: bool) -> None:
        """Tell the agent that the visitor writes, or stopped; never what they write (CHAT-6)."""
        if room.visitor_types == types or not self._parts.site_of(room).share_typing:
            return
        room.visitor_types = types
        if self._parts.on_typing is not None:
            self._parts.on_typing(room.interaction_id, types)

    def _must_be_open(self, room: Room) -> None:
        if room.conversation.state == records.ENDED:
            raise Refused("this chat has ended", code="ended")

    def _count_message(self, room: Room) -> None:
        wait_ms = self._parts.limits.messages.take(room.interaction_id, self._context.clock.now())
        if wait_ms:
            raise Overloaded(f"too many messages; again in {wait_ms} ms", code="too_fast")

    async def _sent_files(self, room: Room, file_ids: Sequence[str]) -> tuple[FileRef, ...]:
        if not file_ids:
            return ()
        known = await self._parts.store.files(room.interaction_id)
        refs = []
        for file_id in file_ids:
            if file_id not in known:
                raise InvalidInput("this file was not uploaded here", field="files", code="file")
            plain = await self._context.seals.open(known[file_id][0], EntryId(file_id))
            refs.append(msgspec.json.decode(plain, type=FileRef))
        return tuple(refs)

    async def _add_words(self, room: Room, once: str, content: Content) -> Item:
        """Submit words of the visitor, then show them as the room's next item."""
        entry, number = await self._submit_words(room, once, content)
        item = said(once, entry, number, self._context.clock.now())
        added, _ = await self._parts.rooms.add(room, item, last_at=item.at)
        return added

    async def _submit_words(
        self, room: Room, once: str, content: Content, *, note: bool = False
    ) -> tuple[NewEntry, int]:
        """The entry as it was submitted, and its number in the interaction."""
        entry = await self._parts.seal(
            room.conversation.subject, content, self._parts.entry_id(), len(content.files)
        )
        receipt = await self._context.inbox.submit(
            AddEntry(
                interaction_id=room.interaction_id,
                author=Author.CUSTOMER,
                entry=entry,
                note=note,
                source_key=f"chat:{room.interaction_id}:{once}",
            )
        )
        numbers = [each.number for each in receipt.events if isinstance(each, EntryAdded)]
        if numbers:
            return entry, numbers[0]
        view = self._context.floor.interaction(room.interaction_id)
        return entry, view.entries if view is not None else 0


def said(once: str, entry: NewEntry, number: int, at: Instant) -> Item:
    """The item of a visitor's own words; ``once`` lets their side recognise them."""
    return Item(
        seq=0,
        key=f"c:{once}",
        at=at,
        kind="said",
        entry_id=entry.entry_id,
        number=number,
        sealed=entry.sealed,
        data={"id": once},
    )


def mail_place(room: Room) -> EntryId:
    """What the box with the visitor's mail address is bound to."""
    return EntryId(room.interaction_id)
