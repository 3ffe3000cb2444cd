"""The audit as the desk writes and shows it: what the table marks A leaves a line (PRIV-6)."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from agent_desktop.principal import Principal


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line. ``object`` is what was acted on, such as ``queue.billing`` or ``user mia``.

    ``h`` is SHA-256 over ``prev``, the former line's, and this line without its own.
    """

    seq: int
    utc: str
    actor: str
    role: str
    address: str
    action: str
    object: str
    reason: str
    detail: str
    prev: str
    h: str = ""


class Verdict(msgspec.Struct, frozen=True):
    """What following the whole chain found; ``first_bad`` is the first ``seq`` that is not true."""

    entries: int
    last: str
    first_bad: int | None = None
    reason: str = ""


class AuditTrail(Protocol):
    """The one audit of a centre, which everybody who changes something writes to."""

    async def record(
        self,
        action: str,
        what: str,
        *,
        actor: str,
        role: str = "",
        address: str = "",
        reason: str = "",
        detail: str = "",
    ) -> AuditEntry:
        """Add a line; durable on return. Raises StorageFailed: then do not do it (LOG-3)."""
        ...

    async def read(self, before: int | None = None, limit: int = 100) -> Sequence[AuditEntry]:
        """The newest lines first, those before a number when one is given; 500 at most."""
        ...

    async def verify(self) -> Verdict:
        """Follow the whole chain. Raises StorageFailed when it cannot be read."""
        ...


class Audit:
    """Notes what people of the desk do; raises StorageFailed when it cannot: nothing is unseen."""

    def __init__(self, trail: AuditTrail) -> None:
        self.trail = trail

    async def note(self, principal: Principal, action: str, on: str, reason: str = "") -> None:
        """Somebody did something to an object, for a reason."""
        await self.trail.record(
            action,
            on,
            actor=principal.user,
            role=principal.role.value,
            address=principal.address,
            reason=reason,
        )
