"""The form for closed hours and full queues: what is written becomes a mail in the queue."""

from channels.chat import wording
from channels.chat.answers import bounded_text, checked_mail, first_facts
from channels.chat.cards import mask_cards
from channels.chat.parts import Parts
from channels.chat.protocol import Form
from channels.chat.settings import in_language
from router.model.commands import Arrive
from router.model.content import Content, MailHeaders
from router.model.errors import InvalidInput, Overloaded, Refused
from router.model.ids import CaseId, InteractionId, Medium
from router.seals import Address

MAIL = Medium("mail")


class Forms:
    """Takes messages that are answered by mail."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._context = parts.context

    async def take(self, key: str, frame: Form, *, source: str, language: str) -> InteractionId:
        """Queue the message as a mail to the site's mailbox; the same ``frame.id`` once.

        The address is claimed, as a mail's sender is: the agent sees it as unverified. Raises
        Refused (``not_offered``), InvalidInput, Overloaded or StorageFailed.
        """
        site = self._parts.settings.sites[key]
        if self._parts.retired or not site.form_mailbox:
            raise Refused("this site takes no messages", code="not_offered")
        text = mask_cards(bounded_text(frame.text, self._parts.settings.characters_max))
        if not text:
            raise InvalidInput("say something", field="text", code="missing")
        mail = checked_mail(frame.mail)
        sealed_fields, attributes = first_facts(
            site, name=frame.name, mail=mail, topic=frame.topic, fields=frame.fields
        )
        if self._parts.limits.forms.take(source, self._context.clock.now()):
            raise Overloaded("too many messages from this address", code="too_many_chats")
        name = sealed_fields.get("name", "")
        topic = next(
            (
                in_language(each.title, language)
                for each in site.topics
                if each.value == frame.topic
            ),
            "",
        )
        content = Content(
            text=text,
            fields=sealed_fields,
            mail=MailHeaders(
                sender=mail,
                sender_name=name,
                to=(site.form_mailbox,),
                subject=topic or wording.name("form_subject", language),
            ),
            notices=("unverified_sender", "from_form"),
        )
        subject = await self._context.customers.resolve(Address(kind="mail", value=mail), name)
        interaction_id = InteractionId(self._context.ids.new())
        entry = await self._parts.seal(subject, content, self._parts.entry_id())
        receipt = await self._context.inbox.submit(
            Arrive(
                interaction_id=interaction_id,
                medium=MAIL,
                address=site.form_mailbox,
                subject=subject,
                attributes={"site": key, "language": language, "form": True, **attributes},
                customer={"verified": False},
                # What comes back by mail joins it, as it joins any mail's case.
                case_id=CaseId(self._context.ids.new()),
                entry=entry,
                source_key=f"chat-form:{key}:{frame.id}",
            )
        )
        return receipt.interaction_id or interaction_id
