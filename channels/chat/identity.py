"""Signed-in visitors: the site's own server vouches for them with a short-lived JWT (CHAT-3)."""

import hashlib
from typing import Any

import jwt
import msgspec

from router.model.errors import InvalidInput
from router.model.ids import Instant

ALGORITHM = "HS256"
LIFE_MAX_S = 300
SKEW_S = 30


class Identity(msgspec.Struct, frozen=True):
    """Who a site says its visitor is. ``jti`` is the digest of the token's own id."""

    subject: str
    name: str
    mail: str
    jti: str
    expires: Instant


def read_identity(token: str, site: str, secret: str, now: Instant) -> Identity:
    """The identity in a JWT (RFC 7519) signed with HS256 for this site.

    Raises InvalidInput with code ``identity`` when signature, audience, life (five minutes at
    most) or claims are not right. The caller sees to it that a ``jti`` is taken once.
    """
    if not secret:
        raise _refusal("this site takes no signed identities")
    claims = _claims(token, site, secret)
    now_s = now / 1000
    expires = _number(claims, "exp")
    if expires + SKEW_S <= now_s:
        raise _refusal("the token has expired")
    if expires > now_s + LIFE_MAX_S + SKEW_S:
        raise _refusal("the token lives longer than five minutes")
    if _number(claims, "nbf", 0) > now_s + SKEW_S or _number(claims, "iat", 0) > now_s + SKEW_S:
        raise _refusal("the token is not valid yet")
    mail = _text(claims, "email", 254) if claims.get("email_verified") is True else ""
    return Identity(
        subject=_text(claims, "sub", 200, required=True),
        name=_text(claims, "name", 200),
        mail=mail,
        jti=hashlib.sha256(
            f"{site}\0{_text(claims, 'jti', 200, required=True)}".encode()
        ).hexdigest(),
        expires=Instant(int(expires * 1000)),
    )


def _claims(token: str, site: str, secret: str) -> dict[str, Any]:
    try:
        # Times are judged by our own clock in read_identity, not by the library's.
        return jwt.decode(
            token,
            secret,
            algorithms=[ALGORITHM],
            audience=site,
            options={
                "require": ["exp", "aud", "sub", "jti"],
                "verify_exp": False,
                "verify_nbf": False,
                "verify_iat": False,
            },
        )
    except jwt.PyJWTError as error:
        raise _refusal("the token is not signed for this site") from error


def _number(claims: dict[str, Any], name: str, default: float | None = None) -> float:
    value = claims.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refusal(f"the claim {name} is no time")
    return float(value)


def _text(claims: dict[str, Any], name: str, longest: int, *, required: bool = False) -> str:
    value = claims.get(name, "")
    if not isinstance(value, str) or len(value) > longest or (required and not value):
        raise _refusal(f"the claim {name} is not a text of {longest} characters at most")
    return value


def _refusal(message: str) -> InvalidInput:
    return InvalidInput(message, field="identity", code="identity")
