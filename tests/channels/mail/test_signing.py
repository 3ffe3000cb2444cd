"""DKIM signatures of ours: they hold as sent, and break with every change under way."""

import base64
from functools import cache

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from channels.mail.composing import compose
from channels.mail.settings import Mailbox, MailSettings, check
from channels.mail.signatures import verify_signatures
from channels.mail.signing import SigningKey, key_for, sign
from channels.mail.verdicts import Result
from config.findings import undotted
from router.model.content import MailHeaders
from router.model.ids import Instant
from router.model.secret import Secret

DOMAIN = "centre.example"
NAME = f"carillon._domainkey.{DOMAIN}"


def written(key: PrivateKeyTypes) -> SigningKey:
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return SigningKey(selector="carillon", private_key=Secret("file:dkim.pem", pem.decode()))


@cache
def a_key() -> tuple[SigningKey, str]:
    """A key and the record that its domain publishes."""
    key = rsa.generate_private_key(65_537, 2_048)
    public = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return written(key), f"v=DKIM1; k=rsa; p={base64.b64encode(public).decode()}"


def signed() -> bytes:
    mailbox = Mailbox(address=f"help@{DOMAIN}", name="Häuser & Söhne")
    headers = MailHeaders(sender="", to=("ann@customer.example",), subject="Re: Grüße 账单 " * 9)
    made = compose(mailbox, headers, "Über uns\n.\n\n\n", at=Instant(0), message_id="m@x")
    return sign(made.data, DOMAIN, a_key()[0])


def result(raw: bytes) -> Result:
    (found,) = verify_signatures(raw, {NAME: a_key()[1]})
    assert found.domain == DOMAIN
    return found.result


def test_a_signature_holds_for_what_was_sent() -> None:
    assert result(signed()) is Result.PASS


@pytest.mark.parametrize(
    ("change", "into"),
    [
        (b"=C3=9Cber uns", b"=C3=9Cber euch"),
        (b"ann@customer.example", b"eve@customer.example"),
        (b"\r\nTo: ", b"\r\nCc: eve@x.example\r\nTo: "),
        (b"\r\nTo: ", b"\r\nReply-To: eve@x.example\r\nTo: "),
        (b"\r\nFrom: ", b"\r\nFrom: eve@x.example\r\nFrom: "),
    ],
)
def test_a_change_under_way_breaks_it(change: bytes, into: bytes) -> None:
    raw = signed()
    assert change in raw
    assert result(raw.replace(change, into, 1)) is not Result.PASS


def test_the_nearest_domain_signs() -> None:
    here, above = a_key()[0], a_key()[0]
    keys = {"mail.centre.example": here, "centre.example": above}
    assert key_for("help@mail.centre.example", keys) == ("mail.centre.example", here)
    assert key_for("Help@Shop.Centre.Example", keys) == ("centre.example", above)
    assert key_for("help@other.example", keys) is None
    assert key_for("help@notcentre.example", keys) is None


@pytest.mark.parametrize(
    ("key", "words"),
    [
        (SigningKey(selector="s", private_key=Secret("env:K", "no key")), "is no private key"),
        (written(rsa.generate_private_key(65_537, 1_024)), "2048 bits"),  # noqa: S505 - to be refused
        (written(ed25519.Ed25519PrivateKey.generate()), "must be an RSA key"),
    ],
)
def test_check_names_a_key_that_cannot_sign(key: SigningKey, words: str) -> None:
    ((field, message),) = check(MailSettings(dkim={DOMAIN: key}))
    assert undotted(field) == ("dkim", DOMAIN, "private_key")
    assert words in message
    assert key.private_key.reveal() not in message
    assert check(MailSettings(dkim={DOMAIN: a_key()[0]})) == []
