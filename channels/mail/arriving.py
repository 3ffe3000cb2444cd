"""A mail's way in: read, believed or not, joined to a case or not, sealed, submitted.

What arrives is durable when ``take`` returns; when it raises nothing has happened and the mail is
with whoever handed it over.
"""

import hashlib
import hmac
import logging
import re
from collections.abc import Sequence

import msgspec

from channels.api import ChannelContext
from channels.mail.attachments import Attachment
from channels.mail.authentication import check_authentication, trusted_results
from channels.mail.bounce_reasons import told
from channels.mail.copies import Turns, fingerprint
from channels.mail.joining import UNVERIFIED_SENDER, Joining, Verdict, decide_joining
from channels.mail.kinds import Kind
from channels.mail.parsing import ParsedMail
from channels.mail.reply_tokens import ReplyTokens
from channels.mail.settings import Mailbox, MailSettings
from channels.mail.smtp_server import Envelope
from channels.mail.store import Conversation, Known, MailStore
from channels.mail.verdicts import Authentication, Resolver
from channels.mail.verdicts import Envelope as SenderEnvelope
from channels.mail.worker import ParserPool, ParsingFailed
from router.model.commands import Arrive, MarkEntry, NewEntry, Scalar, SetAttributes
from router.model.content import CONTENT_SCHEMA, Content, FileRef, Mark
from router.model.errors import Refused
from router.model.ids import AgentId, CaseId, EntryId, InteractionId, Medium, SubjectId
from router.seals import Address

log = logging.getLogger(__name__)
MAIL = Medium("mail")
SOURCE_NAME = "message.eml"
SHOWN_TOGETHER = 5
_TOKEN_SUFFIX = re.compile(r"\+[a-z2-7]{52}$")


class Taken(msgspec.Struct, frozen=True):
    """A mail that came in for one of our mailboxes; ``new`` when it began an interaction."""

    mail: ParsedMail
    mailbox: Mailbox
    authentication: Authentication
    interaction_id: InteractionId
    subject: SubjectId
    new: bool


class _Letter(msgspec.Struct, frozen=True):
    """A mail and all that was found out about it, whichever mailbox it is for."""

    raw: bytes
    mail: ParsedMail
    authentication: Authentication
    joining: Joining
    known: Sequence[Known]
    subject: SubjectId
    copy: str


