"""An agent's words on their way into the log: sealed first, stopped when they have gone stale."""

import msgspec

from agent_desktop.history import History
from agent_desktop.items import Items
from agent_desktop.protocol import MailArguments, NoteArguments, SendArguments
from agent_desktop.shapes import EntryShape
from agent_desktop.store.desk import DeskRows, UploadRow
from agent_desktop.words import Words
from router.model.commands import AddEntry, NewEntry
from router.model.content import Author, Content, FileRef, MailHeaders
from router.model.errors import InvalidInput, NotFound, Refused
from router.model.ids import AgentId, EntryId, InteractionId
from router.model.views import InteractionView
from router.ports import Floor, Inbox, Receipt
from router.seals import Seals

UPLOAD_SCHEMA = "upload/1"
RECIPIENTS_MAX = 50
DEADLINE_MS = 10_000
SINCE_MAX = 50
"""Entries that a stale reply is told of, the last ones."""
_BAD_IN_ADDRESS = frozenset(' ,;:<>()[]"\\')


class Stale(Refused):
    """Others have written since; ``entries`` are their words."""

    code = "stale"

    def __init__(self, entries: list[EntryShape]) -> None:
        super().__init__("others wrote since; look at it first")
        self.entries = entries


class Writing:
    """Messages and notes of agents."""

    def __init__(
        self,
        inbox: Inbox,
        floor: Floor,
        history: History,
        items: Items,
        words: Words,
        rows: DeskRows,
        seals: Seals,
    ) -> None:
        self._inbox = inbox
        self._floor = floor
        self._history = history
        self._items = items
        self._words = words
        self._rows = rows
        self._seals = seals

    async def own(self, agent_id: AgentId, interaction_id: InteractionId) -> InteractionView:
        """An interaction this agent has or had in hand, as long as the floor knows it.

        Raises NotFound for others' and for absent ones alike (WEB-8). What may still be done with
        one that is over is the router's to say.
        """
        view = self._floor.interaction(interaction_id)
        if view is not None and not in_hand(view, agent_id):
            past = await self._history.interaction(interaction_id)
            view = view if past is not None and agent_id in past.agents else None
        if view is None:
            raise NotFound("there is no such interaction")
        return view

    async def send(self, agent_id: AgentId, view: InteractionView, wish: SendArguments) -> Receipt:
        """Send words to the customer. Raises Stale, InvalidInput, Refused."""
        uploads = [await self._upload(agent_id, view, file_id) for file_id in wish.files]
        if not wish.text.strip() and not uploads:
            raise InvalidInput("write something first", field="text")
        mail = _headers(wish.mail) if wish.mail is not None else None
        files = tuple([await self._file(upload) for upload in uploads])
        content = Content(text=wish.text, files=files, mail=mail)
        # Before they are sent: what stands in the log is never swept away as unsent.
        fresh = [upload.file_id for upload in uploads if not upload.used]
        await self._rows.mark_used(fresh)
        try:
            return await self._add(
                agent_id, view, EntryId(wish.entry_id), content, seen=wish.seen, force=wish.force
            )
        except Refused as error:
            await self._rows.mark_used(fresh, used=False)
            if error.code != "stale":
                raise
            raise Stale(await self._since(agent_id, view, wish.seen)) from error

    async def note(self, agent_id: AgentId, view: InteractionView, wish: NoteArguments) -> Receipt:
        """Add a note for colleagues."""
        if not wish.text.strip():
            raise InvalidInput("write something first", field="text")
        content = Content(text=wish.text)
        mentions = tuple(AgentId(each) for each in wish.mentions)
        return await self._add(
            agent_id, view, EntryId(wish.entry_id), content, note=True, mentions=mentions
        )

    async def _add(
        self,
        agent_id: AgentId,
        view: InteractionView,
        entry_id: EntryId,
        content: Content,
        *,
        seen: int = 0,
        force: bool = False,
        note: bool = False,
        mentions: tuple[AgentId, ...] = (),
    ) -> Receipt:
        sealed = await self._words.seal(view.subject, entry_id, content)
        size = len(content.text.encode()) + sum(file.size_bytes for file in content.files)
        return await self._inbox.submit(
            AddEntry(
                interaction_id=view.interaction_id,
                author=Author.AGENT,
                entry=NewEntry(entry_id, sealed, len(content.files), size),
                agent_id=agent_id,
                seen=seen,
                note=note,
                force=force,
                mentions=mentions,
            ),
            deadline_ms=DEADLINE_MS,
        )

    async def _since(self, agent_id: AgentId, view: InteractionView, seen: int) -> list[EntryShape]:
        """What others wrote behind a number."""
        entries = await self._history.entries(view.interaction_id, after=seen)
        return [
            await self._items.written(each, cut=True)
            for each in entries
            if each.entry.agent_id != agent_id
        ][-SINCE_MAX:]

    async def _upload(self, agent_id: AgentId, view: InteractionView, file_id: str) -> UploadRow:
        upload = await self._rows.upload(file_id, view.interaction_id)
        if upload is None or upload.agent_id != agent_id:
            raise InvalidInput("there is no such file; bring it again", field="files")
        return upload

    async def _file(self, upload: UploadRow) -> FileRef:
        plain = await self._seals.open(upload.sealed, EntryId(upload.file_id))
        return msgspec.json.decode(plain, type=FileRef)


def in_hand(view: InteractionView, agent_id: AgentId) -> bool:
    """Whether an agent is engaged in an interaction, wraps it up, or has it parked."""
    engaged = any(part.agent_id == agent_id for part in view.engagements)
    return engaged or view.parked_by == agent_id


def _headers(mail: MailArguments) -> MailHeaders:
    everybody = (*mail.to, *mail.cc, *mail.bcc)
    if len(everybody) > RECIPIENTS_MAX:
        raise InvalidInput(f"a mail goes to {RECIPIENTS_MAX} addresses at most", field="mail.to")
    for field, addresses in (("to", mail.to), ("cc", mail.cc), ("bcc", mail.bcc)):
        for address in addresses:
            if not plausible(address):
                raise InvalidInput(f"{address!r} is no mail address", field=f"mail.{field}")
    if not mail.subject.isprintable():
        raise InvalidInput("a subject is one line", field="mail.subject")
    return MailHeaders(to=mail.to, cc=mail.cc, bcc=mail.bcc, subject=mail.subject)


def plausible(address: str) -> bool:
    """Whether an address can be one at all; the mail channel judges it by the book (MAIL-7).

    One ``@`` with something on both sides and nothing that could end or begin a header.
    """
    local, at, domain = address.partition("@")
    return (
        bool(local and at and domain)
        and "@" not in domain
        and address.isprintable()
        and not _BAD_IN_ADDRESS & set(address)
    )
