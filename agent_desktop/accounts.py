"""Making and changing users: what the command line and the administrator's pages call."""

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from agent_desktop.passwords import PasswordHashes, check_breached, check_password
from agent_desktop.permissions import Role
from agent_desktop.settings import InForce, Policy
from agent_desktop.store import Database, desk_database
from agent_desktop.store.users import User, UserRows
from router.model.errors import InvalidInput, NotFound
from router.model.ids import AgentId, TeamName
from router.ports import Clock

NAME_MAX = 150
_USER = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_LAB_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def user_name(typed: str) -> str:
    """The name of a user as it is kept: without spaces around it, lower case."""
    return typed.strip().lower()


class Accounts:
    """Users over the desk's tables. Changes end the user's sessions on every process."""

    def __init__(
        self, database: Database, hashes: PasswordHashes, clock: Clock, in_force: InForce
    ) -> None:
        self._in_force = in_force
        self._rows = UserRows(database)
        self._hashes = hashes
        self._clock = clock

    async def add_user(
        self,
        user: str,
        password: str,
        role: Role,
        *,
        name: str = "",
        agent_id: AgentId | None = None,
        teams: Sequence[TeamName] = (),
    ) -> User:
        """A new user; ``agent_id`` is by default the user's own name.

        Raises InvalidInput naming the field (``user``, ``name``, ``password``), and Refused
        (``user_exists``).
        """
        user = user_name(user)
        if not _USER.fullmatch(user):
            raise InvalidInput(
                "a user's name is 1 to 64 of a-z 0-9 . _ @ - and begins with a letter or digit",
                field="user",
            )
        if len(name) > NAME_MAX or not name.isprintable():
            raise InvalidInput(f"a name has at most {NAME_MAX} characters", field="name")
        await self._check(password, user, name)
        made = User(
            user=user,
            name=name or user,
            role=role,
            agent_id=agent_id or AgentId(user),
            teams=tuple(teams),
            disabled=False,
            created=self._clock.now(),
        )
        await self._rows.add(made, await self._hashes.make(password))
        return made

    async def set_password(self, user: str, password: str) -> None:
        """Another password; every session and known device of the user ends. NotFound, Invalid."""
        known = await self._known(user)
        await self._check(password, known.user, known.name)
        await self._change(known, password_hash=await self._hashes.make(password))

    async def set_role(self, user: str, role: Role) -> None:
        """Another role; the user's sessions end. NotFound."""
        await self._change(await self._known(user), role=role.value)

    async def disable(self, user: str, *, disabled: bool = True) -> None:
        """Nobody signs in as this user any more; their sessions end within a second. NotFound."""
        await self._change(await self._known(user), disabled=disabled)

    async def list_users(self) -> list[User]:
        """Everybody by name."""
        return await self._rows.all()

    async def ensure_lab_users(self, wanted: Mapping[str, Role]) -> list[tuple[str, str]]:
        """Log-ins of a demonstration: a random password for each that does not exist yet.

        Gives (user, password) of the new ones, to be printed once and kept nowhere.
        """
        made: list[tuple[str, str]] = []
        known = {user.user for user in await self.list_users()}
        for user, role in wanted.items():
            if user not in known:
                password = _lab_password()
                await self.add_user(user, password, role)
                made.append((user, password))
        return made

    async def _check(self, password: str, user: str, name: str) -> None:
        policy = self._in_force.policy
        check_password(password, (user, *name.split()), length_min=policy.password_min_length)
        if policy.breached_passwords is not None:
            await asyncio.to_thread(check_breached, policy.breached_passwords, password)

    async def _known(self, user: str) -> User:
        known = await self._rows.get(user_name(user))
        if known is None:
            raise NotFound(f"there is no user {user!r}")
        return known

    async def _change(self, user: User, **values: object) -> None:
        await self._rows.change(user.user, self._clock.now(), end_sessions=True, **values)


@asynccontextmanager
async def open_accounts(
    database_url: str,
    clock: Clock,
    policy: Policy = Policy(),  # noqa: B008 - immutable
) -> AsyncIterator[Accounts]:
    """The users of a centre that may be running: tables are made where they are missing.

    Raises InvalidInput for a bad URL and StorageFailed when the tables cannot be reached.
    """
    database, hashes = desk_database(database_url), PasswordHashes()
    try:
        await database.open()
        yield Accounts(database, hashes, clock, InForce(policy))
    finally:
        await database.close()
        hashes.close()


def _lab_password() -> str:
    """Four groups of four from 31 characters: 79 bits, easy to type."""
    return "-".join("".join(secrets.choice(_LAB_ALPHABET) for _ in range(4)) for _ in range(4))