class Arrivals:
    """Takes mails for the mailboxes of ``settings``, which may be replaced while it runs."""

    def __init__(
        self,
        context: ChannelContext,
        settings: MailSettings,
        store: MailStore,
        pool: ParserPool,
        tokens: ReplyTokens,
        resolver: Resolver,
    ) -> None:
        self._context = context
        self._store = store
        self._pool = pool
        self._tokens = tokens
        self.resolver = resolver
        self._turns = Turns()
        self._digest_key = context.secrets.key("mail digests")
        self.settings = settings

    # -- whose mail it is

    def mailbox_of(self, address: str) -> Mailbox | None:
        """The mailbox of a recipient, with or without one of our tokens after a plus sign."""
        local, at, domain = address.strip().lower().rpartition("@")
        plain = _TOKEN_SUFFIX.sub("", local) + at + domain
        for mailbox in self.settings.mailboxes.values():
            if plain in {mailbox.address.lower(), *(a.lower() for a in mailbox.aliases)}:
                return mailbox
        return None

    def digest(self, text: str) -> str:
        """A keyed digest: the same text gives the same one, and nobody can go back."""
        return hmac.new(self._digest_key, text.encode(), hashlib.sha256).hexdigest()

    # -- taking one

    async def take(
        self, raw: bytes, mailboxes: Sequence[Mailbox], envelope: Envelope | None
    ) -> Sequence[Taken]:
        """Take a mail durably for the mailboxes it was sent to: once for each queue they lead to.

        Taken again, it changes nothing. Raises Overloaded or StorageFailed when it was not taken;
        whoever hands it over tries again then.
        """
        sender = envelope.sender if envelope is not None else None
        outcome = await self._pool.parse(raw, envelope_sender=sender)
        mail = outcome.mail if isinstance(outcome, ParsingFailed) else outcome
        if isinstance(outcome, ParsingFailed):
            log.warning("A mail of %s bytes could not be read: %s", len(raw), outcome.code)
        if not mail.kind.arrives:
            await self._machine_mail(mail)
            return ()
        letter = await self._letter(raw, mail, envelope, self._trusted(mailboxes, envelope))
        async with self._turns.of(letter.copy):
            there = await self._store.copies(letter.copy)
            taken = []
            for mailbox in mailboxes:
                found = await self._arrive(letter, mailbox, there)
                if found is not None:
                    taken.append(found)
            return taken

    def _trusted(self, mailboxes: Sequence[Mailbox], envelope: Envelope | None) -> str:
        """The server whose word about the sender counts; empty when it is our own alone."""
        if envelope is None:
            poll = mailboxes[0].poll
            return poll.trust if poll is not None else ""
        front = self.settings.incoming.front if self.settings.incoming is not None else None
        return front.name if front is not None and front.holds(envelope.source) else ""

    async def _letter(
        self, raw: bytes, mail: ParsedMail, envelope: Envelope | None, trusted: str
    ) -> _Letter:
        authentication = await self._believe(raw, mail, envelope, trusted)
        joining = decide_joining(mail, self._tokens, authentication)
        sender = Address("mail", mail.headers.sender or "unknown", authentication.verified)
        return _Letter(
            raw,
            mail,
            authentication,
            joining,
            await self._store.belongs([self.digest(one) for one in joining.mentions]),
            await self._context.customers.resolve(sender, mail.headers.sender_name),
            self.digest(fingerprint(raw, mail, authentication)),
        )

    async def _believe(
        self, raw: bytes, mail: ParsedMail, envelope: Envelope | None, trusted: str
    ) -> Authentication:
        """What a server we trust says of the sender, else our own check; nothing where checking
        is switched off."""
        if not self.settings.check_senders:
            return Authentication()
        sender = mail.headers.sender if mail.sender_clear else ""
        results = trusted_results(mail.authentication_results, trusted, sender)
        if results is not None:
            return results
        # A server in front is not where the mail comes from: SPF could only say wrong things.
        seen = None if trusted else envelope
        return await check_authentication(
            raw,
            from_address=sender,
            envelope=SenderEnvelope(seen.source, seen.helo, seen.sender)
            if seen is not None
            else None,
            dkim_queries=mail.dkim_queries,
            resolver=self.resolver,
            check_signatures=self._pool.verify,
        )

    async def _arrive(
        self, letter: _Letter, mailbox: Mailbox, there: dict[str, InteractionId]
    ) -> Taken | None:
        """Let the mail arrive, unless it came to the same place before: ``there`` says where."""
        mail, subject = letter.mail, letter.subject
        interaction_id = InteractionId(self._context.ids.new())
        case_id = letter.joining.case or CaseId(self._context.ids.new())
        arrive = Arrive(
            interaction_id=interaction_id,
            medium=MAIL,
            address=mailbox.address,
            subject=subject,
            attributes=self._attributes(letter, mailbox, there),
            customer=await self._facts(subject, letter.authentication),
            case_id=case_id,
            source_key=f"mail:{mailbox.address}:{hashlib.sha256(letter.raw).hexdigest()}",
            last_agent=_last_agent(case_id, letter),
        )
        joins = letter.joining.case is not None
        place = f"case {case_id}" if joins else str(self._context.floor.queue_for(arrive))
        if place in there:
            log.info("A mail that came once more is taken already.", extra=_named(there[place]))
            return None
        entry = await self._entry(letter)
        arrive = msgspec.structs.replace(arrive, entry=entry)
        going_on = self._context.floor.open_in_case(case_id)
        expected = going_on.interaction_id if going_on is not None else interaction_id
        conversation = await self._conversation(letter, mailbox, expected, case_id, entry.entry_id)
        # Before it arrives: what is in a queue can be answered, whatever breaks from here on.
        await self._store.keep_conversation(conversation)
        receipt = await self._context.inbox.submit(arrive)
        landed = receipt.interaction_id or interaction_id
        if landed != expected:
            await self._store.keep_conversation(
                msgspec.structs.replace(conversation, interaction_id=landed)
            )
            if expected == interaction_id:
                await self._store.forget_conversation(interaction_id)
        await self._remember(mail, landed, case_id, entry.entry_id)
        await self._show_together(landed, there)
        await self._store.add_copy(letter.copy, place, landed, self._context.clock.now())
        there[place] = landed
        new = landed == interaction_id
        return Taken(mail, mailbox, letter.authentication, landed, subject, new)

    async def _show_together(
        self, interaction_id: InteractionId, there: dict[str, InteractionId]
    ) -> None:
        """Let those who have the mail in another queue know of the one that came after."""
        for other in there.values():
            attributes: dict[str, Scalar] = {"may_belong_to": interaction_id}
            try:
                await self._context.inbox.submit(SetAttributes(other, attributes))
            except Refused as error:
                log.info("The other queue is done with the mail: %s", error.code)

    async def _entry(self, letter: _Letter) -> NewEntry:
        """Store what is big, seal what is personal."""
        files, mail, subject = self._context.files, letter.mail, letter.subject
        refs = [await self._file(subject, attachment) for attachment in mail.attachments]
        html = ""
        if mail.html is not None:
            page = await files.put(subject, mail.html.encode(), "message.html", "text/html")
            html = page.file_id
        source = await files.put(subject, letter.raw, SOURCE_NAME, "message/rfc822")
        content = mail.to_content(refs, html_file=html, source_file=source.file_id)
        if not letter.authentication.verified and UNVERIFIED_SENDER not in content.notices:
            notices = (*content.notices, UNVERIFIED_SENDER)
            content = msgspec.structs.replace(content, notices=notices)
        entry_id = EntryId(self._context.ids.new())
        plain = msgspec.json.encode(content)
        return NewEntry(
            entry_id=entry_id,
            sealed=await self._context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain),
            files=len(refs),
            size_bytes=len(letter.raw),
        )

    async def _file(self, subject: SubjectId, attachment: Attachment) -> FileRef:
        ref = await self._context.files.put(
            subject, attachment.data, attachment.name, attachment.media_type
        )
        return msgspec.structs.replace(
            ref, content_id=attachment.content_id, inline=attachment.inline
        )

    def _attributes(
        self, letter: _Letter, mailbox: Mailbox, there: dict[str, InteractionId]
    ) -> dict[str, Scalar]:
        """Coarse facts in clear that a rule may use; no words of the customer."""
        mail = letter.mail
        found: dict[str, Scalar] = {
            "mailbox": mailbox.address,
            "kind": mail.kind.value,
            "verified": letter.authentication.verified,
            "attachments": len(mail.attachments),
            "automatic": mail.kind is not Kind.ORDINARY,
        }
        topic = _topic(f"{mail.headers.subject}\n{mail.text}", mailbox)
        if topic:
            found["topic"] = topic
        mentioned = letter.known if letter.joining.verdict is Verdict.MAY_BELONG else ()
        others = dict.fromkeys((*there.values(), *(one.interaction_id for one in mentioned)))
        if others:
            found["may_belong_to"] = ",".join(list(others)[:SHOWN_TOGETHER])
        return found

    async def _facts(self, subject: SubjectId, authentication: Authentication) -> dict[str, Scalar]:
        """What rules may know of the customer: tier and language, once they are believed."""
        card = await self._context.customers.card(subject)
        facts: dict[str, Scalar] = {"verified": authentication.verified}
        if card.tier:
            facts["tier"] = card.tier
        if card.language:
            facts["language"] = card.language
        return facts

    async def _conversation(
        self,
        letter: _Letter,
        mailbox: Mailbox,
        interaction_id: InteractionId,
        case_id: CaseId,
        entry_id: EntryId,
    ) -> Conversation:
        """What an answer needs."""
        headers = msgspec.json.encode(Content(mail=letter.mail.headers))
        sealed = await self._context.seals.seal(letter.subject, entry_id, CONTENT_SCHEMA, headers)
        return Conversation(interaction_id, case_id, mailbox.address, entry_id, sealed)

    async def _remember(
        self, mail: ParsedMail, interaction_id: InteractionId, case_id: CaseId, entry_id: EntryId
    ) -> None:
        """Where this message id belongs."""
        if mail.headers.message_id:
            known = Known(case_id, interaction_id, entry_id)
            now = self._context.clock.now()
            await self._store.remember(self.digest(mail.headers.message_id), known, now)

    # -- mail of machines

    async def _machine_mail(self, mail: ParsedMail) -> None:
        """A bounce tells of the entry it is about; other machine mail is only counted in the log.

        Nothing here ever becomes an interaction or is answered (MAIL-5).
        """
        bounce = mail.recognised.bounce
        if mail.kind is not Kind.BOUNCE or bounce is None or not bounce.original_message_id:
            log.info("Mail of a machine is not taken as a customer's: %s", mail.kind.value)
            return
        failed = [one for one in bounce.recipients if one.action == "failed"]
        if bounce.recipients and not failed:
            log.info("A delay is told of: the message may still arrive.")
            return
        about = await self._store.sent(self.digest(bounce.original_message_id))
        if about is None:
            log.info("A bounce is about no message of ours.")
            return
        words = told(failed[0].status, failed[0].reason) if failed else "bounced"
        try:
            await self._context.inbox.submit(
                MarkEntry(about.interaction_id, about.entry_id, Mark.FAILED, words)
            )
        except Refused as error:
            log.info("A bounce is about an interaction long gone: %s", error.message)


def _named(interaction_id: InteractionId) -> dict[str, str]:
    return {"interaction_id": interaction_id}


def _last_agent(case_id: CaseId, letter: _Letter) -> AgentId | None:
    """Who wrote last in the case the mail joins."""
    if letter.joining.verdict is not Verdict.JOINS:
        return None
    wrote = (one.agent_id for one in letter.known if one.case_id == case_id and one.agent_id)
    found = next(wrote, None)
    return AgentId(found) if found else None


def _topic(words: str, mailbox: Mailbox) -> str:
    """The first topic one of whose words occurs, whatever its case."""
    lowered = words[:20_000].lower()
    for topic, signs in mailbox.topics.items():
        if any(sign.lower() in lowered for sign in signs):
            return topic
    return ""
