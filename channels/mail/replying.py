"""A mail's way out: from a sealed entry to the message that leaves."""

import asyncio
from collections.abc import Mapping

import msgspec
from jinja2 import TemplateError

from channels.api import ChannelContext, OutgoingMail
from channels.mail.arriving import Arrivals
from channels.mail.composing import Attachment, Composed, compose, reply_subject
from channels.mail.reply_tokens import ReplyTokens, message_id, reply_address
from channels.mail.settings import Mailbox, MailSettings
from channels.mail.signing import key_for, sign
from channels.mail.store import NOBODY, Conversation, Known, MailStore, Outgoing, Writer
from channels.mail.templates import render
from router.model.commands import MarkEntry
from router.model.content import CONTENT_SCHEMA, Content, MailHeaders, Mark, Sealed
from router.model.effects import Deliver
from router.model.errors import InvalidInput, Refused
from router.model.ids import AgentId, CaseId, EntryId, InteractionId, QueueName, SubjectId
from router.seals import Address

NOTIFICATION = "notification:"
ACKNOWLEDGEMENT = "acknowledgement:"
_WORDS = {
    "en": (
        "We have received your message",
        "Thank you for your message. We have received it and will answer as soon as we can.",
    ),
    "zh": ("我们已收到您的邮件", "感谢您的来信。我们已经收到，会尽快答复您。"),
}


