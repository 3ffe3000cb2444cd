"""Signing in and out: sessions as WEB-4 wants them, over the desk's tables.

A session is 256 random bits in a cookie and their SHA-256 in the table. It ends when it was idle
too long, some hours after it began, when its user has begun more than they may, and whenever the
user is changed; ``sweep`` notices what other processes ended, so that sockets close within a
second.
"""

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable

import msgspec

from agent_desktop.accounts import user_name
from agent_desktop.lockout import Lockout
from agent_desktop.passwords import PasswordHashes
from agent_desktop.permissions import Role
from agent_desktop.principal import Principal, queues_of, teams_of
from agent_desktop.settings import InForce, Profile
from agent_desktop.store import Database
from agent_desktop.store.failures import FailureRows
from agent_desktop.store.sessions import SessionRow, SessionRows
from agent_desktop.store.users import User, UserRows
from router.model.errors import CarillonError, Overloaded
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS, Instant
from router.ports import Clock, Floor, Ids

ENGAGED_GRACE_MS = 60 * MINUTE_MS
DEVICE_MS = 365 * DAY_MS
TICKET_MS = 30_000
TOUCH_MS = MINUTE_MS
LIVE_MAX = 50_000
TOKEN_LENGTH_MAX = 128
SWEPT_AT_ONCE = 200

log = logging.getLogger(__name__)


class WrongPassword(CarillonError):
    """User or password is wrong, or the user is disabled; which one is not said."""

    code = "wrong"

    def __init__(self) -> None:
        super().__init__("the name or the password is wrong")


class SignedOut(CarillonError):
    """There is no session, or it has ended."""

    code = "signed_out"

    def __init__(self) -> None:
        super().__init__("sign in first")


class Entry(msgspec.Struct, frozen=True):
    """What a log-in gives: the tokens for the two cookies, and who it is."""

    token: str
    device_token: str
    principal: Principal


class _Live(msgspec.Struct):
    """A session as this process remembers it, with the last activity not yet written."""

    row: SessionRow
    user: User
    written: Instant


