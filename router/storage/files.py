"""Sealed files under random names (FILE-1, FILE-2 at rest).

A file is a magic, its own key wrapped by the subject's key, and chunks of 64 KiB, each sealed with
its number and whether it is the last, so that none can be left out, swapped or taken elsewhere.
Names and types that a customer gave never touch the file system.
"""

import asyncio
import os
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from router.model.content import FileRef
from router.model.errors import InvalidInput, NotFound, StorageFailed
from router.model.ids import SubjectId
from router.ports import Ids
from router.storage.keystore import KeyStore
from router.storage.snapshots import sync_folder, write_durably

FILE_MOST_BYTES = 25 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

_MAGIC = b"CRLNF\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TAG_BYTES = 16
_HEAD_BYTES = len(_MAGIC) + _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES
_FILE_ID = re.compile(r"[0-9a-f]{32}")


class SealedFiles:
    """The Files port. Constructor: ``SealedFiles(folder, keys, ids)`` over an open KeyStore."""

    def __init__(self, folder: Path, keys: KeyStore, ids: Ids) -> None:
        self._folder = folder
        self._keys = keys
        self._ids = ids

    async def open(self) -> None:
        """Make the folder, and clear away what a crash left half written."""
        await asyncio.to_thread(self._sweep)

    async def put(self, subject: SubjectId, data: bytes, name: str, media_type: str) -> FileRef:
        """Keep a file, durably; the name is as its caller cleaned it.

        Raises InvalidInput over 25 MiB, NotFound for a forgotten subject, StorageFailed.
        """
        if len(data) > FILE_MOST_BYTES:
            raise InvalidInput(
                f"{len(data)} bytes are more than the 25 MiB of a file", field="file"
            )
        key = await self._keys.ensured(subject)
        file_id = self._ids.new()
        path = self._path(file_id)
        try:
            await asyncio.to_thread(lambda: write_durably(path, _seal(data, key, subject, file_id)))
        except OSError as error:
            raise StorageFailed(f"{path}: {error}") from error
        return FileRef(file_id, name, media_type, len(data))

    async def get(self, subject: SubjectId, file_id: str) -> bytes:
        """The file's bytes.

        Raises NotFound when absent, not this subject's or their key is gone; InvalidInput when it
        was changed on the disk.
        """
        path = self._path(file_id)
        key = await self._keys.existing(subject)
        try:
            sealed = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError as error:
            raise NotFound("there is no such file") from error
        except OSError as error:
            raise StorageFailed(f"{path}: {error}") from error
        return await asyncio.to_thread(_open, sealed, key, subject, file_id)

    async def remove(self, file_id: str) -> None:
        """Delete a file; absent is fine."""
        try:
            path = self._path(file_id)
        except NotFound:
            return
        try:
            await asyncio.to_thread(_remove, path)
        except OSError as error:
            raise StorageFailed(f"{path}: {error}") from error

    def _path(self, file_id: str) -> Path:
        if _FILE_ID.fullmatch(file_id) is None:
            raise NotFound("there is no such file")
        return self._folder / file_id[:2] / file_id

    def _sweep(self) -> None:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for leftover in self._folder.glob("*/*.new"):
            leftover.unlink(missing_ok=True)


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def _seal(data: bytes, subject_key: bytes, subject: SubjectId, file_id: str) -> bytes:
    file_key, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    parts = [_MAGIC, nonce, AESGCM(subject_key).encrypt(nonce, file_key, _owner(subject, file_id))]
    cipher = AESGCM(file_key)
    chunks = list(_chunks(data, CHUNK_BYTES))
    for number, chunk in enumerate(chunks):
        last = number == len(chunks) - 1
        # The file's key is used for this file alone, so its chunks' numbers are fresh nonces.
        parts.append(cipher.encrypt(_nonce(number), chunk, _place(file_id, number, last=last)))
    return b"".join(parts)


def _open(sealed: bytes, subject_key: bytes, subject: SubjectId, file_id: str) -> bytes:
    if not sealed.startswith(_MAGIC) or len(sealed) < _HEAD_BYTES + _TAG_BYTES:
        raise InvalidInput("the file on the disk is not one of ours", field="file")
    nonce = sealed[len(_MAGIC) : len(_MAGIC) + _NONCE_BYTES]
    wrapped = sealed[len(_MAGIC) + _NONCE_BYTES : _HEAD_BYTES]
    try:
        file_key = AESGCM(subject_key).decrypt(nonce, wrapped, _owner(subject, file_id))
    except InvalidTag as error:
        raise NotFound("there is no such file of this subject") from error
    cipher = AESGCM(file_key)
    chunks = list(_chunks(sealed[_HEAD_BYTES:], CHUNK_BYTES + _TAG_BYTES))
    try:
        return b"".join(
            cipher.decrypt(
                _nonce(number), chunk, _place(file_id, number, last=number == len(chunks) - 1)
            )
            for number, chunk in enumerate(chunks)
        )
    except InvalidTag as error:
        raise InvalidInput("the file was changed on the disk", field="file") from error


def _chunks(data: bytes, size_bytes: int) -> Iterator[bytes]:
    yield data[:size_bytes]
    for start in range(size_bytes, len(data), size_bytes):
        yield data[start : start + size_bytes]


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_BYTES, "big")


def _owner(subject: SubjectId, file_id: str) -> bytes:
    return msgspec.msgpack.encode(("file key", subject, file_id))


def _place(file_id: str, number: int, *, last: bool) -> bytes:
    return msgspec.msgpack.encode((file_id, number, last))
