"""Boxes: AES-256-GCM under the key of their subject (PRIV-1).

A box is one byte that names the algorithm, a random 96-bit nonce, the sealed bytes and a tag. Its
associated data are entry, subject and schema, so a box that was moved elsewhere does not open.
"""

import os

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from router.model.content import Sealed
from router.model.errors import InvalidInput
from router.model.ids import EntryId, SubjectId
from router.storage.keystore import KeyStore

AES_256_GCM = b"\x01"
"""The algorithm id of boxes made today; another one will open beside it, not in its place."""

PLAIN_MOST_BYTES = 8 * 1024 * 1024
_NONCE_BYTES = 12
_TAG_BYTES = 16


class BoxSeals:
    """The Seals port. Constructor: ``BoxSeals(keys)`` over an open KeyStore."""

    def __init__(self, keys: KeyStore) -> None:
        self._keys = keys

    async def seal(
        self, subject: SubjectId, entry_id: EntryId, schema: str, plain: bytes
    ) -> Sealed:
        """Seal; the subject's key is durable before its first box.

        Raises InvalidInput over 8 MiB, NotFound (``forgotten``) for a subject that was forgotten.
        """
        if len(plain) > PLAIN_MOST_BYTES:
            raise InvalidInput(f"{len(plain)} bytes are more than a box holds", field="plain")
        key = await self._keys.ensured(subject)
        nonce = os.urandom(_NONCE_BYTES)
        box = AESGCM(key).encrypt(nonce, plain, _bound(entry_id, subject, schema))
        return Sealed(subject, schema, AES_256_GCM + nonce + box)

    async def open(self, sealed: Sealed, entry_id: EntryId) -> bytes:
        """The plain bytes. Raises NotFound when the key was destroyed, InvalidInput when forged."""
        box = sealed.box
        if box[:1] != AES_256_GCM:
            raise InvalidInput("the box names an algorithm that is not known", field="box")
        if len(box) < 1 + _NONCE_BYTES + _TAG_BYTES:
            raise InvalidInput("the box is cut short", field="box")
        key = await self._keys.existing(sealed.subject)
        nonce, rest = box[1 : 1 + _NONCE_BYTES], box[1 + _NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(nonce, rest, _bound(entry_id, sealed.subject, sealed.schema))
        except InvalidTag as error:
            raise InvalidInput("the box was changed or moved", field="box") from error

    async def forget(self, subject: SubjectId) -> None:
        """Destroy the subject's key: every box of theirs stays shut for ever."""
        await self._keys.forget(subject)


def _bound(entry_id: EntryId, subject: SubjectId, schema: str) -> bytes:
    return msgspec.msgpack.encode((entry_id, subject, schema))
