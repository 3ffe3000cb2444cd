"""Passwords: which ones are good enough, and how they are kept (WEB-1).

Kept as Argon2id (m = 64 MiB, t = 3, p = 4, salt 16, tag 32 bytes), computed off the loop, at most
four at a time with fifty waiting, so that a storm of log-ins cannot stop the desks.
"""

import asyncio
import gzip
import hashlib
import itertools
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from router.model.errors import InvalidInput, Overloaded, StorageFailed

T = TypeVar("T")

LENGTH_MIN = 12
LENGTH_MAX = 128
PARALLEL_MAX = 4
WAITING_MAX = 50
OWN_LEFT_MIN = 8
LINE_MAX = 1_024
PRODUCT_WORDS = ("carillon", "contactcentre", "contactcenter")
_TRAILING = "0123456789!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ "


@cache
def common_passwords() -> frozenset[str]:
    """The bundled list of often used passwords, lower case."""
    packed = (files("agent_desktop") / "data" / "common_passwords.txt.gz").read_bytes()
    return frozenset(gzip.decompress(packed).decode().split("\n"))


def check_password(
    password: str, own_words: tuple[str, ...] = (), *, length_min: int = LENGTH_MIN
) -> None:
    """Raise InvalidInput, saying why in words, when a new password is too weak.

    Taken as typed: no character is trimmed, folded or demanded. ``own_words`` are the user's
    names; with them and the product's taken out, eight characters must be left.
    """
    if not length_min <= len(password) <= LENGTH_MAX:
        raise _weak("password_length", f"a password has {length_min} to {LENGTH_MAX} characters")
    folded = password.casefold()
    known = common_passwords()
    if folded in known or folded.strip(_TRAILING) in known or not folded.strip(_TRAILING):
        raise _weak("password_common", "this password is one of those that are tried first")
    if _repeats(folded):
        raise _weak("password_common", "this password repeats a few characters")
    left = folded
    for word in (*PRODUCT_WORDS, *(word.casefold() for word in own_words)):
        if len(word) >= 3:
            left = left.replace(word, "")
    if len(left) < OWN_LEFT_MIN:
        raise _weak("password_own_words", "this password is little more than a name of yours")


def check_breached(file: Path, password: str) -> None:
    """Raise InvalidInput for a password of a breach list, StorageFailed when it cannot be read.

    The list is SHA-1 digests in hexadecimal, one a line, in order; reads some forty places of it.
    """
    wanted = hashlib.sha1(password.encode(), usedforsecurity=False).hexdigest().upper().encode()
    try:
        with file.open("rb") as lines:
            low, high = 0, lines.seek(0, os.SEEK_END)
            while low < high:
                middle = (low + high) // 2
                lines.seek(middle)
                if middle:
                    lines.readline(LINE_MAX)  # The rest of a line that began before.
                line = lines.readline(LINE_MAX)
                found = line.partition(b":")[0].strip().upper()
                if found == wanted:
                    raise _weak("password_breached", "this password is known from a breach")
                if line and found < wanted:
                    low = middle + 1
                else:
                    high = middle
    except OSError as error:
        raise StorageFailed(f"the list of breached passwords cannot be read: {error}") from error


def _weak(code: str, message: str) -> InvalidInput:
    return InvalidInput(message, field="password", code=code)


def _repeats(folded: str) -> bool:
    """Whether it is one to four characters over and over, or a plain run such as ``abcdefghijkl``.

    The last repetition may be cut short.
    """
    for unit in range(1, 5):
        if all(folded[place] == folded[place - unit] for place in range(unit, len(folded))):
            return True
    steps = {ord(after) - ord(before) for before, after in itertools.pairwise(folded)}
    return steps <= {1} or steps <= {-1}


class PasswordHashes:
    """Makes and verifies hashes off the loop, bounded. Close it when done."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher(
            time_cost=3, memory_cost=65_536, parallelism=4, hash_len=32, salt_len=16
        )
        self._threads = ThreadPoolExecutor(PARALLEL_MAX, thread_name_prefix="argon2")
        self._inside = 0
        self._nobody = ""

    async def make(self, password: str) -> str:
        """The encoded hash. Raises Overloaded when fifty others wait."""
        return await self._run(self._hasher.hash, password)

    async def matches(self, encoded: str, password: str) -> bool:
        """Whether this is the password; with ``encoded`` empty, never, and as slowly as ever.

        So an unknown user and a wrong password look and take the same (WEB-3). Raises Overloaded
        when fifty others wait.
        """
        if len(password) > LENGTH_MAX:
            password = ""  # Longer than any that could have been set: false, at the usual price.
        if not self._nobody:
            self._nobody = await self.make("a password that opens nothing")
        found = await self._run(self._verify, encoded or self._nobody, password)
        return found and bool(encoded)

    def outdated(self, encoded: str) -> bool:
        """Whether the hash was made with other costs and should be made anew at log-in."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """Let the threads go; what is being computed is finished first."""
        self._threads.shutdown(wait=True)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if self._inside >= PARALLEL_MAX + WAITING_MAX:
            raise Overloaded("too many log-ins at once, try again in a moment")
        self._inside += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._inside -= 1
