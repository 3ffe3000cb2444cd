"""What a desk may command: each ``do`` becomes a command of the router, at most once."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from agent_desktop import protocol
from agent_desktop.arguments import Arguments, OfInteraction
from agent_desktop.desks import Desks, Tab
from agent_desktop.drafts import Drafts, StaleDraft
from agent_desktop.glimpses import Remembered
from agent_desktop.live import Whispers
from agent_desktop.permissions import Permission, Scope, grant
from agent_desktop.principal import Principal
from agent_desktop.projection import Projection
from agent_desktop.protocol import Do, Done, Live, RefusedFrame
from agent_desktop.reading import ReadMarks
from agent_desktop.shapes import DraftShape
from agent_desktop.writing import Stale, Writing, in_hand
from router.model import commands
from router.model.agent import Presence
from router.model.commands import Command
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import AgentId, Instant, InteractionId, Medium, OfferId, QueueName
from router.model.views import InteractionView
from router.ports import Floor, Inbox, Receipt

REMEMBERED_OF_AN_AGENT = 256
AGENTS_REMEMBERED = 10_000
DEADLINE_MS = 10_000

A = TypeVar("A", bound=Arguments)
Answer = Done | RefusedFrame
Result = dict[str, Any]
Handler = Callable[[Principal, Tab, Any], Awaitable[tuple[int, Result]]]

log = logging.getLogger(__name__)


class Entry(msgspec.Struct, frozen=True):
    """One command: its arguments, what it needs, and whether tabs that only read may give it."""

    arguments: type[Arguments]
    run: Handler
    permission: Permission = Permission.WORK
    readers_too: bool = False
    answered: bool = True


class Commands:
    """The commands of a desk's socket over the ports."""

    def __init__(
        self,
        inbox: Inbox,
        floor: Floor,
        desks: Desks,
        projection: Projection,
        writing: Writing,
        drafts: Drafts,
        marks: ReadMarks,
        whispers: Whispers,
    ) -> None:
        self._inbox = inbox
        self._floor = floor
        self._desks = desks
        self._projection = projection
        self._writing = writing
        self._drafts = drafts
        self._marks = marks
        self._whispers = whispers
        self._done: Remembered[AgentId, Remembered[str, asyncio.Future[Answer]]] = Remembered(
            AGENTS_REMEMBERED
        )
        p = protocol
        self.table: dict[str, Entry] = {
            "presence": Entry(p.PresenceArguments, self._presence),
            "accept": Entry(p.OfOffer, self._accept),
            "decline": Entry(p.OfOffer, self._decline),
            "send": Entry(p.SendArguments, self._send),
            "note": Entry(p.NoteArguments, self._note),
            "typing": Entry(p.TypingArguments, self._typing, answered=False),
            "read": Entry(p.ReadArguments, self._read, readers_too=True),
            "draft": Entry(p.DraftArguments, self._draft, readers_too=True),
            "transfer": Entry(p.TransferArguments, self._transfer),
            "consult": Entry(p.ConsultArguments, self._consult),
            "park": Entry(p.ParkArguments, self._park),
            "wrap_up": Entry(p.WrapUpArguments, self._wrap_up),
            "attributes": Entry(p.AttributesArguments, self._attributes),
            "queues": Entry(p.NoArguments, self._queues, readers_too=True, answered=False),
            "take": Entry(p.NoArguments, self._take, readers_too=True),
            "sign_out": Entry(p.SignOutArguments, self._sign_out),
            "hold": self._plain(commands.Hold),
            "retrieve": self._plain(commands.Retrieve),
            "end": self._plain(commands.End),
            "complete_consult": self._plain(commands.CompleteConsult),
            "end_consult": self._plain(commands.EndConsult),
            "unpark": self._plain(commands.Unpark),
            "extend_wrap_up": self._plain(commands.ExtendWrapUp),
        }

    async def do(self, principal: Principal, tab: Tab, wish: Do) -> Answer | None:
        """Do a command once; the same id gets the same answer again. None: no answer is sent."""
        entry = self.table.get(wish.do)
        if entry is None:
            return RefusedFrame(wish.id, "unknown_command", "there is no such command", {})
        mine = self._done.get(principal.agent_id)
        if mine is None:
            mine = Remembered(REMEMBERED_OF_AN_AGENT)
            self._done.put(principal.agent_id, mine)
        begun = mine.get(wish.id)
        if begun is not None:
            return await asyncio.shield(begun)
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        mine.put(wish.id, future)
        answer = await self._attempt(principal, tab, wish, entry)
        future.set_result(answer)
        if isinstance(answer, RefusedFrame) and answer.code in _TRY_AGAIN:
            mine.drop(wish.id)  # Nothing was done: the same wish may be tried again.
        return answer if entry.answered or isinstance(answer, RefusedFrame) else None

    async def _attempt(self, principal: Principal, tab: Tab, wish: Do, entry: Entry) -> Answer:
        try:
            if grant(principal.role, entry.permission).scope == Scope.NONE:
                raise Refused("your role does not allow this", code="forbidden")
            if not entry.readers_too and not self._desks.owns(tab):
                raise Refused("another tab of yours has the desk", code="not_owner")
            arguments = _decode(entry.arguments, wish.args)
            async with asyncio.timeout(2 * DEADLINE_MS / 1_000):
                seq, result = await entry.run(principal, tab, arguments)
        except (Stale, StaleDraft) as error:
            details = await self._details(error)
            return RefusedFrame(wish.id, error.code, error.message, details)
        except InvalidInput as error:
            return RefusedFrame(wish.id, error.code, error.message, {"field": error.field})
        except CarillonError as error:
            return RefusedFrame(wish.id, error.code, error.message, {})
        except TimeoutError:
            return RefusedFrame(wish.id, "overloaded", "it took too long; try again", {})
        except Exception:
            log.exception("a command failed", extra={"event": "command_failed", "do": wish.do})
            return RefusedFrame(wish.id, "internal", "something broke here; it is in the log", {})
        return Done(wish.id, seq, result)

    async def _details(self, error: Stale | StaleDraft) -> Result:
        if isinstance(error, StaleDraft):
            return {"text": error.newer.text, "revision": error.newer.revision}
        return {"entries": error.entries}

    async def _submit(self, command: Command) -> tuple[int, Result]:
        receipt: Receipt = await self._inbox.submit(command, deadline_ms=DEADLINE_MS)
        return receipt.position, {}

    def _plain(self, kind: Callable[..., Command]) -> Entry:
        async def run(
            principal: Principal, _tab: Tab, arguments: OfInteraction
        ) -> tuple[int, Result]:
            view = self._mine(principal, arguments.interaction_id)
            return await self._submit(
                kind(interaction_id=view.interaction_id, agent_id=principal.agent_id)
            )

        return Entry(OfInteraction, run)

    def _mine(self, principal: Principal, interaction_id: str) -> InteractionView:
        """An interaction this agent has in hand; absent and forbidden look the same (WEB-8)."""
        view = self._floor.interaction(InteractionId(interaction_id))
        if view is None or not in_hand(view, principal.agent_id):
            raise NotFound("there is no such interaction")
        return view

    async def _presence(
        self, principal: Principal, _tab: Tab, wish: protocol.PresenceArguments
    ) -> tuple[int, Result]:
        view = self._floor.agent(principal.agent_id)
        if view is None:
            raise NotFound("you are no agent of this centre")
        if wish.withdraw:  # To ask for what is already so takes a wish back.
            presence, reason, media = view.presence, view.reason, view.media
        else:
            presence, reason = Presence(wish.presence), wish.reason
            media = tuple(Medium(each) for each in wish.media) if wish.media is not None else None
        return await self._submit(
            commands.SetPresence(principal.agent_id, presence, reason, media=media)
        )

    async def _accept(
        self, principal: Principal, _tab: Tab, wish: protocol.OfOffer
    ) -> tuple[int, Result]:
        return await self._of_offer(commands.Accept(OfferId(wish.offer_id), principal.agent_id))

    async def _of_offer(self, command: Command) -> tuple[int, Result]:
        """Others' offers look like those that are gone (WEB-8)."""
        try:
            return await self._submit(command)
        except Refused as error:
            if error.code not in ("not_yours", "offer_gone"):
                raise
            raise Refused("this offer is over", code="offer_gone") from error

    async def _decline(
        self, principal: Principal, _tab: Tab, wish: protocol.OfOffer
    ) -> tuple[int, Result]:
        return await self._of_offer(
            commands.Decline(OfferId(wish.offer_id), principal.agent_id, wish.reason)
        )

    async def _send(
        self, principal: Principal, tab: Tab, wish: protocol.SendArguments
    ) -> tuple[int, Result]:
        view = self._mine(principal, wish.interaction_id)
        receipt = await self._writing.send(principal.agent_id, view, wish)
        await self._clear_draft(principal, tab, view, "reply")
        if wish.finish:
            receipt = await self._inbox.submit(
                commands.End(view.interaction_id, principal.agent_id), deadline_ms=DEADLINE_MS
            )
        return receipt.position, {"entry_id": wish.entry_id}

    async def _note(
        self, principal: Principal, tab: Tab, wish: protocol.NoteArguments
    ) -> tuple[int, Result]:
        view = await self._writing.own(principal.agent_id, InteractionId(wish.interaction_id))
        receipt = await self._writing.note(principal.agent_id, view, wish)
        await self._clear_draft(principal, tab, view, "note")
        return receipt.position, {"entry_id": wish.entry_id}

    async def _clear_draft(
        self, principal: Principal, tab: Tab, view: InteractionView, kind: str
    ) -> None:
        """What was sent is no draft any more; failing at this must not fail the send."""
        try:
            draft = await self._drafts.clear(
                principal.agent_id, view.interaction_id, view.subject, kind
            )
        except CarillonError as error:
            log.warning("a sent draft stays", extra={"event": "draft_kept", "reason": error.code})
            return
        if draft is not None:
            self._tell_tabs(principal, tab, view.interaction_id, draft)

    async def _typing(
        self, principal: Principal, _tab: Tab, wish: protocol.TypingArguments
    ) -> tuple[int, Result]:
        view = self._mine(principal, wish.interaction_id)
        me = principal.agent_id
        self._whispers.typing(view.interaction_id, me, typing=wish.typing)
        if wish.typing:
            news = Live(
                "writing", interaction_id=view.interaction_id, agent_id=me, name=principal.name
            )
            for part in view.engagements:
                for other in self._desks.tabs(part.agent_id) if part.agent_id != me else ():
                    other.send(news)
        return 0, {}

    async def _read(
        self, principal: Principal, _tab: Tab, wish: protocol.ReadArguments
    ) -> tuple[int, Result]:
        view = self._mine(principal, wish.interaction_id)
        number = min(wish.number, view.entries)
        if await self._marks.read(principal.agent_id, view.interaction_id, number):
            self._whispers.read(view.interaction_id, number)
        unread = self._marks.unread(principal.agent_id, view.interaction_id, view.entries)
        return self._projection.position, {"unread": unread}

    async def _draft(
        self, principal: Principal, tab: Tab, wish: protocol.DraftArguments
    ) -> tuple[int, Result]:
        view = await self._writing.own(principal.agent_id, InteractionId(wish.interaction_id))
        draft = DraftShape(wish.kind, wish.text, wish.revision)
        revision = await self._drafts.save(
            principal.agent_id, view.interaction_id, view.subject, draft
        )
        kept = DraftShape(wish.kind, wish.text, revision)
        self._tell_tabs(principal, tab, view.interaction_id, kept)
        return self._projection.position, {"revision": revision}

    def _tell_tabs(
        self, principal: Principal, tab: Tab, interaction_id: InteractionId, draft: DraftShape
    ) -> None:
        for other in self._desks.tabs(principal.agent_id):
            if other is not tab:
                other.send(Live("draft", interaction_id=interaction_id, draft=draft))

    async def _transfer(
        self, principal: Principal, _tab: Tab, wish: protocol.TransferArguments
    ) -> tuple[int, Result]:
        if (wish.queue is None) == (wish.agent is None):
            raise InvalidInput("name a queue or an agent", field="queue")
        return await self._submit(
            commands.Transfer(
                self._mine(principal, wish.interaction_id).interaction_id,
                principal.agent_id,
                queue=QueueName(wish.queue) if wish.queue else None,
                to_agent=AgentId(wish.agent) if wish.agent else None,
                keep_age=wish.keep_age,
            )
        )

    async def _consult(
        self, principal: Principal, _tab: Tab, wish: protocol.ConsultArguments
    ) -> tuple[int, Result]:
        place = self._mine(principal, wish.interaction_id).interaction_id
        return await self._submit(commands.Consult(place, principal.agent_id, AgentId(wish.agent)))

    async def _park(
        self, principal: Principal, _tab: Tab, wish: protocol.ParkArguments
    ) -> tuple[int, Result]:
        place = self._mine(principal, wish.interaction_id).interaction_id
        return await self._submit(commands.Park(place, principal.agent_id, Instant(wish.until)))

    async def _wrap_up(
        self, principal: Principal, _tab: Tab, wish: protocol.WrapUpArguments
    ) -> tuple[int, Result]:
        # Also for a quarter of an hour after it was over.
        view = await self._writing.own(principal.agent_id, InteractionId(wish.interaction_id))
        place = view.interaction_id
        return await self._submit(
            commands.WrapUp(place, principal.agent_id, wish.disposition, wish.done)
        )

    async def _attributes(
        self, principal: Principal, _tab: Tab, wish: protocol.AttributesArguments
    ) -> tuple[int, Result]:
        view = self._mine(principal, wish.interaction_id)
        by = principal.agent_id
        return await self._submit(commands.SetAttributes(view.interaction_id, wish.attributes, by))

    async def _queues(
        self, _principal: Principal, tab: Tab, _wish: protocol.NoArguments
    ) -> tuple[int, Result]:
        """All queues as they are now: those of others are not told as they change."""
        tab.send_queues()
        return 0, {}

    async def _take(
        self, _principal: Principal, tab: Tab, _wish: protocol.NoArguments
    ) -> tuple[int, Result]:
        self._desks.take(tab)
        return self._projection.position, {}

    async def _sign_out(
        self, principal: Principal, _tab: Tab, wish: protocol.SignOutArguments
    ) -> tuple[int, Result]:
        return await self._submit(commands.SignOut(principal.agent_id, wish.force))


_TRY_AGAIN = frozenset({"overloaded", "storage_failed", "stale_writer", "stopping", "internal"})


def _decode(kind: type[A], raw: msgspec.Raw) -> A:
    try:
        return msgspec.json.decode(raw, type=kind)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise InvalidInput(str(error), field="args") from error
