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


class AuditQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """Which lines are asked for: before a number, by whom, of which kind, about what.

    ``action`` is the beginning of one, ``about`` any part of the object, whatever its case; ""
    asks for all. 500 lines at most.
    """

    before: int = 2**53
    limit: int = 100
    actor: str = ""
    action: str = ""
    about: str = ""

    def fits(self, entry: AuditEntry) -> bool:
        """Whether a line is one of those, its number apart."""
        return (
            self.actor in ("", entry.actor)
            and entry.action.startswith(self.action)
            and self.about.casefold() in entry.object.casefold()
        )


class AuditPage(msgspec.Struct, frozen=True):
    """Lines, newest first, and the ``before`` to go on with; None when all were looked at."""

    entries: Sequence[AuditEntry]
    next: int | None = None


class Verdict(msgspec.Struct, frozen=True):
    """What following the whole chain found; ``first_bad`` is the first ``seq`` that is not true.

    ``checkpoints`` signatures were verified, the last of them over the line ``signed_to``.
    """

    entries: int
    last: str
    first_bad: int | None = None
    reason: str = ""
    checkpoints: int = 0
    signed_to: int = 0


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

    async def read(self, question: AuditQuestion) -> AuditPage:
        """The newest lines first that answer a question. Raises StorageFailed."""
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
