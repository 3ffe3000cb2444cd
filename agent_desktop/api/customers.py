"""Customer cards: found exactly, read, edited, merged and parted again; what they wrote before."""

from collections.abc import Sequence
from typing import Annotated

import msgspec
from fastapi import APIRouter, Path, Query, Request, Response
from msgspec import UNSET, Meta, UnsetType

from agent_desktop.api.access import TheDesk, Who
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.context import Desk
from agent_desktop.glimpses import UNSAID_KINDS
from agent_desktop.permissions import Permission
from agent_desktop.principal import Principal
from agent_desktop.shapes import AddressShape, CardShape, ContactShape
from router.model.errors import NotFound
from router.model.ids import Instant, SubjectId
from router.model.past import PastInteraction
from router.seals import Address, CardChange, CustomerCard

ROUTER = APIRouter()
CONTACTS = 50
Id = Annotated[str, Path(max_length=64, pattern="^[!-~]+$")]
Short = Annotated[str, Meta(max_length=200)]
Notes = Annotated[str, Meta(max_length=20_000)]
Fields = Annotated[dict[Short, Annotated[str, Meta(max_length=2_000)]], Meta(max_length=50)]


class CardsBody(msgspec.Struct, frozen=True):
    """What a search found: one card or none."""

    customers: Sequence[CardShape]


class CardEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What shall be different; ``revision`` is the one that was looked at."""

    revision: Annotated[int, Meta(ge=0)]
    name: Short | UnsetType = UNSET
    tier: Short | UnsetType = UNSET
    language: Annotated[str, Meta(max_length=20)] | UnsetType = UNSET
    fields: Fields | UnsetType = UNSET
    notes: Notes | UnsetType = UNSET


class MergeInto(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which card shall stand for both."""

    into: Annotated[str, Meta(min_length=1, max_length=64)]


class Nothing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An empty object."""


class ContactsBody(msgspec.Struct, frozen=True):
    """Contacts over all media, newest first."""

    interactions: Sequence[ContactShape]


class ChangesBody(msgspec.Struct, frozen=True):
    """Who changed what of a card, newest first."""

    changes: Sequence[CardChange]


async def _shape(desk: Desk, card: CustomerCard) -> CardShape:
    people = await desk.ports.customers.same_person(card.subject)
    return CardShape(
        subject=card.subject,
        name=card.name,
        addresses=tuple(
            AddressShape(each.kind, each.value, each.verified)
            for each in card.addresses
            if each.kind not in UNSAID_KINDS
        ),
        tier=card.tier,
        language=card.language,
        fields=card.fields,
        notes=card.notes,
        revision=card.revision,
        merged=tuple(each for each in people if each != card.subject),
    )


async def _card(desk: Desk, who: Principal, permission: Permission, subject: str) -> CustomerCard:
    """A card this person may see, following merges; what the table marks A is noted."""
    found = await desk.finding.card(who, permission, subject)
    if who.grant(permission).audited:
        await desk.audit.note(who, permission.value, f"customer {subject}")
    card = await desk.ports.customers.card(found)
    if card.merged_into is not None:
        card = await desk.ports.customers.card(card.merged_into)
    return card


@endpoint(ROUTER, "GET /api/v1/customers", Permission.CUSTOMERS_FIND, answers=CardsBody)
async def find_customer(
    who: Who,
    desk: TheDesk,
    kind: Annotated[str, Query(max_length=40, pattern=r"^[a-z]+(:[a-z0-9_-]+)?$")],
    value: Annotated[str, Query(min_length=1, max_length=320)],
) -> Response:
    """Find a customer by exactly this number or address."""
    found = await desk.finding.find(who, Address(kind, value))
    if who.grant(Permission.CUSTOMERS_FIND).audited:
        await desk.audit.note(who, Permission.CUSTOMERS_FIND.value, f"{kind} search")
    cards = []
    if found is not None:
        cards.append(await _shape(desk, await desk.ports.customers.card(found)))
    return answer(CardsBody(cards))


@endpoint(ROUTER, "GET /api/v1/customers/{subject}", Permission.CONTENT, answers=CardShape)
async def customer(subject: Id, who: Who, desk: TheDesk) -> Response:
    """A customer's card."""
    return answer(await _shape(desk, await _card(desk, who, Permission.CONTENT, subject)))


