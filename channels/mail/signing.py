"""DKIM signatures of what we send (RFC 6376): our domain answers for a mail, whoever relays it."""

from collections.abc import Mapping
from typing import Annotated

import dkim  # type: ignore[import-untyped]  # the package has no types
import msgspec
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from msgspec import Meta

from router.model.secret import Secret

KEY_BITS = 2_048
SIGNED = (
    *("from", "to", "cc", "reply-to", "subject", "date", "message-id", "in-reply-to"),
    *("references", "auto-submitted", "mime-version", "content-type", "content-transfer-encoding"),
)
"""The fields that nobody may change, add or take away under way (RFC 6376, section 5.4.1)."""


class SigningKey(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key that signs a domain's mail: an RSA key in PEM, whose other half is published at
    ``SELECTOR._domainkey.DOMAIN``."""

    selector: Annotated[str, Meta(pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]{0,61}[A-Za-z0-9])?$")]
    private_key: Secret


def key_for(author: str, keys: Mapping[str, SigningKey]) -> tuple[str, SigningKey] | None:
    """The domain that signs an author's mail, and its key: their own, else the nearest above it.

    A domain above is aligned with the author for DMARC (RFC 7489, section 3.1.1).
    """
    domain = author.rpartition("@")[2].lower()
    while domain:
        if domain in keys:
            return domain, keys[domain]
        domain = domain.partition(".")[2]
    return None


def sign(data: bytes, domain: str, key: SigningKey) -> bytes:
    """The message with a signature above it. Takes a while: call it in a thread."""
    signature: bytes = dkim.sign(
        data,
        key.selector.encode(),
        domain.encode(),
        key.private_key.reveal().encode(),
        canonicalize=(b"relaxed", b"simple"),
        include_headers=[name.encode() for name in SIGNED],
    )
    return signature + data


def mistake_of(key: SigningKey) -> str:
    """What is wrong with a private key, in words that do not repeat it; empty when nothing is."""
    try:
        found = load_pem_private_key(key.private_key.reveal().encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return "is no private key in PEM without a password"
    if not isinstance(found, RSAPrivateKey) or found.key_size < KEY_BITS:
        return f"must be an RSA key of {KEY_BITS} bits or more"
    return ""
