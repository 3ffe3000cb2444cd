"""The table of permissions says what section 3 of the security requirements says."""

from pathlib import Path

import pytest

from agent_desktop.permissions import (
    TABLE,
    Permission,
    Role,
    Scope,
    grant,
    held_by,
    page,
)
from agent_desktop.principal import ConfirmationNeeded, Forbidden, Principal
from router.model.ids import AgentId, Instant

PAGE = Path(__file__).parents[2] / "docs" / "permissions.md"
TYPED = Instant(1_000_000)


def person(role: Role) -> Principal:
    return Principal(
        user="kim",
        name="Kim",
        role=role,
        agent_id=AgentId("kim"),
        teams=frozenset(),
        queues=frozenset(),
        session="",
        confirmed=TYPED,
    )


def test_each_permission_has_exactly_one_row_with_a_cell_for_every_role() -> None:
    assert [row.permission for row in TABLE] == list(Permission)
    for permission in Permission:
        for role in Role:
            assert grant(role, permission).scope in Scope


def test_the_page_of_the_manual_is_the_table() -> None:
    assert PAGE.read_text() == page()


@pytest.mark.parametrize(
    ("role", "permission", "scope", "marks"),
    [
        (Role.AGENT, Permission.WORK, Scope.OWN, ""),
        (Role.AGENT, Permission.CONTENT, Scope.OWN, ""),
        (Role.AGENT, Permission.FLOOR, Scope.NONE, ""),
        (Role.AGENT, Permission.EXPORT, Scope.NONE, ""),
        (Role.SUPERVISOR, Permission.FLOOR, Scope.TEAM, "A"),
        (Role.SUPERVISOR, Permission.EXPORT, Scope.TEAM, "RA"),
        (Role.MANAGER, Permission.WORK, Scope.NONE, ""),
        (Role.MANAGER, Permission.CONTENT, Scope.ALL, "A"),
        (Role.MANAGER, Permission.EXPORT, Scope.ALL, "RA"),
        (Role.MANAGER, Permission.USERS, Scope.NONE, ""),
        (Role.ADMINISTRATOR, Permission.CONTENT, Scope.NONE, ""),
        (Role.ADMINISTRATOR, Permission.CUSTOMERS_FIND, Scope.NONE, ""),
        (Role.ADMINISTRATOR, Permission.USERS, Scope.ALL, "RA"),
        (Role.ADMINISTRATOR, Permission.SECURITY_POLICY, Scope.ALL, "RA"),
    ],
)
def test_a_cell_reads_as_the_requirements_do(
    role: Role, permission: Permission, scope: Scope, marks: str
) -> None:
    granted = grant(role, permission)
    assert granted.scope == scope
    assert granted.reauthenticate == ("R" in marks)
    assert granted.audited == ("A" in marks)


def test_nobody_deletes_a_recording_early_but_by_erasing() -> None:
    assert all(grant(role, Permission.RECORDING_DELETE).scope == Scope.NONE for role in Role)


def test_a_role_lists_only_what_it_holds() -> None:
    assert Permission.FLOOR not in held_by(Role.AGENT)
    assert Permission.WORK in held_by(Role.AGENT)
    assert Permission.CONTENT not in held_by(Role.ADMINISTRATOR)


def test_what_a_role_lacks_is_forbidden() -> None:
    with pytest.raises(Forbidden):
        person(Role.AGENT).demand(Permission.USERS, TYPED)


def test_web_4_a_marked_permission_wants_the_password_again_after_five_minutes() -> None:
    administrator = person(Role.ADMINISTRATOR)
    within = Instant(TYPED + 5 * 60_000)
    assert administrator.demand(Permission.USERS, within).audited
    with pytest.raises(ConfirmationNeeded):
        administrator.demand(Permission.USERS, Instant(within + 1))
