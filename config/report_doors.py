"""Who may ask for which reports: the table of permissions, as the reports are told it."""

from collections.abc import Callable

from fastapi import APIRouter, Request

import reporting.api
from agent_desktop.api.access import Allow, current, desk_of
from agent_desktop.permissions import Permission, Scope
from reporting.api import Door, Doors, Reader
from reporting.keeping import KeptHistory

ROWS_OF_A_TEAM = 10_000
ROWS_OF_ALL = 1_000_000


def routes(history: KeptHistory, zone: Callable[[], str]) -> APIRouter:
    """The reports over a history, each behind its door; ``zone`` is the site's."""
    doors = Doors(
        totals=_door(Permission.REPORTS),
        rows=_door(Permission.REPORTS_PERSONS),
        exports=_door(Permission.EXPORT),
    )
    return reporting.api.routes(history, doors, zone)


def _door(permission: Permission) -> Door:
    def reader(request: Request) -> Reader:
        """What the person who asks may see; what the table marks A is noted."""
        principal = current(request)
        granted = principal.grant(permission)

        async def note(what: str) -> None:
            if granted.audited:
                await desk_of(request).audit.note(principal, permission.value, what)

        everything = granted.scope == Scope.ALL
        return Reader(
            queues=None if everything else principal.queues,
            agent=principal.agent_id if granted.scope == Scope.OWN else None,
            rows_max=ROWS_OF_ALL if everything else ROWS_OF_A_TEAM,
            note=note,
        )

    return Door(Allow(permission), reader)