class Sessions:
    """The sessions of all users. ``on_end`` is called with the digest of each one that ends."""

    def __init__(
        self,
        database: Database,
        hashes: PasswordHashes,
        floor: Floor,
        clock: Clock,
        ids: Ids,
        profile: Profile,
        in_force: InForce,
    ) -> None:
        self._in_force = in_force
        self._rows = SessionRows(database)
        self._users = UserRows(database)
        self._hashes = hashes
        self._floor = floor
        self._clock = clock
        self._profile = profile
        self._lockout = Lockout(FailureRows(database), clock, ids, in_force)
        self._live: dict[str, _Live] = {}
        self._revision = -1
        self._pruned = Instant(0)
        self.on_end: Callable[[str], None] = lambda session: None

    async def sign_in(self, typed: str, password: str, device_token: str, address: str) -> Entry:
        """A new session. Raises WrongPassword, TooManyTries or Overloaded."""
        name = user_name(typed)[:64]
        device = await self._known_device(device_token, name)
        user = await self._check_password(name, password, device, address)
        now = self._clock.now()
        token, device_token = secrets.token_urlsafe(32), device_token if device else ""
        row = SessionRow(
            token_hash=digest(token),
            user=user.user,
            created=now,
            last_active=now,
            expires=Instant(now + self._in_force.policy.session_total_ms),
            confirmed=now,
            address=address,
        )
        before = {other.token_hash for other in await self._rows.of_user(user.user)}
        await self._rows.add(row, self._in_force.policy.sessions)
        after = {other.token_hash for other in await self._rows.of_user(user.user)}
        for ended in before - after:
            self._forget(ended)
        device_token = device_token or secrets.token_urlsafe(32)
        await self._rows.add_device(digest(device_token), user.user, Instant(now + DEVICE_MS))
        live = self._remember(row, user)
        log.info("signed in", extra={"event": "sign_in", "user": user.user, "address": address})
        return Entry(token, device_token, self._principal(live))

    async def principal(self, token: str, *, active: bool = True) -> Principal:
        """Whose token this is; raises SignedOut. ``active`` counts as a sign of life."""
        if not token or len(token) > TOKEN_LENGTH_MAX:
            raise SignedOut
        live = await self._find(digest(token))
        if live is None or await self._over(live):
            raise SignedOut
        if active:
            await self._touch(live)
        return self._principal(live)

    def current(self, session: str) -> Principal | None:
        """The person of a living session, by its digest; looks at nothing but memory."""
        live = self._live.get(session)
        return self._principal(live) if live else None

    async def living(self, token: str) -> str:
        """The digest of the living session of a token, or empty; no sign of life."""
        try:
            return (await self.principal(token, active=False)).session
        except CarillonError:
            return ""

    def active(self, session: str) -> None:
        """A socket's command is a sign of life too; it is written by the next sweep."""
        live = self._live.get(session)
        if live:
            live.row.last_active = self._clock.now()

    async def list_of(self, user: str) -> list[SessionRow]:
        """A user's sessions, newest first."""
        return await self._rows.of_user(user)

    async def of_user(self, user: str) -> int:
        """How many sessions a user has."""
        return len(await self._rows.of_user(user))

    async def sign_out(self, principal: Principal) -> None:
        """End a session; its sockets close."""
        await self.end(principal.session)
        log.info("signed out", extra={"event": "sign_out", "user": principal.user})

    async def discard(self, token: str) -> None:
        """End the session a browser had before it signed in anew, if there is one."""
        if token and len(token) <= TOKEN_LENGTH_MAX and digest(token) in self._live:
            await self.end(digest(token))

    async def end(self, session: str) -> None:
        """End a session by its digest."""
        await self._rows.end(session)
        self._forget(session)

    async def confirm(self, principal: Principal, password: str, device_token: str) -> None:
        """The password was typed again: for five minutes what is marked R is allowed.

        Raises WrongPassword, TooManyTries, Overloaded.
        """
        device = await self._known_device(device_token, principal.user)
        await self._check_password(principal.user, password, device, principal.address)
        now = self._clock.now()
        live = await self._find(principal.session)
        if live is None:
            raise SignedOut
        live.row.confirmed = now
        await self._rows.touch(principal.session, confirmed=now, last_active=now)

    async def ticket(self, principal: Principal) -> tuple[str, Instant]:
        """A ticket for one socket of this session, and until when it is good."""
        ticket, expires = secrets.token_urlsafe(32), Instant(self._clock.now() + TICKET_MS)
        await self._rows.add_ticket(digest(ticket), principal.session, expires)
        return ticket, expires

    async def redeem(self, ticket: str, token: str) -> Principal:
        """Spend a ticket; raises SignedOut unless it is fresh and of the cookie's own session."""
        if not ticket or len(ticket) > TOKEN_LENGTH_MAX:
            raise SignedOut
        session = await self._rows.spend_ticket(digest(ticket), self._clock.now())
        principal = await self.principal(token)
        if session is None or not secrets.compare_digest(session, principal.session):
            raise SignedOut
        return principal

    def idle_ms(self, role: Role) -> int:
        """How long a session of this role may be idle."""
        policy = self._in_force.policy
        strict = self._profile == Profile.PCI or role != Role.AGENT
        return policy.session_idle_supervisor_ms if strict else policy.session_idle_ms

    async def expires(self, principal: Principal) -> Instant:
        """When the session ends whatever happens."""
        live = await self._find(principal.session)
        return self._expires(live.row) if live else self._clock.now()

    async def sweep(self) -> None:
        """Notice what has ended here or on other processes; call twice a second."""
        revision = await self._rows.revision()
        if revision != self._revision:
            living = await self._rows.living(list(self._live))
            for session in self._live.keys() - living:
                self._forget(session)
            self._revision = revision
        now = self._clock.now()
        for number, (session, live) in enumerate(list(self._live.items()), 1):
            if number % SWEPT_AT_ONCE == 0:
                await asyncio.sleep(0)  # An offer goes between them.
            if await self._over(live):
                continue
            if live.row.last_active - live.written >= TOUCH_MS:
                live.written = live.row.last_active
                await self._rows.touch(session, last_active=live.row.last_active)
        if now - self._pruned > HOUR_MS:
            self._pruned = now
            await self._rows.prune(Instant(now - ENGAGED_GRACE_MS))
            await self._lockout.prune()

    async def _known_device(self, device_token: str, user: str) -> str:
        if not device_token or len(device_token) > TOKEN_LENGTH_MAX:
            return ""
        hashed = digest(device_token)
        known = await self._rows.knows_device(hashed, user, self._clock.now())
        return hashed if known else ""

    async def _check_password(self, name: str, password: str, device: str, address: str) -> User:
        tried = await self._lockout.begin(
            name, address, device, lock_account=self._profile == Profile.PCI
        )
        user, encoded = await self._users.with_hash(name)
        if user is not None and user.disabled:
            user, encoded = None, ""
        try:
            right = await self._hashes.matches(encoded, password)
        except Overloaded:
            # Nobody had time to look at it: that is no guess.
            await self._lockout.unchecked(tried)
            raise
        if not right or user is None:
            locked = await self._lockout.failed(tried)
            log.warning(
                "log-in failed",
                extra={"event": "sign_in_failed", "address": address, "locked": locked},
            )
            raise WrongPassword
        await self._lockout.succeeded(tried)
        if self._hashes.outdated(encoded):
            await self._users.change(
                name,
                self._clock.now(),
                end_sessions=False,
                password_hash=await self._hashes.make(password),
            )
        return user

    async def _find(self, session: str) -> _Live | None:
        live = self._live.get(session)
        if live is not None:
            return live
        row = await self._rows.get(session)
        user = await self._users.get(row.user) if row else None
        if row is None or user is None or user.disabled:
            return None
        return self._remember(row, user)

    def _remember(self, row: SessionRow, user: User) -> _Live:
        if len(self._live) >= LIVE_MAX:
            del self._live[next(iter(self._live))]  # Read again from the table when it is used.
        live = _Live(row, user, row.last_active)
        self._live[row.token_hash] = live
        return live

    async def _over(self, live: _Live) -> bool:
        """Whether the session has run out; then it is ended. An engagement keeps it alive."""
        now, row = self._clock.now(), live.row
        idle_until = row.last_active + self.idle_ms(live.user.role)
        expires = self._expires(row)
        if now < expires and now < idle_until:
            return False
        agent = self._floor.agent(live.user.agent_id)
        if agent and agent.interactions and now < expires + ENGAGED_GRACE_MS:
            if now >= idle_until:
                row.last_active = now
            return False
        if now < expires:
            stored = await self._rows.get(row.token_hash)
            if stored and now < stored.last_active + self.idle_ms(live.user.role):
                row.last_active = stored.last_active  # It was active at another process.
                return False
        await self.end(row.token_hash)
        return True

    def _expires(self, row: SessionRow) -> Instant:
        """A shorter total than a session began with holds for it at once, a longer one does not."""
        return min(row.expires, Instant(row.created + self._in_force.policy.session_total_ms))

    async def _touch(self, live: _Live) -> None:
        now = self._clock.now()
        live.row.last_active = now
        if now - live.written >= TOUCH_MS:
            live.written = now
            await self._rows.touch(live.row.token_hash, last_active=now)

    def _forget(self, session: str) -> None:
        self._live.pop(session, None)
        self.on_end(session)

    def _principal(self, live: _Live) -> Principal:
        catalogue, user = self._floor.catalogue(), live.user
        teams = teams_of(catalogue, user.agent_id, user.teams)
        return Principal(
            user=user.user,
            name=user.name,
            role=user.role,
            agent_id=user.agent_id,
            teams=teams,
            queues=queues_of(catalogue, user.agent_id, teams),
            session=live.row.token_hash,
            confirmed=live.row.confirmed,
            address=live.row.address,
        )


def digest(token: str) -> str:
    """SHA-256 of a token, as the tables keep it."""
    return hashlib.sha256(token.encode()).hexdigest()
