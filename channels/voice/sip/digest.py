"""Digest authentication (RFC 7616, RFC 8760): the words of it, for both sides."""

import hashlib
import hmac
import re
from collections.abc import Mapping

import msgspec
from typing_extensions import override

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import quoted, unquoted

_PAIR = re.compile(
    r"""\s*([A-Za-z0-9\-_.!%*+`'~]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^\s,"]*)\s*(?:,|\Z)"""
)
# Of the same strength as the protocol allows; MD5 is used only where a trunk or phone allows it.
_HASHES = {
    "SHA-256": hashlib.sha256,
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False),
}
ALGORITHMS = tuple(_HASHES)
"""What we can compute, the strongest first."""


class Challenge(msgspec.Struct, frozen=True):
    """What a server wants to see proved."""

    realm: str
    nonce: str
    algorithm: str = "MD5"
    opaque: str = ""
    qop: bool = True
    stale: bool = False

    @override
    def __str__(self) -> str:
        text = f"Digest realm={quoted(self.realm)}, nonce={quoted(self.nonce)}"
        text += f', algorithm={self.algorithm}, qop="auth"'
        return text + (", stale=true" if self.stale else "")


class Credentials(msgspec.Struct, frozen=True):
    """The proof somebody sent."""

    username: str
    realm: str
    nonce: str
    uri: str
    response: str
    algorithm: str
    cnonce: str
    nonce_count: int
    qop: bool
    opaque: str = ""

    @override
    def __str__(self) -> str:
        text = (
            f"Digest username={quoted(self.username)}, realm={quoted(self.realm)}, "
            f"nonce={quoted(self.nonce)}, uri={quoted(self.uri)}, "
            f"response={quoted(self.response)}, algorithm={self.algorithm}"
        )
        if self.qop:
            text += f", qop=auth, nc={self.nonce_count:08x}, cnonce={quoted(self.cnonce)}"
        return text + (f", opaque={quoted(self.opaque)}" if self.opaque else "")


def password_hash(username: str, realm: str, password: str, algorithm: str) -> str:
    """HA1. Whoever has it needs no password: keep it as one (SIP-7)."""
    return _hash(algorithm, f"{username}:{realm}:{password}")


def prove(
    challenge: Challenge,
    *,
    username: str,
    secret: str,
    method: str,
    uri: str,
    nonce_count: int,
    cnonce: str,
) -> Credentials:
    """The proof for a challenge; ``secret`` is the HA1 for its realm and algorithm."""
    made = Credentials(
        username=username,
        realm=challenge.realm,
        nonce=challenge.nonce,
        uri=uri,
        response="",
        algorithm=challenge.algorithm,
        cnonce=cnonce if challenge.qop else "",
        nonce_count=nonce_count,
        qop=challenge.qop,
        opaque=challenge.opaque,
    )
    return msgspec.structs.replace(made, response=_response(made, secret, method))


def proves(credentials: Credentials, secret: str, method: str) -> bool:
    """Whether the proof was made with this HA1 for this method. Takes the same time either way."""
    expected = _response(credentials, secret, method)
    return hmac.compare_digest(expected.encode(), credentials.response.lower().encode())


def parse_challenge(text: str) -> Challenge | None:
    """A challenge we could answer; None for another scheme, algorithm or protection.

    Raises BadMessage when it is malformed.
    """
    values = _pairs(text)
    if values is None:
        return None
    algorithm = values.get("algorithm", "MD5").upper()
    offered = {word.strip().lower() for word in values.get("qop", "").split(",")}
    if algorithm not in _HASHES or (values.get("qop") and "auth" not in offered):
        return None
    return Challenge(
        realm=values.get("realm", ""),
        nonce=_needed(values, "nonce"),
        algorithm=algorithm,
        opaque=values.get("opaque", ""),
        qop="auth" in offered,
        stale=values.get("stale", "").lower() == "true",
    )


def parse_credentials(text: str) -> Credentials | None:
    """A proof; None for another scheme than Digest. Raises BadMessage when it is malformed."""
    values = _pairs(text)
    if values is None:
        return None
    count = values.get("nc", "0")
    if not re.fullmatch(r"[0-9a-fA-F]{1,8}", count):
        raise BadMessage("nonce count is no number", field="Authorization")
    return Credentials(
        username=_needed(values, "username"),
        realm=_needed(values, "realm"),
        nonce=_needed(values, "nonce"),
        uri=_needed(values, "uri"),
        response=_needed(values, "response"),
        algorithm=values.get("algorithm", "MD5").upper(),
        cnonce=values.get("cnonce", ""),
        nonce_count=int(count, 16),
        qop=values.get("qop", "").lower() == "auth",
        opaque=values.get("opaque", ""),
    )


def _pairs(text: str) -> dict[str, str] | None:
    scheme, _, rest = text.strip().partition(" ")
    if scheme.lower() != "digest":
        return None
    values: dict[str, str] = {}
    position = 0
    while position < len(rest):
        hit = _PAIR.match(rest, position)
        if hit is None or hit[1].lower() in values:
            raise BadMessage("malformed digest", field="Authorization")
        value = hit[2]
        values[hit[1].lower()] = unquoted(value) if value.startswith('"') else value
        position = hit.end()
    return values


def _needed(values: Mapping[str, str], name: str) -> str:
    value = values.get(name, "")
    if not value:
        raise BadMessage(f"digest without {name}", field="Authorization")
    return value


def _response(credentials: Credentials, secret: str, method: str) -> str:
    request = _hash(credentials.algorithm, f"{method}:{credentials.uri}")
    middle = credentials.nonce
    if credentials.qop:
        middle += f":{credentials.nonce_count:08x}:{credentials.cnonce}:auth"
    return _hash(credentials.algorithm, f"{secret}:{middle}:{request}")


def _hash(algorithm: str, text: str) -> str:
    return _HASHES[algorithm](text.encode("utf-8", "surrogateescape")).hexdigest()
