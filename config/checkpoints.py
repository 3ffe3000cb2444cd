"""Signed checkpoints of the audit: how far it went, so that a cut or rewritten file shows (PRIV-6).

A chain of hashes shows a changed line only to who knows a later hash. A checkpoint says with an
Ed25519 signature which hash a line had; it is kept in a file of its own and told to the log, whose
collector is elsewhere. The private key lies with the centre's other keys.
"""

import base64
import fcntl
import hashlib
import logging
import os
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from config.lines import backwards, end_of_lines, first_lines, utc
from router.model.errors import StorageFailed
from router.ports import Clock
from router.storage.durable_files import write_durably

log = logging.getLogger(__name__)

EVERY_ENTRIES = 256
EVERY_MS = 60_000
"""A checkpoint is due after so many lines, and after so long when there are any."""

_KEY_FILE_MAX_BYTES = 4_096


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Line ``seq`` of the audit has the hash ``h``, said at ``utc`` as the ``number``-th time.

    ``key`` is the fingerprint of the public key, ``signature`` covers everything else.
    """

    number: int
    utc: str
    seq: int
    h: str
    key: str
    signature: str = ""


class _Logged(msgspec.Struct, frozen=True):
    """A line of the log that tells of a checkpoint."""

    checkpoint: str


class Checkpoints:
    """A file of checkpoints. Constructor: ``Checkpoints(path, key_file, clock)``; ``open`` first.

    All methods block; call them in a thread.
    """

    def __init__(self, path: Path, key_file: Path, clock: Clock) -> None:
        self._path = path
        self._key_file = key_file
        self._clock = clock
        self._key: Ed25519PrivateKey | None = None
        self._signed_to = 0

    def open(self) -> None:
        """Read the key; the very first time, make it. A line torn by a crash is cut off.

        Raises StorageFailed when the key cannot be read, or is missing where there are
        checkpoints already: a new one would hide that they cannot be verified any more.
        """
        self._key = self._read_key()
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "r+b") as stream:
                fcntl.flock(stream, fcntl.LOCK_EX)
                stream.truncate(end_of_lines(stream.fileno()))
        except OSError as error:
            raise StorageFailed(f"the checkpoints {self._path}: {error}") from error
        last = self._last()
        self._signed_to = last.seq if last is not None else 0

    def marks(self) -> "Marks":
        """What is signed, to verify by. Raises StorageFailed."""
        return Marks(self._path, public_key(self._key_file))

    def due(self, seq: int) -> bool:
        """Whether so many lines bear no signature that one is due at once."""
        return seq - self._signed_to >= EVERY_ENTRIES

    def sign(self, seq: int, h: str) -> Checkpoint | None:
        """Sign a line as the audit's newest; None when it is signed already.

        Raises StorageFailed when it cannot be written, or when lines that were signed are gone.
        """
        if self._key is None:
            raise StorageFailed("the checkpoints are not open")
        try:
            flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
            descriptor = os.open(self._path, flags, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                last = self._last()
                if last is not None and last.seq >= seq:
                    self._signed_to = last.seq
                    _refuse_cut(last.seq, seq)
                    return None
                made = self._signed(self._key, last.number + 1 if last else 1, seq, h)
                line = msgspec.json.encode(made) + b"\n"
                before = os.fstat(descriptor).st_size
                if os.write(descriptor, line) != len(line):
                    os.ftruncate(descriptor, before)
                    raise OSError("the line was written in part only")
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        except OSError as error:
            raise StorageFailed(f"the checkpoint cannot be written: {error}") from error
        self._signed_to = seq
        # As one word: in hexadecimal digits a log finds card numbers and takes them out.
        word = base64.b64encode(line).decode()
        extra = {"event": "audit_checkpoint", "seq": seq, "checkpoint": word}
        log.info("the audit was signed", extra=extra)
        return made

    def _signed(self, key: Ed25519PrivateKey, number: int, seq: int, h: str) -> Checkpoint:
        public = key.public_key()
        bare = Checkpoint(
            number=number, utc=utc(self._clock.now()), seq=seq, h=h, key=fingerprint(public)
        )
        signature = base64.b64encode(key.sign(_said(bare))).decode()
        return msgspec.structs.replace(bare, signature=signature)

    def _last(self) -> Checkpoint | None:
        line = next(backwards(self._path), None)
        try:
            return None if line is None else msgspec.json.decode(line, type=Checkpoint)
        except msgspec.MsgspecError as error:
            raise StorageFailed(f"the checkpoints {self._path}: the last line: {error}") from error

    def _read_key(self) -> Ed25519PrivateKey:
        try:
            if not self._key_file.exists():
                if self._path.exists() and self._path.stat().st_size > 0:
                    raise StorageFailed(
                        f"{self._key_file}, which signed the audit, is missing: restore it"
                    )
                return self._make_key()
            with self._key_file.open("rb") as stream:
                key = load_pem_private_key(stream.read(_KEY_FILE_MAX_BYTES), password=None)
        except (OSError, ValueError, TypeError) as error:
            raise StorageFailed(f"the key of the audit, {self._key_file}: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise StorageFailed(f"the key of the audit, {self._key_file}, is not an Ed25519 key")
        return key

    def _make_key(self) -> Ed25519PrivateKey:
        key = Ed25519PrivateKey.generate()
        self._key_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_durably(self._key_file, private)
        return key


class Marks:
    """The checkpoints of a file in their order, each verified before it counts.

    Constructor: ``Marks(path, key)``. Those that are there now are read; no file has none. The
    lines may be those the log had of them, from whichever on: each speaks for all lines before it.
    """

    def __init__(self, path: Path, key: Ed25519PublicKey) -> None:
        self._key = key
        self._path = path
        self._lines = first_lines(path, path.stat().st_size) if path.exists() else iter(())
        self.passed = 0
        self.signed_to = 0
        self._number = 0
        self._trouble = ""
        self._next = self._read()

    def against(self, seq: int, h: str) -> str:
        """What speaks against the line ``seq`` with the hash ``h``; "" for nothing.

        Lines must come in their order. Raises StorageFailed.
        """
        mark = self._next
        if mark is None:
            return self._trouble
        if mark.seq != seq:
            return ""
        if mark.h != h:
            return f"is not the one that was signed; what follows line {self.signed_to} may be new"
        self.passed += 1
        self.signed_to = seq
        self._number = mark.number
        self._next = self._read()
        return ""

    def missing(self) -> str:
        """After the last line: what says that there were more; "" when nothing does."""
        if self._next is None:
            return self._trouble
        return f"is missing: line {self._next.seq} was signed, so the end was cut off"

    def _read(self) -> Checkpoint | None:
        try:
            line = next(self._lines, None)
            if line is None:
                return None
            mark = _decoded(line)
            self._key.verify(base64.b64decode(mark.signature, validate=True), _said(mark))
        except OSError as error:
            raise StorageFailed(f"the checkpoints {self._path}: {error}") from error
        except (msgspec.MsgspecError, ValueError, InvalidSignature):
            self._trouble = (
                f"is not signed: what follows checkpoint {self._number} is by another key"
            )
            return None
        if mark.number != (self._number or mark.number - 1) + 1 or mark.seq <= self.signed_to:
            self._trouble = f"is not signed: checkpoint {self._number + 1} is missing"
            return None
        return mark


def public_key(file: Path) -> Ed25519PublicKey:
    """The public key in a PEM file, or that of the private key in it. Raises StorageFailed."""
    try:
        with file.open("rb") as stream:
            pem = stream.read(_KEY_FILE_MAX_BYTES)
        if b"PRIVATE KEY" in pem:
            private = load_pem_private_key(pem, password=None)
            key = private.public_key() if isinstance(private, Ed25519PrivateKey) else None
        else:
            found = load_pem_public_key(pem)
            key = found if isinstance(found, Ed25519PublicKey) else None
    except (OSError, ValueError, TypeError) as error:
        raise StorageFailed(f"the key of the audit, {file}: {error}") from error
    if key is None:
        raise StorageFailed(f"the key of the audit, {file}, is not an Ed25519 key")
    return key


def pem_of(key: Ed25519PublicKey) -> str:
    """A public key as a PEM text, to be kept where the audit is verified."""
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def fingerprint(key: Ed25519PublicKey) -> str:
    """A short name of a public key: the first 16 hexadecimal digits of its SHA-256."""
    raw = key.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return hashlib.sha256(raw).hexdigest()[:16]


def _refuse_cut(signed: int, seq: int) -> None:
    if signed > seq:
        raise StorageFailed(
            f"the audit ends at line {seq}, and line {signed} was signed: it was cut off"
        )


def _decoded(line: bytes) -> Checkpoint:
    """A checkpoint as its file has it, or as the log told of it. Raises ValueError."""
    try:
        return msgspec.json.decode(line, type=Checkpoint)
    except msgspec.ValidationError:
        logged = msgspec.json.decode(line, type=_Logged)
        return msgspec.json.decode(base64.b64decode(logged.checkpoint), type=Checkpoint)


def _said(mark: Checkpoint) -> bytes:
    return b"carillon audit checkpoint\n" + msgspec.json.encode(
        msgspec.structs.replace(mark, signature="")
    )
