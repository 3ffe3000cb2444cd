"""Users as rows."""

import json

import msgspec
from sqlalchemy import RowMapping, delete, insert, select, update

from agent_desktop.permissions import Role
from agent_desktop.store.schema import DEVICES, SESSIONS, USERS
from agent_desktop.store.sessions import announce_change
from router.database import AlreadyThere, Database
from router.model.errors import NotFound, Refused
from router.model.ids import AgentId, Instant, TeamName

USERS_MAX = 20_000


class User(msgspec.Struct, frozen=True):
    """Someone who may sign in. ``teams`` adds to what the catalogue says of their agent."""

    user: str
    name: str
    role: Role
    agent_id: AgentId
    teams: tuple[TeamName, ...]
    disabled: bool
    created: Instant


class UserRows:
    """The table of users."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, user: User, password_hash: str) -> None:
        """Keep a new user. Refused (``user_exists``) when the name is taken."""
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(USERS).values(_columns(user, password_hash)))
        except AlreadyThere as error:
            raise Refused(f"there is a user {user.user!r}", code="user_exists") from error

    async def get(self, name: str) -> User | None:
        """The user of this name, disabled or not."""
        return (await self.with_hash(name))[0]

    async def with_hash(self, name: str) -> tuple[User | None, str]:
        """The user and the hash of their password, apart so that neither is logged with it."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(USERS).where(USERS.c.user == name))
            found = rows.mappings().first()
        return (_user(found), found["password_hash"]) if found else (None, "")

    async def all(self) -> list[User]:
        """Every user by name."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(USERS).order_by(USERS.c.user).limit(USERS_MAX))
            return [_user(row) for row in rows.mappings()]

    async def change(self, name: str, at: Instant, *, end_sessions: bool, **values: object) -> None:
        """Set columns of a user; NotFound when there is none. Ending sessions is announced."""
        async with self._database.writing() as connection:
            done = await connection.execute(
                update(USERS).where(USERS.c.user == name).values(changed=at, **values)
            )
            if not done.rowcount:
                raise NotFound(f"there is no user {name!r}")
            if end_sessions:
                await connection.execute(delete(SESSIONS).where(SESSIONS.c.user == name))
                await connection.execute(delete(DEVICES).where(DEVICES.c.user == name))
                await announce_change(self._database, connection)


def _columns(user: User, password_hash: str) -> dict[str, object]:
    return {
        "user": user.user,
        "name": user.name,
        "role": user.role.value,
        "agent_id": user.agent_id,
        "teams": json.dumps(user.teams),
        "password_hash": password_hash,
        "disabled": user.disabled,
        "created": user.created,
        "changed": user.created,
    }


def _user(row: RowMapping) -> User:
    return User(
        user=row["user"],
        name=row["name"],
        role=Role(row["role"]),
        agent_id=AgentId(row["agent_id"]),
        teams=tuple(TeamName(team) for team in json.loads(row["teams"])),
        disabled=row["disabled"],
        created=Instant(row["created"]),
    )
