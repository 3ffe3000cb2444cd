"""STUN as an ICE-lite end needs it (RFC 8489, RFC 8445): checks come in, answers go out."""

import binascii
import hashlib
import hmac
import secrets
import socket
import struct
from typing import NamedTuple

from channels.voice.malformed import MalformedPacket

MESSAGE_BYTES_MAX = 1_472
ATTRIBUTES_MAX = 32

_HEAD = struct.Struct("!HHI12s")
_COOKIE = 0x2112_A442
_BINDING_REQUEST, _BINDING_SUCCESS, _BINDING_ERROR = 0x0001, 0x0101, 0x0111
_USERNAME, _INTEGRITY, _ERROR, _XOR_ADDRESS, _USE_CANDIDATE = 0x06, 0x08, 0x09, 0x20, 0x25
_FINGERPRINT, _ROLE_CONTROLLED = 0x8028, 0x8029
_FINGERPRINT_XOR = 0x5354_554E

Address = tuple[str, int]


class Check(NamedTuple):
    """A connectivity check whose integrity holds. ``controlled``: the other end does not lead."""

    transaction: bytes
    nominates: bool
    controlled: bool


def is_stun(first_byte: int) -> bool:
    """Whether a datagram of a shared port that begins so is STUN (RFC 7983)."""
    return first_byte < 4


def read_check(data: bytes, ufrag: str, password: str) -> Check:
    """A binding request to us.

    Raises MalformedPacket when it is none, its name does not begin with our ``ufrag``, or its
    MESSAGE-INTEGRITY is missing or not made with our password.
    """
    if not _HEAD.size <= len(data) <= MESSAGE_BYTES_MAX:
        raise MalformedPacket(f"{len(data)} bytes of STUN")
    kind, length, cookie, transaction = _HEAD.unpack_from(data)
    if kind != _BINDING_REQUEST or cookie != _COOKIE or length != len(data) - _HEAD.size:
        raise MalformedPacket("not a binding request")
    name, nominates, controlled = b"", False, False
    at = _HEAD.size
    for _ in range(ATTRIBUTES_MAX):
        if at + 4 > len(data):
            break
        attribute, size = struct.unpack_from("!HH", data, at)
        value = data[at + 4 : at + 4 + size]
        if len(value) < size:
            raise MalformedPacket("an attribute is cut off")
        if attribute == _INTEGRITY:
            _verify(data, at, value, password)
            if name.split(b":")[0] != ufrag.encode():
                raise MalformedPacket("the check is for somebody else")
            return Check(transaction, nominates, controlled)
        if attribute == _USERNAME:
            name = value
        nominates |= attribute == _USE_CANDIDATE
        controlled |= attribute == _ROLE_CONTROLLED
        at += 4 + (size + 3) // 4 * 4
    raise MalformedPacket("no MESSAGE-INTEGRITY")


def _verify(data: bytes, at: int, value: bytes, password: str) -> None:
    """The integrity covers all before it, under a length that ends with it (RFC 8489, 14.5)."""
    covered = data[:2] + struct.pack("!H", at + 24 - _HEAD.size) + data[4:at]
    if not hmac.compare_digest(_digest(password, covered), value):
        raise MalformedPacket("MESSAGE-INTEGRITY does not hold")


def _digest(password: str, covered: bytes) -> bytes:
    # SHA-1 is what RFC 8445 has; as an HMAC it is not broken.
    return hmac.new(password.encode(), covered, hashlib.sha1).digest()


def success(check: Check, source: Address, password: str) -> bytes:
    """The answer to a check, telling the other end where it is seen."""
    host = socket.inet_pton(socket.AF_INET6 if ":" in source[0] else socket.AF_INET, source[0])
    mask = struct.pack("!I", _COOKIE) + check.transaction
    hidden = bytes(one ^ two for one, two in zip(host, mask, strict=False))
    family = 1 if len(host) == 4 else 2
    value = struct.pack("!BBH", 0, family, source[1] ^ _COOKIE >> 16) + hidden
    return _sealed(_BINDING_SUCCESS, check.transaction, _attribute(_XOR_ADDRESS, value), password)


def role_conflict(check: Check, password: str) -> bytes:
    """We are lite, and never lead (RFC 8445, 7.3.1.1)."""
    value = struct.pack("!HBB", 0, 4, 87) + b"Role Conflict"
    return _sealed(_BINDING_ERROR, check.transaction, _attribute(_ERROR, value), password)


def request(
    name: str, password: str, *, nominate: bool = True, transaction: bytes | None = None
) -> bytes:
    """A check as a leading end sends it, for tests and measurements."""
    body = _attribute(_USERNAME, name.encode())
    body += _attribute(0x24, struct.pack("!I", 1 << 24))
    body += _attribute(0x802A, secrets.token_bytes(8))
    if nominate:
        body += _attribute(_USE_CANDIDATE, b"")
    return _sealed(_BINDING_REQUEST, transaction or secrets.token_bytes(12), body, password)


def _attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("!HH", kind, len(value)) + value + bytes(-len(value) % 4)


def _sealed(kind: int, transaction: bytes, body: bytes, password: str) -> bytes:
    head = _HEAD.pack(kind, len(body) + 24, _COOKIE, transaction)
    body += _attribute(_INTEGRITY, _digest(password, head + body))
    head = _HEAD.pack(kind, len(body) + 8, _COOKIE, transaction)
    check = binascii.crc32(head + body) ^ _FINGERPRINT_XOR
    return head + body + _attribute(_FINGERPRINT, struct.pack("!I", check))
