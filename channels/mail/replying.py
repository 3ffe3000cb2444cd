"""A mail's way out: from a sealed entry to the message that leaves."""

import msgspec

from channels.api import ChannelContext, OutgoingMail
from channels.mail.arriving import Arrivals
from channels.mail.composing import Attachment, Composed, compose, reply_subject
from channels.mail.reply_tokens import ReplyTokens, message_id, reply_address
from channels.mail.settings import Mailbox, MailSettings
from channels.mail.store import Conversation, Known, MailStore, Outgoing
from router.model.commands import MarkEntry
from router.model.content import CONTENT_SCHEMA, Content, MailHeaders, Mark, Sealed
from router.model.effects import Deliver
from router.model.errors import InvalidInput, Refused
from router.model.ids import CaseId, EntryId, InteractionId, SubjectId
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

    async def acknowledgement(
        self, mailbox: Mailbox, to: str, interaction_id: InteractionId, subject: SubjectId
    ) -> Outgoing:
        """The automatic answer to a new mail: our own words only, a null return path (MAIL-5)."""
        title, words = _WORDS.get(mailbox.language.partition("-")[0], _WORDS["en"])
        content = Content(
            text=mailbox.acknowledgement or words,
            mail=MailHeaders(sender=mailbox.address, to=(to,), subject=title),
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
            text=mail.text,
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

    # -- composing

    async def compose(self, message: Outgoing) -> Composed:
        """The message as it leaves; the same one each time it is tried.

        Raises NotFound when its words were erased, InvalidInput when it can never be sent.
        """
        plain = await self._context.seals.open(message.sealed, EntryId(message.key))
        content = msgspec.json.decode(plain, type=Content)
        if message.key.startswith((NOTIFICATION, ACKNOWLEDGEMENT)):
            return self._compose_automatic(message, content)
        return await self._compose_answer(message, content)

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
            content.text,
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
            await self._writer(message.interaction_id),
        )
        await self._store.remember(self._arrivals.digest(ours), known, message.created_at)

    async def _writer(self, interaction_id: InteractionId) -> str:
        view = self._context.floor.interaction(interaction_id)
        return view.engagements[0].agent_id if view is not None and view.engagements else ""


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
