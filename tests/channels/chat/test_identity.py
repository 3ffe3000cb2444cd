"""CHAT-3: a site vouches for its visitor by a JWT of one algorithm, for itself, shortly."""

from typing import Any

import jwt
import pytest

from channels.chat.identity import read_identity
from router.model.errors import InvalidInput
from router.model.ids import Instant

SECRET = "k" * 64
NOW = Instant(1_800_000_000_000)
NOW_S = NOW // 1000


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    body = {"aud": "shop", "sub": "4711", "jti": "once", "exp": NOW_S + 120} | claims
    body = {name: value for name, value in body.items() if value is not None}
    return jwt.encode(body, secret, algorithm=algorithm)


def test_chat_3_a_signed_visitor_is_read() -> None:
    token = signed(name="Li Wei", email="li@example.com", email_verified=True)
    identity = read_identity(token, "shop", SECRET, NOW)
    assert (identity.subject, identity.name, identity.mail) == ("4711", "Li Wei", "li@example.com")


def test_a_mail_address_the_site_has_not_verified_is_not_believed() -> None:
    assert read_identity(signed(email="li@example.com"), "shop", SECRET, NOW).mail == ""


@pytest.mark.parametrize(
    "token",
    [
        signed("x" * 64),
        signed(algorithm="HS512"),
        jwt.encode({"aud": "shop", "sub": "1", "jti": "1", "exp": NOW_S + 9}, "", "none"),
        signed(aud="another"),
        signed(aud=None),
        signed(sub=None),
        signed(sub=""),
        signed(sub="x" * 201),
        signed(jti=None),
        signed(exp=None),
        signed(exp=NOW_S - 31),
        signed(exp=NOW_S + 331),
        signed(exp="soon"),
        signed(nbf=NOW_S + 60),
        signed(iat=NOW_S + 60),
        signed(name=7),
        "a.b.c",
        "",
        "é",
    ],
)
def test_chat_3_anything_else_is_refused(token: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        read_identity(token, "shop", SECRET, NOW)
    assert caught.value.code == "identity"


def test_a_site_without_a_key_takes_no_identities() -> None:
    with pytest.raises(InvalidInput, match="takes no signed identities"):
        read_identity(signed(), "shop", "", NOW)
