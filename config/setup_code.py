"""The first account of a centre that has none: a code, once, for 15 minutes, from this machine.

There is no default account (CFG-3). The code is shown to whoever started the process; afterwards,
and from anywhere else, the address does not exist. ``carillon user add`` does the same by hand.
"""

import asyncio
import base64
import hashlib
import hmac
import ipaddress
import secrets
from typing import Annotated

import msgspec
from fastapi import APIRouter, Request, Response
from msgspec import Meta

from agent_desktop.accounts import Accounts
from agent_desktop.api.endpoint import answer, endpoint, take
from agent_desktop.permissions import Role
from agent_desktop.store.users import User
from router.model.errors import NotFound
from router.model.ids import MINUTE_MS, Instant
from router.ports import Clock

VALID_MS = 15 * MINUTE_MS
TRIES = 5
_BYTES = 15
_NOTHING = "no such page"

Short = Annotated[str, Meta(max_length=1_000)]


class FirstAccount(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The code, and who the first administrator shall be."""

    code: Short
    user: Short
    password: Short
    name: Short = ""


class FirstAccountBody(msgspec.Struct, frozen=True):
    """Who was made; sign in next."""

    user: str
    role: str


class SetUpCode:
    """The code of one start. It is kept as a digest only."""

    def __init__(self, accounts: Accounts, clock: Clock) -> None:
        self._accounts = accounts
        self._clock = clock
        self._digest = b""
        self._expires = Instant(0)
        self._tries = 0
        self._turn = asyncio.Lock()

    async def begin(self) -> str | None:
        """A fresh code to show, or None when there is an account already."""
        if await self._accounts.list_users():
            return None
        text = base64.b32encode(secrets.token_bytes(_BYTES)).decode().lower()
        self._digest = _digest(text)
        self._expires = Instant(self._clock.now() + VALID_MS)
        self._tries = TRIES
        return "-".join(text[at : at + 6] for at in range(0, len(text), 6))

    async def redeem(self, wanted: FirstAccount) -> User:
        """Make the first administrator; the code is spent.

        Raises NotFound for a code that is wrong, late, spent or guessed at five times, and
        InvalidInput for a name or password that will not do (the code stays good).
        """
        async with self._turn:
            self._demand(wanted.code)
            if await self._accounts.list_users():
                self._spend()
                raise NotFound(_NOTHING)
            made = await self._accounts.add_user(
                wanted.user, wanted.password, Role.ADMINISTRATOR, name=wanted.name
            )
            self._spend()
            return made

    def _demand(self, code: str) -> None:
        if self._tries <= 0 or self._clock.now() >= self._expires:
            self._spend()
            raise NotFound(_NOTHING)
        if not hmac.compare_digest(_digest(code), self._digest):
            self._tries -= 1
            raise NotFound(_NOTHING)

    def _spend(self) -> None:
        self._digest, self._tries = b"", 0


def routes(code: SetUpCode) -> APIRouter:
    """``POST /api/v1/setup``, which exists for this machine only."""
    router = APIRouter()

    @endpoint(
        router,
        "POST /api/v1/setup",
        "nobody can sign in yet: asks for the code of the process's start, from this machine",
        takes=FirstAccount,
        answers=FirstAccountBody,
        status=201,
    )
    async def set_up(request: Request) -> Response:
        """Make the first administrator by the code shown at the start."""
        if not _from_here(str(request.state.address)):
            raise NotFound(_NOTHING)
        made = await code.redeem(await take(request, FirstAccount))
        return answer(FirstAccountBody(made.user, made.role.value), 201)

    return router


def _from_here(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_loopback


def _digest(code: str) -> bytes:
    plain = "".join(each for each in code.lower() if each.isalnum())
    return hashlib.sha256(plain.encode()).digest()
