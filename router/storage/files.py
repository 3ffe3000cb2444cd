"""Sealed files under random names (FILE-1, FILE-2 at rest).

A file is a magic, its own key wrapped by the subject's key, and chunks of 64 KiB, each sealed with
its number and whether it is the last, so that none can be left out, swapped or taken elsewhere.
Names and types that a customer gave never touch the file system.
"""

import asyncio
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from router.database import private_file
from router.model.content import FileRef
from router.model.errors import InvalidInput, NotFound, StorageFailed
from router.model.ids import SubjectId
from router.ports import Ids
from router.storage.durable_files import LEFTOVERS, sync_folder, write_durably
from router.storage.keystore import KeyStore

FILE_MOST_BYTES = 25 * 1024 * 1024
CHUNK_BYTES = 64 * 1024

_MAGIC = b"CRLNF\x01"
_NONCE_BYTES = 12
_KEY_BYTES = 32
_TAG_BYTES = 16
_HEAD_BYTES = len(_MAGIC) + _NONCE_BYTES + _KEY_BYTES + _TAG_BYTES
_SEALED_BYTES = CHUNK_BYTES + _TAG_BYTES
_BATCH_BYTES = 16 * CHUNK_BYTES
"""What a writer gathers before it goes to the disk, which is asked to keep each batch."""
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

    async def begin(self, subject: SubjectId, most_bytes: int) -> "SealedWriter":
        """Begin a file whose length is not known yet.

        Raises NotFound for a forgotten subject, StorageFailed.
        """
        key = await self._keys.ensured(subject)
        file_id = self._ids.new()
        writer = SealedWriter(self._path(file_id), key, subject, most_bytes)
        await asyncio.to_thread(writer.open)
        return writer

    async def reader(self, subject: SubjectId, file_id: str) -> "SealedReader":
        """A file to be read in parts. Raises as ``get`` does; a cut file is noticed here."""
        path = self._path(file_id)
        key = await self._keys.existing(subject)
        reader = SealedReader(path, key, subject)
        await asyncio.to_thread(reader.open)
        return reader

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
        for leftover in self._folder.glob(f"*/{LEFTOVERS}"):
            leftover.unlink(missing_ok=True)


class SealedWriter:
    """The FileWriter port: seals each chunk as soon as it is known not to be the last one."""

    def __init__(self, path: Path, key: bytes, subject: SubjectId, most_bytes: int) -> None:
        self._path, self._most = path, most_bytes
        self._half = path.with_name(f"{path.name}.{os.urandom(8).hex()}.new")
        self._head, self._cipher = _begin_file(key, subject, path.name)
        self._waiting = bytearray()
        self._number = self._size = 0

    @property
    def file_id(self) -> str:
        """The random name it will have."""
        return self._path.name

    def open(self) -> None:
        """Make the file. Raises StorageFailed. Blocks."""
        try:
            self._half.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            private_file(self._half)
            self._append(self._head)
        except OSError as error:
            raise StorageFailed(f"{self._half}: {error}") from error

    async def write(self, data: bytes) -> None:
        """Add bytes. Raises InvalidInput over the bound, StorageFailed; then discard it."""
        self._size += len(data)
        if self._size > self._most:
            raise InvalidInput(f"more than {self._most} bytes", field="file")
        self._waiting += data
        if len(self._waiting) > _BATCH_BYTES:
            await self._blocking(self._seal_whole_chunks)

    async def keep(self) -> None:
        """The file is whole: durable on return, under its name. Raises StorageFailed."""
        await self._blocking(self._finish)

    async def discard(self) -> None:
        """Forget it; absent is fine. Raises StorageFailed."""
        await self._blocking(lambda: self._half.unlink(missing_ok=True))

    async def _blocking(self, work: Callable[[], None]) -> None:
        try:
            await asyncio.to_thread(work)
        except OSError as error:
            raise StorageFailed(f"{self._half}: {error}") from error

    def _seal_whole_chunks(self) -> None:
        # The last chunk is sealed as such, so one is always kept back.
        end = (len(self._waiting) - 1) // CHUNK_BYTES * CHUNK_BYTES
        whole = bytes(self._waiting[:end])
        del self._waiting[:end]
        starts = range(0, end, CHUNK_BYTES)
        sealed = (self._sealed(whole[start : start + CHUNK_BYTES], last=False) for start in starts)
        self._append(b"".join(sealed))

    def _finish(self) -> None:
        if len(self._waiting) > CHUNK_BYTES:
            self._seal_whole_chunks()
        self._append(self._sealed(bytes(self._waiting), last=True))
        self._waiting.clear()
        self._half.replace(self._path)
        sync_folder(self._path.parent)

    def _sealed(self, chunk: bytes, *, last: bool) -> bytes:
        place = _place(self._path.name, self._number, last=last)
        sealed = self._cipher.encrypt(_nonce(self._number), chunk, place)
        self._number += 1
        return sealed

    def _append(self, data: bytes) -> None:
        with self._half.open("ab") as file:
            file.write(data)
            file.flush()
            os.fdatasync(file.fileno())


