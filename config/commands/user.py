"""Make and change the people who sign in: add, list, disable, enable, password, role.

There is no account but those made here (CFG-3). Passwords are typed, or read from a line of the
standard input; they are never an argument, where other users of the machine could read them.
"""

import argparse
import asyncio
import getpass
import sys
from collections.abc import Awaitable, Callable

import msgspec

from agent_desktop.accounts import Accounts, open_accounts
from agent_desktop.permissions import Role
from agent_desktop.store.users import User
from config.audit import Audit
from config.check import load
from config.folder import add_folder
from config.policy import policy_of
from router.model.errors import InvalidInput
from router.model.ids import AgentId, TeamName
from router.storage.system import SystemClock

Action = Callable[[Accounts, argparse.Namespace], Awaitable[str]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The arguments of ``carillon user`` and its actions."""
    add_folder(parser)
    roles = [role.value for role in Role]
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    add = actions.add_parser("add", help="make a user; asks for the password")
    add.add_argument("user", help="the name to sign in with")
    add.add_argument("--role", choices=roles, default=Role.AGENT.value)
    add.add_argument("--name", default="", help="the name colleagues see")
    add.add_argument("--agent", default=None, help="the agent they are (default: the same name)")
    add.add_argument("--team", action="append", default=[], help="a team they see besides")
    add.set_defaults(act=_add)

    every = actions.add_parser("list", help="show everybody")
    every.add_argument("--json", action="store_true", help="print one JSON list")
    every.set_defaults(act=_list)

    for word, disabled, text in (
        ("disable", True, "let nobody sign in as this user; ends their sessions"),
        ("enable", False, "let a disabled user sign in again"),
    ):
        one = actions.add_parser(word, help=text)
        one.add_argument("user")
        one.set_defaults(act=_disable, disabled=disabled)

    password = actions.add_parser("password", help="set another password; ends their sessions")
    password.add_argument("user")
    password.set_defaults(act=_password)

    role = actions.add_parser("role", help="give another role; ends their sessions")
    role.add_argument("user")
    role.add_argument("role", choices=roles)
    role.set_defaults(act=_role)


def run(arguments: argparse.Namespace) -> int:
    """Do one action on the users of the folder's centre, which may be running."""
    sys.stdout.write(asyncio.run(_run(arguments)))
    return 0


async def _run(arguments: argparse.Namespace) -> str:
    loaded = await asyncio.to_thread(load, arguments.folder)
    if loaded.settings is None:
        raise InvalidInput(
            f"{loaded.folder} cannot be used; see: carillon check --folder {loaded.folder}"
        )
    url, policy = loaded.settings.storage.database_url, policy_of(loaded.settings)
    clock = SystemClock()
    async with open_accounts(url, clock, policy) as accounts:
        act: Action = arguments.act
        if act is not _list:
            # What cannot be written down is not done, at a terminal no more than on the pages.
            audit = Audit(loaded.settings.storage.audit_file, clock)
            await audit.open()
            what = f"user {arguments.user}"
            await audit.record(
                f"users.{arguments.action}", what, actor=getpass.getuser(), role="operator"
            )
        return await act(accounts, arguments)


async def _add(accounts: Accounts, arguments: argparse.Namespace) -> str:
    made = await accounts.add_user(
        arguments.user,
        await asyncio.to_thread(read_password),
        Role(arguments.role),
        name=arguments.name,
        agent_id=AgentId(arguments.agent) if arguments.agent else None,
        teams=[TeamName(team) for team in arguments.team],
    )
    return f"{made.user} can sign in as {made.role.value}\n"


async def _list(accounts: Accounts, arguments: argparse.Namespace) -> str:
    users = await accounts.list_users()
    if arguments.json:
        return msgspec.json.encode(users).decode() + "\n"
    return "".join(_line(user) for user in users) or "there is no user; see: carillon user add\n"


def _line(user: User) -> str:
    state = "disabled" if user.disabled else "enabled"
    teams = ", ".join(user.teams)
    return f"{user.user:<20} {user.role.value:<14} {state:<9} {user.name}  {teams}".rstrip() + "\n"


async def _disable(accounts: Accounts, arguments: argparse.Namespace) -> str:
    await accounts.disable(arguments.user, disabled=arguments.disabled)
    return f"{arguments.user} is {'disabled' if arguments.disabled else 'enabled'}\n"


async def _password(accounts: Accounts, arguments: argparse.Namespace) -> str:
    await accounts.set_password(arguments.user, await asyncio.to_thread(read_password))
    return f"{arguments.user} has another password; their sessions have ended\n"


async def _role(accounts: Accounts, arguments: argparse.Namespace) -> str:
    await accounts.set_role(arguments.user, Role(arguments.role))
    return f"{arguments.user} is {arguments.role} now; their sessions have ended\n"


def read_password() -> str:
    """A password typed twice on a terminal, else one line of the standard input.

    Raises InvalidInput when both differ.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    typed = getpass.getpass("Password: ")
    if getpass.getpass("Again: ") != typed:
        raise InvalidInput("the two passwords differ", field="password")
    return typed