@endpoint(
    ROUTER,
    "PATCH /api/v1/customers/{subject}",
    Permission.CUSTOMERS_EDIT,
    takes=CardEdit,
    answers=CardShape,
)
async def edit_customer(subject: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Change a customer's card, unless somebody else has since."""
    wish = await take(request, CardEdit)
    card = await _card(desk, who, Permission.CUSTOMERS_EDIT, subject)
    changes = {
        name: value
        for name in ("name", "tier", "language", "fields", "notes")
        if (value := getattr(wish, name)) is not UNSET
    }
    wanted = msgspec.structs.replace(card, revision=wish.revision, **changes)
    saved = await desk.ports.customers.change(wanted, who.user)
    desk.glimpses.forget_card(card.subject)
    return answer(await _shape(desk, saved))


@endpoint(
    ROUTER,
    "GET /api/v1/customers/{subject}/changes",
    Permission.CONTENT,
    answers=ChangesBody,
)
async def card_changes(subject: Id, who: Who, desk: TheDesk) -> Response:
    """Who changed what of a customer's card."""
    card = await _card(desk, who, Permission.CONTENT, subject)
    return answer(ChangesBody(await desk.ports.customers.history(card.subject)))


@endpoint(
    ROUTER,
    "GET /api/v1/customers/{subject}/timeline",
    Permission.CONTENT,
    answers=ContactsBody,
)
async def timeline(
    subject: Id,
    who: Who,
    desk: TheDesk,
    before: Annotated[int, Query(ge=0, le=2**53)] = 2**53,
    limit: Annotated[int, Query(ge=1, le=200)] = CONTACTS,
) -> Response:
    """A customer's contacts over all media, as far as they may be seen, newest first."""
    found = await desk.sight.customer(who, Permission.CONTENT, subject)
    if who.grant(Permission.CONTENT).audited:
        await desk.audit.note(who, Permission.CONTENT.value, f"customer {subject}")
    people = await _people(desk, found)
    found_all = await desk.ports.history.contacts(people, Instant(before), limit)
    contacts = await desk.sight.contacts(who, Permission.CONTENT, found_all)
    return answer(ContactsBody([await _contact(desk, past) for past in contacts]))


async def _people(desk: Desk, subject: SubjectId) -> Sequence[SubjectId]:
    try:
        return await desk.ports.customers.same_person(subject)
    except NotFound:
        return (subject,)


async def _contact(desk: Desk, past: PastInteraction) -> ContactShape:
    return ContactShape(
        interaction_id=past.interaction_id,
        medium=past.medium,
        at=past.arrived,
        ended=past.closed,
        queue=past.queues[-1] if past.queues else "",
        agents=past.agents,
        summary=await desk.glimpses.summary(past.interaction_id),
        outcome=past.outcome,
        disposition=past.disposition or None,
    )


@endpoint(
    ROUTER,
    "POST /api/v1/customers/{subject}/merge",
    Permission.CUSTOMERS_EDIT,
    takes=MergeInto,
    answers=CardShape,
)
async def merge_customer(subject: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Let another card stand for this one too."""
    wish = await take(request, MergeInto)
    duplicate = await desk.finding.card(who, Permission.CUSTOMERS_EDIT, subject)
    into = await desk.finding.card(who, Permission.CUSTOMERS_EDIT, wish.into)
    await _note(desk, who, f"merge {duplicate} into {into}")
    merged = await desk.ports.customers.merge(duplicate, into, who.user)
    return await _changed(desk, merged, (duplicate, into))


@endpoint(
    ROUTER,
    "POST /api/v1/customers/{subject}/unmerge",
    Permission.CUSTOMERS_EDIT,
    takes=Nothing,
    optional=True,
    answers=CardShape,
)
async def unmerge_customer(subject: Id, request: Request, who: Who, desk: TheDesk) -> Response:
    """Let a merged card stand for itself again."""
    if await request.body():
        await take(request, Nothing)
    duplicate = await desk.finding.card(who, Permission.CUSTOMERS_EDIT, subject)
    stood_for = (await desk.ports.customers.card(duplicate)).merged_into or duplicate
    await _note(desk, who, f"unmerge {duplicate}")
    parted = await desk.ports.customers.unmerge(duplicate, who.user)
    return await _changed(desk, parted, (duplicate, stood_for))


async def _note(desk: Desk, who: Principal, what: str) -> None:
    """Before it is done: what cannot be written down is not done (LOG-3)."""
    if who.grant(Permission.CUSTOMERS_EDIT).audited:
        await desk.audit.note(who, Permission.CUSTOMERS_EDIT.value, what)


async def _changed(desk: Desk, card: CustomerCard, touched: Sequence[SubjectId]) -> Response:
    for subject in touched:
        desk.glimpses.forget_card(subject)
    return answer(await _shape(desk, card))