class SealedReader:
    """The FileReader port: opens the chunks that are asked for, and no others."""

    def __init__(self, path: Path, key: bytes, subject: SubjectId) -> None:
        self._path, self._key, self._subject = path, key, subject
        self._cipher: AESGCM
        self._chunks = self.size_bytes = 0

    def open(self) -> None:
        """Look at the head and the last chunk, which says how long it is. Blocks."""
        with self._file() as file:
            self._cipher = _file_cipher(
                file.read(_HEAD_BYTES), self._key, self._subject, self._path.name
            )
            body = file.seek(0, os.SEEK_END) - _HEAD_BYTES
            self._chunks = max(1, -(-body // _SEALED_BYTES))
            last = self._chunk(file, self._chunks - 1)
            self.size_bytes = (self._chunks - 1) * CHUNK_BYTES + len(last)

    async def read(self, offset: int, size_bytes: int) -> bytes:
        """These bytes, fewer at the end.

        Raises NotFound when it was removed meanwhile, InvalidInput when it was changed.
        """
        return await asyncio.to_thread(self._read, offset, size_bytes)

    def _read(self, offset: int, size_bytes: int) -> bytes:
        end = min(offset + size_bytes, self.size_bytes)
        if offset >= end:
            return b""
        first, last = offset // CHUNK_BYTES, (end - 1) // CHUNK_BYTES
        with self._file() as file:
            data = b"".join(self._chunk(file, number) for number in range(first, last + 1))
        start = offset - first * CHUNK_BYTES
        return data[start : start + end - offset]

    def _chunk(self, file: BinaryIO, number: int) -> bytes:
        file.seek(_HEAD_BYTES + number * _SEALED_BYTES)
        place = _place(self._path.name, number, last=number == self._chunks - 1)
        try:
            return self._cipher.decrypt(_nonce(number), file.read(_SEALED_BYTES), place)
        except InvalidTag as error:
            raise InvalidInput("the file was changed on the disk", field="file") from error

    @contextmanager
    def _file(self) -> Iterator[BinaryIO]:
        try:
            with self._path.open("rb") as file:
                yield file
        except FileNotFoundError as error:
            raise NotFound("there is no such file") from error
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error


def _remove(path: Path) -> None:
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        sync_folder(path.parent)


def _begin_file(subject_key: bytes, subject: SubjectId, file_id: str) -> tuple[bytes, AESGCM]:
    """The head of a new file, and what seals its chunks: a key for this file alone."""
    file_key, nonce = os.urandom(_KEY_BYTES), os.urandom(_NONCE_BYTES)
    wrapped = AESGCM(subject_key).encrypt(nonce, file_key, _owner(subject, file_id))
    return _MAGIC + nonce + wrapped, AESGCM(file_key)


def _file_cipher(head: bytes, subject_key: bytes, subject: SubjectId, file_id: str) -> AESGCM:
    """What opens the chunks of a file with this head. Raises InvalidInput, NotFound."""
    if not head.startswith(_MAGIC) or len(head) < _HEAD_BYTES:
        raise InvalidInput("the file on the disk is not one of ours", field="file")
    nonce = head[len(_MAGIC) : len(_MAGIC) + _NONCE_BYTES]
    wrapped = head[len(_MAGIC) + _NONCE_BYTES : _HEAD_BYTES]
    try:
        return AESGCM(AESGCM(subject_key).decrypt(nonce, wrapped, _owner(subject, file_id)))
    except InvalidTag as error:
        raise NotFound("there is no such file of this subject") from error


def _seal(data: bytes, subject_key: bytes, subject: SubjectId, file_id: str) -> bytes:
    head, cipher = _begin_file(subject_key, subject, file_id)
    parts = [head]
    chunks = list(_chunks(data, CHUNK_BYTES))
    for number, chunk in enumerate(chunks):
        last = number == len(chunks) - 1
        # The file's key is used for this file alone, so its chunks' numbers are fresh nonces.
        parts.append(cipher.encrypt(_nonce(number), chunk, _place(file_id, number, last=last)))
    return b"".join(parts)


def _open(sealed: bytes, subject_key: bytes, subject: SubjectId, file_id: str) -> bytes:
    if len(sealed) < _HEAD_BYTES + _TAG_BYTES:
        raise InvalidInput("the file on the disk is not one of ours", field="file")
    cipher = _file_cipher(sealed[:_HEAD_BYTES], subject_key, subject, file_id)
    chunks = list(_chunks(sealed[_HEAD_BYTES:], _SEALED_BYTES))
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
