"""The key-encryption key: apart from log and key store, with versions.

Whoever copies the database without it can open nothing. It is a private file that we make, or a
secret of the operator's (a file of a secret store, a credential). The newest version wraps, older
ones still unwrap until everything is wrapped anew.
"""

import base64
import hashlib
import os
import secrets
import stat
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from router.model.errors import StorageFailed
from router.storage.durable_files import write_durably

KEY_BYTES = 32
_NONCE_BYTES = 12
_SECRET_LEAST = 32


class _KeyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    current: int
    keys: dict[str, str]


class MasterKeys:
    """Wraps and unwraps keys. Constructor: ``MasterKeys(path, given)``.

    ``path`` is the file of keys that we make. ``given`` is the operator's secret, if there is one:
    a key a line, the newest first; then nothing is made, and the file's keys only unwrap.
    """

    def __init__(self, path: Path, given: str = "") -> None:
        self._path = path
        self._given = [line.strip() for line in given.splitlines() if line.strip()]
        self._keys: dict[int, bytes] = {}
        self._current = 0

    @property
    def current(self) -> int:
        """The version that wraps; 0 when there is none yet."""
        return self._current

    def knows(self, version: int) -> bool:
        """Whether what this version wrapped can be unwrapped."""
        return version in self._keys

    @property
    def is_given(self) -> bool:
        """Whether the key comes from the operator."""
        return bool(self._given)

    def load(self) -> None:
        """Take the keys; an absent file is no key yet. Raises StorageFailed naming the fault."""
        self._read()
        derived = [_derive(line) for line in self._given]
        if derived:
            self._keys |= {_version(key): key for key in derived}
            self._current = _version(derived[0])

    def _read(self) -> None:
        try:
            mode = stat.S_IMODE(self._path.stat().st_mode)
            if mode & 0o077:
                raise StorageFailed(f"{self._path} can be read by others: chmod 600 it")
            sheet = msgspec.json.decode(self._path.read_bytes(), type=_KeyFile)
            keys = {int(version): base64.b64decode(key) for version, key in sheet.keys.items()}
        except FileNotFoundError:
            return
        except (OSError, ValueError) as error:
            raise StorageFailed(f"{self._path} is not a key file of ours: {error}") from error
        if sheet.current not in keys or any(len(key) != KEY_BYTES for key in keys.values()):
            raise StorageFailed(f"{self._path} lacks its current key, or a key has a wrong length")
        self._keys, self._current = keys, sheet.current

    def add(self) -> int:
        """Make a new version and keep it, durably, before anything is wrapped by it.

        Raises StorageFailed when the key is the operator's: a new one comes from there.
        """
        if self._given:
            raise StorageFailed(
                "the master key is given from outside: put a new one above it there"
            )
        version = self._current + 1
        keys = {**self._keys, version: secrets.token_bytes(KEY_BYTES)}
        sheet = _KeyFile(
            current=version,
            keys={str(number): base64.b64encode(key).decode() for number, key in keys.items()},
        )
        try:
            write_durably(self._path, msgspec.json.format(msgspec.json.encode(sheet)) + b"\n")
        except OSError as error:
            raise StorageFailed(f"{self._path}: {error}") from error
        self._keys, self._current = keys, version
        return version

    def wrap(self, key: bytes, owner: str) -> tuple[int, bytes]:
        """The version that wrapped, and the wrapped key; it unwraps for this owner alone."""
        nonce = os.urandom(_NONCE_BYTES)
        box = AESGCM(self._keys[self._current]).encrypt(nonce, key, _bound(owner, self._current))
        return self._current, nonce + box

    def unwrap(self, version: int, wrapped: bytes, owner: str) -> bytes:
        """The key. Raises StorageFailed when the version is not here or the bytes are changed."""
        key = self._keys.get(version)
        if key is None:
            raise StorageFailed(f"{self._path} lacks version {version} of the master key")
        nonce, box = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
        try:
            return AESGCM(key).decrypt(nonce, box, _bound(owner, version))
        except (InvalidTag, ValueError) as error:
            raise StorageFailed(f"the key of {owner} was changed or wrapped elsewhere") from error


def _derive(secret: str) -> bytes:
    if len(secret) < _SECRET_LEAST:
        raise StorageFailed(
            f"the key-encryption key has fewer than {_SECRET_LEAST} characters and can be guessed"
        )
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"carillon master key").derive(secret.encode())


def _version(key: bytes) -> int:
    """A number of its own for a given key: never that of a key we made, which count from 1."""
    return int.from_bytes(hashlib.sha256(b"version" + key).digest()[:4], "big") % 2**30 + 2**30


def _bound(owner: str, version: int) -> bytes:
    return msgspec.msgpack.encode(("carillon key", version, owner))
