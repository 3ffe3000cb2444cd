"""Who a customer is and what it is about, in one line each: remembered for a while."""

import logging
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import msgspec

from agent_desktop.history import History
from agent_desktop.shapes import LastContact, WhoShape
from agent_desktop.words import Words, summary
from router.model.commands import Scalar
from router.model.errors import InvalidInput, NotFound
from router.model.events import EntryAdded
from router.model.ids import MINUTE_MS, Instant, InteractionId, Medium, SubjectId
from router.ports import Clock
from router.seals import CustomerCard, Customers

REMEMBERED = 10_000
BOXES_BYTES_MAX = 16 * 1_024 * 1_024
CARD_MS = MINUTE_MS
ADDRESS_KINDS = {
    "mail": ("mail",),
    "chat": ("mail",),
    "voice": ("phone",),
    "fax": ("phone",),
}
UNSAID_KINDS = frozenset({"chat"})
"""What tells nobody anything: a visitor who gave no name is known by their first chat's id."""

log = logging.getLogger(__name__)
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Remembered(Generic[K, V]):
    """A mapping of bounded size that forgets what was used longest ago."""

    def __init__(self, size: int, on_drop: Callable[[V], None] = lambda value: None) -> None:
        self._kept: OrderedDict[K, V] = OrderedDict()
        self._size = size
        self._on_drop = on_drop

    def get(self, key: K) -> V | None:
        """The value, which now counts as used."""
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        return found

    def put(self, key: K, value: V) -> None:
        """Remember a value."""
        self.drop(key)
        self._kept[key] = value
        if len(self._kept) > self._size:
            self.drop_oldest()

    def drop(self, key: K) -> None:
        """Forget a value, if it is there."""
        old = self._kept.pop(key, None)
        if old is not None:
            self._on_drop(old)

    def drop_oldest(self) -> None:
        """Forget what was used longest ago."""
        _, old = self._kept.popitem(last=False)
        self._on_drop(old)

    def __len__(self) -> int:
        return len(self._kept)


class About(msgspec.Struct, frozen=True):
    """What is asked about: an interaction and whose it is, as a view or a timeline has them."""

    interaction_id: InteractionId
    medium: Medium
    subject: SubjectId
    arrived: Instant
    customer: dict[str, Scalar]


class Glimpses:
    """Names and summaries over the ports that open seals; never fails because of one of them."""

    def __init__(self, words: Words, customers: Customers, history: History, clock: Clock) -> None:
        self._words = words
        self._customers = customers
        self._history = history
        self._clock = clock
        self._cards: Remembered[SubjectId, tuple[Instant, CustomerCard]] = Remembered(REMEMBERED)
        self._summaries: Remembered[InteractionId, str] = Remembered(REMEMBERED)
        self._box_bytes = 0
        self._boxes: Remembered[InteractionId, EntryAdded] = Remembered(REMEMBERED, self._unboxed)

    def note(self, entry: EntryAdded) -> None:
        """Keep an interaction's first words shut for a while: they will be asked for soon."""
        if entry.number != 1 or entry.sealed is None:
            return
        self._box_bytes += len(entry.sealed.box)
        self._boxes.put(entry.interaction_id, entry)
        while self._box_bytes > BOXES_BYTES_MAX and len(self._boxes):
            self._boxes.drop_oldest()

    def forget_card(self, subject: SubjectId) -> None:
        """The card was changed."""
        self._cards.drop(subject)

    async def card(self, subject: SubjectId) -> CustomerCard:
        """The customer's card; one without a name when there is none (any more)."""
        now = self._clock.now()
        known = self._cards.get(subject)
        if known is not None and now - known[0] < CARD_MS:
            return known[1]
        try:
            card = await self._customers.card(subject)
        except NotFound:
            card = CustomerCard(subject=subject)
        except InvalidInput:
            # One card that was damaged keeps nobody from their desk.
            log.exception("a customer's card cannot be read", extra={"event": "card_unreadable"})
            card = CustomerCard(subject=subject)
        self._cards.put(subject, (now, card))
        return card

    async def who(self, about: About) -> WhoShape:
        """The customer of an interaction. A caller's claim is shown as claimed (SIP-6, MAIL-3)."""
        card = await self.card(about.subject)
        kinds = ADDRESS_KINDS.get(about.medium, ())
        of_medium = [each for kind in kinds for each in card.addresses if each.kind == kind]
        others = (each for each in card.addresses if each.kind not in UNSAID_KINDS)
        address = next(iter((*of_medium, *others)), None)
        claimed = about.customer
        verified = claimed.get("verified")
        return WhoShape(
            subject=card.merged_into or about.subject,
            name=card.name or str(claimed.get("name", "")),
            tier=card.tier or str(claimed.get("tier", "")),
            address=address.value if address else "",
            verified=bool(verified if verified is not None else address and address.verified),
        )

    async def summary(self, interaction_id: InteractionId) -> str:
        """What an interaction is about, in one line."""
        known = self._summaries.get(interaction_id)
        if known is not None:
            return known
        first = self._boxes.get(interaction_id)
        if first is None:
            first = await self._history.first_words(interaction_id)
        line = summary(await self._words.of(first)) if first else ""
        if first is not None:
            self._summaries.put(interaction_id, line)
        return line

    async def last_contact(self, about: About) -> LastContact | None:
        """The customer's contact before this one."""
        people = await self._customers.same_person(about.subject)
        past = await self._history.last_contact(people or (about.subject,), about.arrived)
        if past is None:
            return None
        return LastContact(past.arrived, past.medium, await self.summary(past.interaction_id))

    def _unboxed(self, entry: EntryAdded) -> None:
        self._box_bytes -= len(entry.sealed.box) if entry.sealed else 0
