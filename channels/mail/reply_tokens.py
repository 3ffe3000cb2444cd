"""Our own mark in the mails we send, by which an answer finds its case (MAIL-4).

A token is the case's 128 bits and 128 bits of HMAC-SHA256 over the case and the participant's
address. It travels in our Message-ID, which answers repeat in References, and in the address to
answer to. Knowing a token helps nobody but the participant it was made for.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Sequence

from channels.mail.addresses import check_header_text
from router.model.errors import InvalidInput
from router.model.ids import CaseId

KEY_BYTES = 32
_MAC_BYTES = 16
_CASE = re.compile(r"[0-9a-f]{32}\Z")
_TOKEN = re.compile(r"(?<![a-z2-7])([a-z2-7]{52})(?![a-z2-7])", re.IGNORECASE)
_LOCAL_LENGTH = 64
_TOKENS_READ = 20


class ReplyTokens:
    """Makes and checks tokens. The first key makes them, the others are only still believed.

    Keys hold 32 bytes at least (InvalidInput otherwise).
    """

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) < KEY_BYTES for key in keys):
            raise InvalidInput("a reply key needs 32 bytes or more", field="reply_keys")
        self._keys = tuple(keys)

    def issue(self, case: CaseId, participant: str) -> str:
        """The token for mails of this case to this participant: 52 letters and digits.

        Raises InvalidInput for a case id that is not 32 hexadecimal digits.
        """
        if not _CASE.match(case):
            raise InvalidInput("a case id is 32 hexadecimal digits", field="case_id")
        mark = bytes.fromhex(case) + _mac(self._keys[0], case, participant)
        return base64.b32encode(mark).decode("ascii").rstrip("=").lower()

    def case_of(self, token: str, participant: str) -> CaseId | None:
        """The case this token lets this participant into; None for any other token."""
        try:
            mark = base64.b32decode(token.upper() + "=" * (-len(token) % 8))
        except (binascii.Error, ValueError):
            return None
        if len(mark) != 2 * _MAC_BYTES:
            return None
        case = CaseId(mark[:_MAC_BYTES].hex())
        believed = [
            hmac.compare_digest(mark[_MAC_BYTES:], _mac(key, case, participant))
            for key in self._keys
        ]
        return case if any(believed) else None


def _mac(key: bytes, case: str, participant: str) -> bytes:
    text = f"carillon reply 1\0{case}\0{participant.strip().lower()}".encode()
    return hmac.new(key, text, hashlib.sha256).digest()[:_MAC_BYTES]


def message_id(token: str, unique: str, domain: str) -> str:
    """Our Message-ID (without brackets) that carries ``token``; ``unique`` comes from Ids."""
    return check_header_text(f"{token}.{unique}@{domain}", field="message_id")


def reply_address(mailbox: str, token: str) -> str:
    """The address to answer to: the mailbox with the token after a plus sign.

    The mailbox itself where the local part would grow beyond 64 characters (RFC 5321, 4.5.3.1.1);
    the Message-ID then carries the token alone.
    """
    local, _, domain = mailbox.rpartition("@")
    marked = f"{local}+{token}"
    return f"{marked}@{domain}" if len(marked) <= _LOCAL_LENGTH else mailbox


def tokens_in(texts: Iterable[str]) -> tuple[str, ...]:
    """What looks like a token in addresses and message ids, newest (last) first, 20 at most."""
    found = [token.lower() for text in texts for token in _TOKEN.findall(text[:1_000])]
    return tuple(dict.fromkeys(reversed(found)))[:_TOKENS_READ]
