"""The dummy medium: customers are method calls, and what they are told is remembered."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import msgspec

from channels.api import ChannelContext
from channels.dummy.settings import DummySettings
from router.model.commands import AddEntry, Arrive, CustomerLeave, NewEntry, Scalar
from router.model.content import CONTENT_SCHEMA, Author, Content
from router.model.effects import (
    Connect,
    Deliver,
    Disconnect,
    Effect,
    HoldCustomer,
    Release,
    RetrieveCustomer,
    Ring,
    StopRinging,
    Tell,
    Wait,
)
from router.model.errors import NotFound
from router.model.ids import EntryId, InteractionId, Medium, Position, SubjectId
from router.seals import Address

HEARD_MAX = 1_000
"""Things one customer was told that are remembered at most."""


class Heard(msgspec.Struct, frozen=True):
    """One thing a customer was told: its kind (``wait``, ``joined``, ``words`` ...) and words."""

    kind: str
    text: str = ""


class DummyChannel:
    """Customers without wires. Nothing here outlives the process: there is nobody to lose."""

    def __init__(self, settings: DummySettings, context: ChannelContext) -> None:
        self._settings = settings
        self._context = context
        self._heard: OrderedDict[InteractionId, list[Heard]] = OrderedDict()
        self._done: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._subjects: dict[InteractionId, SubjectId] = {}

    @property
    def medium(self) -> Medium:
        """``dummy``."""
        return Medium("dummy")

    async def start(self) -> None:
        """There is nothing to open."""

    async def stop(self) -> None:
        """There is nothing to close."""

    async def reconfigure(self, settings: DummySettings) -> None:
        """Take new settings."""
        self._settings = settings

    async def retire(self) -> None:
        """Customers are method calls: nobody new is let in by not calling."""

    async def busy(self) -> bool:
        """Nothing of it waits: what a customer is told is told at once."""
        return False

    def health(self) -> Mapping[str, str]:
        """It is always well."""
        return {}

    async def arrive(
        self,
        text: str,
        *,
        name: str = "",
        customer: str = "",
        attributes: Mapping[str, Scalar] | None = None,
        key: str = "",
    ) -> InteractionId:
        """A customer comes with first words; the same ``key`` comes once.

        ``customer`` is who they are over several contacts. Raises what the Inbox raises.
        """
        new_id = InteractionId(self._context.ids.new())
        address = Address(kind="site:dummy", value=customer or new_id)
        subject = await self._context.customers.resolve(address, name)
        entry = await self._entry(subject, text)
        # Known before it arrives: the hub may order something before it answers.
        self._remember(new_id, subject)
        receipt = await self._context.inbox.submit(
            Arrive(
                interaction_id=new_id,
                medium=self.medium,
                address=self._settings.address,
                subject=subject,
                attributes=dict(attributes or {}),
                entry=entry,
                source_key=f"dummy:{key}" if key else "",
            )
        )
        interaction_id = receipt.interaction_id or new_id
        if interaction_id != new_id:
            self._forget(new_id)
        return interaction_id

    async def say(self, interaction_id: InteractionId, text: str) -> EntryId:
        """The customer says more. Raises NotFound, or what the Inbox raises."""
        if interaction_id not in self._subjects:
            raise NotFound(f"no dummy customer of {interaction_id}")
        entry = await self._entry(self._subjects[interaction_id], text)
        await self._context.inbox.submit(AddEntry(interaction_id, Author.CUSTOMER, entry))
        return entry.entry_id

    async def leave(self, interaction_id: InteractionId, reason: str = "") -> None:
        """The customer goes. Raises what the Inbox raises."""
        await self._context.inbox.submit(CustomerLeave(interaction_id, reason=reason))

    def heard(self, interaction_id: InteractionId) -> Sequence[Heard]:
        """What the customer was told so far, in order."""
        return tuple(self._heard.get(interaction_id, ()))

    async def perform(self, effect: Effect, position: Position) -> None:
        """Let the customer hear it, once."""
        key = self._key(effect, position)
        heard = self._heard.get(effect.interaction_id)
        if heard is None or key in self._done:
            return
        told = await self._told(effect)
        if told is not None and len(heard) < HEARD_MAX:
            heard.append(told)
        self._done[key] = None
        while len(self._done) > self._settings.conversations_max * 10:
            self._done.popitem(last=False)

    def _key(self, effect: Effect, position: Position) -> tuple[str, ...]:
        if isinstance(effect, Deliver):
            return ("entry", effect.entry_id)
        return (str(position), repr(effect))

    async def _told(self, effect: Effect) -> Heard | None:
        match effect:
            case Deliver(sealed=sealed, entry_id=entry_id):
                if sealed is None:
                    return Heard("words")
                plain = await self._context.seals.open(sealed, entry_id)
                return Heard("words", msgspec.json.decode(plain, type=Content).text)
            case Connect(agent_id=agent_id):
                return Heard("joined", agent_id)
            case Disconnect(agent_id=agent_id):
                return Heard("left", agent_id)
            case HoldCustomer():
                return Heard("held")
            case RetrieveCustomer():
                return Heard("retrieved")
            case Tell(text=text):
                return Heard("told", text)
            case Wait(queue=queue):
                return Heard("wait", queue)
            case Release(outcome=outcome):
                return Heard("released", outcome.value)
            case Ring() | StopRinging():
                return None

    def _remember(self, interaction_id: InteractionId, subject: SubjectId) -> None:
        self._heard[interaction_id] = []
        self._subjects[interaction_id] = subject
        while len(self._heard) > self._settings.conversations_max:
            self._forget(next(iter(self._heard)))

    def _forget(self, interaction_id: InteractionId) -> None:
        self._heard.pop(interaction_id, None)
        self._subjects.pop(interaction_id, None)

    async def _entry(self, subject: SubjectId, text: str) -> NewEntry:
        entry_id = EntryId(self._context.ids.new())
        plain = msgspec.json.encode(Content(text=text))
        sealed = await self._context.seals.seal(subject, entry_id, CONTENT_SCHEMA, plain)
        return NewEntry(entry_id, sealed=sealed, size_bytes=len(plain))


def build(settings: DummySettings, context: ChannelContext) -> DummyChannel:
    """The dummy channel with these settings."""
    return DummyChannel(settings, context)
