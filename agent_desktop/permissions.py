"""Who may do what: the one table that makes the checks, the manual's page and the attack test.

The source is section 3 of the security requirements. A cell reads ``scope [R] [A]``:

- scope ``-`` never, ``own`` what one is engaged in, ``team`` queues and agents of one's teams,
  ``all`` the site;
- ``R``: only within five minutes of having typed the password again;
- ``A``: leaves a line in the audit log.
"""

from enum import StrEnum

import msgspec

REAUTHENTICATION_MS = 5 * 60_000
"""How long a typed password counts for what is marked R."""


class Role(StrEnum):
    """What a signed-in person is."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMINISTRATOR = "administrator"


class Scope(StrEnum):
    """How far a permission reaches."""

    NONE = "-"
    OWN = "own"
    TEAM = "team"
    ALL = "all"


class Permission(StrEnum):
    """Everything that is asked for somewhere. The value is what the web pages see."""

    SESSION = "session"
    WORK = "work"
    CONTENT = "content"
    CUSTOMERS_FIND = "customers.find"
    CUSTOMERS_EDIT = "customers.edit"
    BOARD = "board"
    WHY = "why"
    FLOOR = "floor"
    MONITOR = "monitor"
    RECORDING_PAUSE = "recording.pause"
    RECORDING_LISTEN = "recording.listen"
    RECORDING_GET = "recording.get"
    RECORDING_DELETE = "recording.delete"
    REPORTS = "reports"
    REPORTS_PERSONS = "reports.persons"
    EXPORT = "export"
    EXPORT_SCHEDULE = "export.schedule"
    ERASE_ASK = "erase.ask"
    ERASE = "erase"
    SUBJECT_ACCESS = "subject_access"
    CONFIGURATION_READ = "configuration.read"
    CONFIGURATION_PROPOSE = "configuration.propose"
    CONFIGURATION_PUBLISH = "configuration.publish"
    REPLAY = "replay"
    SECURITY_POLICY = "security_policy"
    USERS = "users"
    TOKENS_REVOKE = "tokens.revoke"
    TOKENS_CREATE = "tokens.create"
    DIAL = "dial"
    CAMPAIGNS = "campaigns"
    AUDIT_READ = "audit.read"
    METRICS = "metrics"


class Grant(msgspec.Struct, frozen=True):
    """One cell of the table."""

    scope: Scope
    reauthenticate: bool = False
    audited: bool = False


class Row(msgspec.Struct, frozen=True):
    """One line of the table: what it is in words, and its cells for people, tokens and customers.

    ``integration`` and ``customer`` say in words what an integration and a chat customer have;
    neither may ever enter by a desk's session.
    """

    permission: Permission
    title: str
    agent: str
    supervisor: str
    manager: str
    administrator: str
    integration: str = "-"
    customer: str = "-"


P = Permission
TABLE: tuple[Row, ...] = (
    Row(P.SESSION, "own session, settings and password", "own", "own", "own", "own"),
    Row(
        P.WORK,
        "take, answer, hold, transfer, wrap up",
        *("own", "own", "-", "-"),
        integration="`work` scope",
        customer="own conversation",
    ),
    Row(
        P.CONTENT,
        "content and customer history",
        *("own", "team", "all A", "-"),
        integration="`content` in its teams",
        customer="own, this session",
    ),
    Row(
        P.CUSTOMERS_FIND, "search customers", "own", "team", "all A", "-", integration="`customers`"
    ),
    Row(P.CUSTOMERS_EDIT, "edit, merge and part customer cards", "own", "team", "all A", "-"),
    Row(
        P.BOARD,
        "live board",
        *("own", "team", "all", "-"),
        integration="`board`",
        customer="own position",
    ),
    Row(P.WHY, "why still waiting", "own", "team", "all", "-"),
    Row(P.FLOOR, "move agents, force state, reassign work", "-", "team A", "all A", "-"),
    Row(P.MONITOR, "listen, whisper, barge", "-", "team A", "-", "-"),
    Row(P.RECORDING_PAUSE, "recording: pause", "own", "team", "-", "-", integration="`pause` own"),
    Row(
        P.RECORDING_LISTEN,
        "recording: listen",
        *("own A", "team A", "all A", "-"),
        integration="`recordings`, A",
    ),
    Row(
        P.RECORDING_GET,
        "recording: download, hold",
        *("-", "-", "all R A", "-"),
        integration="`recordings.get`, A",
    ),
    Row(P.RECORDING_DELETE, "recording: delete early", "-", "-", "-", "-"),
    Row(P.REPORTS, "reports: totals", "own", "team", "all", "-", integration="`reports`"),
    Row(
        P.REPORTS_PERSONS,
        "reports: rows with persons",
        *("own", "team", "all A", "-"),
        integration="`reports.rows`",
    ),
    Row(P.EXPORT, "export", "-", "team R A", "all R A", "-", integration="`export`, A"),
    Row(P.EXPORT_SCHEDULE, "scheduled mail of reports", "-", "-", "all R A", "-"),
    Row(P.ERASE_ASK, "erase a person: ask", "-", "-", "all R A", "-", customer="asks"),
    Row(P.ERASE, "erase a person: carry out", "-", "-", "-", "all R A"),
    Row(P.SUBJECT_ACCESS, "subject access file", "-", "-", "all R A", "-"),
    Row(P.CONFIGURATION_READ, "read rules, flows, queues, hours", "-", "team", "all", "all"),
    Row(P.CONFIGURATION_PROPOSE, "propose rules and flows", "-", "team A", "all A", "all A"),
    Row(P.CONFIGURATION_PUBLISH, "publish rules and flows", "-", "-", "all A", "all A"),
    Row(P.REPLAY, "replay, what-if on real days", "-", "team", "all", "-"),
    Row(P.SECURITY_POLICY, "dial policy, trunks, egress, keys", "-", "-", "-", "all R A"),
    Row(P.USERS, "users, roles (never one's own)", "-", "-", "-", "all R A"),
    Row(P.TOKENS_REVOKE, "tokens: revoke", "-", "-", "all A", "all A"),
    Row(P.TOKENS_CREATE, "tokens: create", "-", "-", "-", "all R A"),
    Row(
        P.DIAL,
        "dial out, within the dial policy",
        *("own", "own", "-", "-"),
        integration="`dial`, policy",
        customer="callback",
    ),
    Row(P.CAMPAIGNS, "campaigns", "-", "team", "all A", "-"),
    Row(P.AUDIT_READ, "audit log: read", "-", "-", "all", "all"),
    Row(P.METRICS, "technical figures and health in detail", "-", "-", "all", "all"),
)


def _grant(cell: str) -> Grant:
    scope, *marks = cell.split()
    return Grant(Scope(scope), reauthenticate="R" in marks, audited="A" in marks)


GRANTS: dict[tuple[Role, Permission], Grant] = {
    (role, row.permission): _grant(cell)
    for row in TABLE
    for role, cell in (
        (Role.AGENT, row.agent),
        (Role.SUPERVISOR, row.supervisor),
        (Role.MANAGER, row.manager),
        (Role.ADMINISTRATOR, row.administrator),
    )
}
"""The table as the checks read it."""


def grant(role: Role, permission: Permission) -> Grant:
    """What a role has of a permission; every pair has a cell."""
    return GRANTS[role, permission]


def held_by(role: Role) -> tuple[Permission, ...]:
    """The permissions a role has in any scope, in the table's order."""
    return tuple(row.permission for row in TABLE if grant(role, row.permission).scope != Scope.NONE)


def page() -> str:
    """The manual's page of the table, in Markdown."""
    lines = [
        "# Who may do what",
        "",
        "This page is written by `python -m agent_desktop.permissions` from the table that makes",
        "the checks; a test compares both.",
        "",
        "`-` never, *own* what one is engaged in, *team* queues and agents of one's teams, *all*",
        "the site. R: only within five minutes of typing the password again. A: in the audit log.",
        "Administrators run the centre and do not read what customers wrote.",
        "",
        "| permission | name | agent | supervisor | manager | administrator | token | customer |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in TABLE:
        cells = (
            row.agent,
            row.supervisor,
            row.manager,
            row.administrator,
            row.integration,
            row.customer,
        )
        lines.append(f"| {row.title} | `{row.permission}` | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(page())
