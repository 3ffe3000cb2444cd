"""The desk's audit log: what the table marks A leaves a line that shows when it was changed."""

from collections.abc import Sequence

from agent_desktop.principal import Principal
from agent_desktop.store.audit import AuditLine, AuditRows
from router.ports import Clock


class Audit:
    """Writes lines; raises StorageFailed when one cannot be written: nothing goes unseen."""

    def __init__(self, rows: AuditRows, clock: Clock) -> None:
        self._rows = rows
        self._clock = clock

    async def note(self, principal: Principal, action: str, on: str, reason: str = "") -> None:
        """Somebody did something to an object, for a reason."""
        await self._rows.append(
            at=self._clock.now(),
            actor=principal.user,
            role=principal.role.value,
            address=principal.address,
            action=action,
            on=on,
            reason=reason,
        )

    async def lines(self, before: int, limit: int) -> Sequence[AuditLine]:
        """The lines before a number, newest first."""
        return await self._rows.lines(before, limit)

    async def first_broken(self) -> int | None:
        """The number of the first line that is not as it was written; None when all are."""
        return await self._rows.first_broken()
