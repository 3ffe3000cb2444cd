"""What a customer card may hold, how addresses are compared, and what changed between two."""

import unicodedata
from collections.abc import Iterator

from router.model.errors import InvalidInput
from router.seals import Address, CustomerCard

ADDRESSES_MOST = 50
FIELDS_MOST = 50
_MOST = {"name": 200, "tier": 100, "language": 35, "notes": 20_000}
_VALUE_MOST = 1_000
_ADDRESS_MOST = 320


def comparable(address: Address) -> bytes:
    """The bytes by which two addresses of one customer are the same.

    Mail addresses are compared without case, as people write them; telephone numbers by their
    digits and a leading plus; everything else as it stands, in Unicode's normal form.
    Raises InvalidInput for an empty or overlong one.
    """
    value = unicodedata.normalize("NFC", address.value.strip())
    if address.kind == "mail":
        value = value.casefold()
    elif address.kind == "phone":
        digits = "".join(sign for sign in value if sign.isascii() and sign.isdigit())
        value = f"+{digits}" if value.startswith("+") else digits
    if not value or not address.kind:
        raise InvalidInput("an address needs a kind and a value", field="address")
    if len(value) > _ADDRESS_MOST or len(address.kind) > _ADDRESS_MOST:
        raise InvalidInput(f"an address has {_ADDRESS_MOST} characters at most", field="address")
    return f"{len(address.kind)}:{address.kind}{value}".encode()


def check(card: CustomerCard) -> None:
    """Raise InvalidInput, naming the field, where the card is larger than a card may be."""
    for name, most in _MOST.items():
        if len(getattr(card, name)) > most:
            raise InvalidInput(f"{name} has {most} characters at most", field=name)
    if len(card.addresses) > ADDRESSES_MOST:
        raise InvalidInput(f"a card has {ADDRESSES_MOST} addresses at most", field="addresses")
    if len({comparable(address) for address in card.addresses}) != len(card.addresses):
        raise InvalidInput("an address stands twice on the card", field="addresses")
    if len(card.fields) > FIELDS_MOST:
        raise InvalidInput(f"a card has {FIELDS_MOST} further fields at most", field="fields")
    for name, value in card.fields.items():
        if len(name) > _MOST["name"] or len(value) > _VALUE_MOST:
            raise InvalidInput(f"the field {name[:40]!r} is too long", field="fields")


def changes(old: CustomerCard, new: CustomerCard) -> str:
    """What a change changed, in a line for people; empty when nothing did."""
    return "; ".join(_changes(old, new))


def _changes(old: CustomerCard, new: CustomerCard) -> Iterator[str]:
    for name in ("name", "tier", "language"):
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{name}: {before or '-'} → {after or '-'}"
    if old.notes != new.notes:
        yield "notes"
    for address in new.addresses:
        if address not in old.addresses:
            yield f"+{address.kind} {address.value}"
    for address in old.addresses:
        if address not in new.addresses:
            yield f"-{address.kind} {address.value}"
    for name in sorted(old.fields.keys() | new.fields.keys()):
        if old.fields.get(name) != new.fields.get(name):
            yield f"{name}: {old.fields.get(name, '-')} → {new.fields.get(name, '-')}"