class Replies:
    """Queues and composes what the centre sends: answers, acknowledgements, notifications."""

    def __init__(
        self,
        context: ChannelContext,
        settings: MailSettings,
        store: MailStore,
        tokens: ReplyTokens,
        arrivals: Arrivals,
    ) -> None:
        self._context = context
        self._store = store
        self._tokens = tokens
        self._arrivals = arrivals
        self.settings = settings

    # -- what is to be sent

    def ordered(self, effect: Deliver) -> Outgoing:
        """The outgoing message of an agent's words. Raises InvalidInput when there are none."""
        if effect.sealed is None:
            raise InvalidInput("an entry without words cannot be sent", field="sealed")
        return self._queued(effect.entry_id, effect.interaction_id, effect.sealed)

    async def get_to_know(self, effect: Deliver) -> None:
        """Keep what an answer needs in an interaction that came by no mail: by a page's form.

        Its customer's card has the address that was given there.
        """
        view = self._context.floor.interaction(effect.interaction_id)
        if view is None or view.case_id is None or effect.sealed is None:
            return
        if await self._store.conversation(effect.interaction_id) is not None:
            return
        card = await self._context.customers.card(view.subject)
        sender = next((each.value for each in card.addresses if each.kind == "mail"), "")
        headers = msgspec.json.encode(Content(mail=MailHeaders(sender=sender)))
        entry_id = effect.entry_id
        sealed = await self._context.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, headers)
        await self._store.keep_conversation(
            Conversation(effect.interaction_id, view.case_id, view.address, entry_id, sealed)
        )

    def writer(self, effect: Deliver) -> Writer:
        """Who wrote an agent's words, and in which queue."""
        view = self._context.floor.interaction(effect.interaction_id)
        return Writer(effect.agent_id or "", (view.queue or "") if view is not None else "")

    async def acknowledgement(
        self, mailbox: Mailbox, to: str, interaction_id: InteractionId, subject: SubjectId
    ) -> Outgoing:
        """The automatic answer to a new mail: our own words only, a null return path (MAIL-5)."""
        title, words = _WORDS.get(mailbox.language.partition("-")[0], _WORDS["en"])
        view = self._context.floor.interaction(interaction_id)
        facts = self._facts(mailbox, Writer(queue=(view.queue or "") if view is not None else ""))
        subject_line = _rendered(mailbox.acknowledgement_subject or title, facts)
        content = Content(
            text=self._signed(_rendered(mailbox.acknowledgement or words, facts), mailbox, facts),
            mail=MailHeaders(
                sender=mailbox.address, to=(to,), subject=" ".join(subject_line.split())
            ),
        )
        key = f"{ACKNOWLEDGEMENT}{interaction_id}"
        return await self._sealed(key, interaction_id, subject, content)

    async def notification(self, mail: OutgoingMail) -> Outgoing:
        """A message that is no answer to a case. Raises InvalidInput without any mailbox."""
        mailbox = next(iter(self.settings.mailboxes.values()), None)
        if mailbox is None:
            raise InvalidInput("no mailbox is configured to send from", field="mailboxes")
        subject = await self._context.customers.resolve(Address("mail", mail.to))
        content = Content(
            text=self._signed(mail.text, mailbox, self._facts(mailbox, NOBODY)),
            mail=MailHeaders(sender=mailbox.address, to=(mail.to,), subject=mail.subject),
        )
        return await self._sealed(NOTIFICATION + mail.key, InteractionId(""), subject, content)

    async def _sealed(
        self, key: str, interaction_id: InteractionId, subject: SubjectId, content: Content
    ) -> Outgoing:
        sealed = await self._context.seals.seal(
            subject, EntryId(key), CONTENT_SCHEMA, msgspec.json.encode(content)
        )
        return self._queued(key, interaction_id, sealed)

    def _queued(self, key: str, interaction_id: InteractionId, sealed: Sealed) -> Outgoing:
        now = self._context.clock.now()
        return Outgoing(
            key=key,
            interaction_id=interaction_id,
            sealed=sealed,
            state="queued",
            attempts=0,
            created_at=now,
            next_at=now,
        )

    # -- templates

    def _facts(self, mailbox: Mailbox, writer: Writer) -> dict[str, object]:
        """What a signature may speak of."""
        catalogue = self._context.floor.catalogue()
        agent = catalogue.agents.get(AgentId(writer.agent_id))
        queue = catalogue.queues.get(QueueName(writer.queue))
        titles = queue.title if queue is not None else {}
        title = titles.get(mailbox.language) or titles.get("en") or writer.queue
        return {
            "agent": {"name": agent.name if agent is not None else ""},
            "mailbox": {"name": mailbox.name, "address": mailbox.address},
            "queue": {"name": writer.queue, "title": title},
        }

    def _signature(self, mailbox: Mailbox, facts: dict[str, object], writer: Writer) -> str:
        signatures = self.settings.signatures
        chosen = (
            signatures.agent.get(writer.agent_id)
            or signatures.queue.get(writer.queue)
            or mailbox.signature
        )
        # The mark that begins a signature (RFC 3676, 4.3) is ours to write, once.
        return _rendered(chosen, facts).strip("\n").removeprefix("-- \n")

    def _signed(
        self, text: str, mailbox: Mailbox, facts: dict[str, object], writer: Writer = NOBODY
    ) -> str:
        """The words with the signature below them, as plain as mail knows it."""
        signature = self._signature(mailbox, facts, writer)
        return f"{text.rstrip()}\n\n-- \n{signature}" if signature else text

    async def _worded(self, message: Outgoing, mailbox: Mailbox, text: str) -> str:
        """An agent's words as they leave: by the mailbox's template, else signed."""
        writer = await self._store.writer(message.key)
        facts = self._facts(mailbox, writer)
        if not mailbox.reply:
            return self._signed(text, mailbox, facts, writer)
        card = await self._context.customers.card(message.sealed.subject)
        own = {"customer": {"name": card.name}, "text": text}
        return _rendered(
            mailbox.reply, facts | own | {"signature": self._signature(mailbox, facts, writer)}
        )

    # -- composing

    async def compose(self, message: Outgoing) -> Composed:
        """The message as it leaves, signed; the same one each time it is tried.

        Raises NotFound when its words were erased, InvalidInput when it can never be sent.
        """
        plain = await self._context.seals.open(message.sealed, EntryId(message.key))
        content = msgspec.json.decode(plain, type=Content)
        if message.key.startswith((NOTIFICATION, ACKNOWLEDGEMENT)):
            composed = self._compose_automatic(message, content)
        else:
            composed = await self._compose_answer(message, content)
        found = key_for(composed.author, self.settings.dkim)
        if found is None:
            return composed
        data = await asyncio.to_thread(sign, composed.data, *found)
        return msgspec.structs.replace(composed, data=data)

    def _compose_automatic(self, message: Outgoing, content: Content) -> Composed:
        headers = content.mail or MailHeaders()
        mailbox = self._mailbox(headers.sender)
        acknowledges = message.key.startswith(ACKNOWLEDGEMENT)
        return compose(
            mailbox,
            headers,
            content.text,
            at=message.created_at,
            message_id=f"{self._arrivals.digest(message.key)}@{self.settings.host}",
            automatic=acknowledges,
            loop_mark=self.loop_mark,
        )

    async def _compose_answer(self, message: Outgoing, content: Content) -> Composed:
        conversation = await self._store.conversation(message.interaction_id)
        if conversation is None:
            raise InvalidInput("it is not known whom this answers", field="interaction_id")
        mailbox = self._mailbox(conversation.mailbox)
        their = await self._their_headers(conversation)
        headers = answer_headers(content.mail or MailHeaders(), their)
        token = self._tokens.issue(conversation.case_id, headers.to[0] if headers.to else "")
        ours = message_id(token, message.key, self.settings.host)
        await self._remember(message, conversation, ours)
        headers = msgspec.structs.replace(
            headers, message_id=ours, reply_to=reply_address(mailbox.address, token)
        )
        subject = message.sealed.subject
        attachments = [
            Attachment(ref, await self._context.files.get(subject, ref.file_id))
            for ref in content.files
        ]
        return compose(
            mailbox,
            headers,
            await self._worded(message, mailbox, content.text),
            at=message.created_at,
            message_id=ours,
            attachments=attachments,
        )

    @property
    def loop_mark(self) -> str:
        """What our automatic mails carry, so that we know them again: stable, and says nothing.

        Mails that agents write carry none: one mailbox of ours may write to another.
        """
        return self._arrivals.digest("loop")[:32]

    def _mailbox(self, address: str) -> Mailbox:
        mailbox = self._arrivals.mailbox_of(address)
        if mailbox is None:
            raise InvalidInput(f"{address} is configured no more", field="mailboxes")
        return mailbox

    async def _their_headers(self, conversation: Conversation) -> MailHeaders:
        plain = await self._context.seals.open(conversation.sealed, conversation.entry_id)
        return msgspec.json.decode(plain, type=Content).mail or MailHeaders()

    # -- what became of it

    async def report(self, message: Outgoing, mark: Mark, reason: str) -> None:
        """Tell the router."""
        if message.key.startswith((NOTIFICATION, ACKNOWLEDGEMENT)):
            return
        try:
            await self._context.inbox.submit(
                MarkEntry(message.interaction_id, EntryId(message.key), mark, reason)
            )
        except Refused:
            # The interaction is long gone; what was sent is sent.
            return

    async def _remember(self, message: Outgoing, conversation: Conversation, ours: str) -> None:
        """Where answers to this message belong, kept before it leaves: a bounce may be quicker
        than the relay's word that it was taken."""
        known = Known(
            CaseId(conversation.case_id),
            message.interaction_id,
            EntryId(message.key),
            (await self._store.writer(message.key)).agent_id,
        )
        await self._store.remember(self._arrivals.digest(ours), known, message.created_at)


def _rendered(source: str, facts: Mapping[str, object]) -> str:
    try:
        return render(source, facts)
    except TemplateError as error:
        raise InvalidInput(f"a template failed: {error}", field="template") from error


def answer_headers(chosen: MailHeaders, their: MailHeaders) -> MailHeaders:
    """The headers of an answer: what the agent chose, else what the customer's mail suggests.

    The thread is kept whoever is written to: In-Reply-To their message, References all before it.
    """
    to = chosen.to or ((their.reply_to or their.sender,) if their.sender else ())
    references = tuple(dict.fromkeys((*their.references, *their.in_reply_to)))
    if their.message_id:
        references = (*(r for r in references if r != their.message_id), their.message_id)
    return MailHeaders(
        to=to,
        cc=chosen.cc,
        bcc=chosen.bcc,
        subject=chosen.subject or reply_subject(their.subject),
        in_reply_to=(their.message_id,) if their.message_id else (),
        references=references,
    )
