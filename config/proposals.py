"""Proposed changes of the configuration: drafts with an author, published or rejected by a manager.

A proposal changes nothing. It is kept with what it would change as its author saw it, and is
applied to the configuration as it stands when somebody publishes it, checked as any change is.
"""

import threading
from enum import StrEnum
from pathlib import Path
from typing import Any

import msgspec

from config.numbered import NumberedFiles
from router.model.errors import Overloaded, Refused
from router.model.ids import Instant
from router.ports import Clock

OPEN_MAX = 200
"""Proposals that wait for a decision at most; more are refused until some are decided."""

KEPT_MAX = 2_000
"""Older decided ones go; the audit still tells of them."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One change: ``table`` as it shall be, None removes it; of ``rules`` also the list."""

    section: str
    name: str = ""
    table: dict[str, Any] | None = None
    rule: list[dict[str, Any]] | None = None

    @property
    def what(self) -> str:
        """What is changed, as the audit names it."""
        return f"{self.section}.{self.name}" if self.name else self.section


class State(StrEnum):
    """What became of a proposal."""

    OPEN = "open"
    PUBLISHED = "published"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A proposal; ``difference`` is the unified diff its author saw."""

    number: int
    at: Instant
    by: str
    why: str
    change: Change
    difference: str
    state: State = State.OPEN
    decided_at: Instant | None = None
    decided_by: str = ""
    decided_why: str = ""


class Proposals:
    """A folder with a file for each proposal. All methods block; call them in a thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._files = NumberedFiles(folder, Proposal, "proposal")
        self._clock = clock
        # Each call has a thread of its own: a number is given, and a decision made, once.
        self._turn = threading.Lock()

    def add(self, change: Change, difference: str, *, by: str, why: str) -> Proposal:
        """Keep a new proposal. Raises Overloaded when too many wait, StorageFailed."""
        with self._turn:
            return self._add(change, difference, by, why)

    def _add(self, change: Change, difference: str, by: str, why: str) -> Proposal:
        numbers = self._files.numbers()
        waiting = sum(self._files.read(number).state is State.OPEN for number in numbers)
        if waiting >= OPEN_MAX:
            raise Overloaded(f"{OPEN_MAX} proposals wait for a decision already")
        made = Proposal(
            number=(numbers[-1] if numbers else 0) + 1,
            at=self._clock.now(),
            by=by,
            why=why,
            change=change,
            difference=difference,
        )
        self._files.write(made.number, made)
        for number in numbers[: max(0, len(numbers) + 1 - KEPT_MAX)]:
            if self._files.read(number).state is not State.OPEN:
                self._files.forget(number)
        return made

    def all(self, before: int | None = None, limit: int = 50) -> list[Proposal]:
        """The newest first, those before a number when one is given."""
        numbers = [each for each in self._files.numbers() if before is None or each < before]
        return [self._files.read(number) for number in reversed(numbers[-limit:])]

    def get(self, number: int) -> Proposal:
        """One proposal. Raises NotFound."""
        return self._files.read(number)

    def waiting(self, number: int) -> Proposal:
        """One that waits for a decision. Raises NotFound, or Refused when it was decided."""
        found = self._files.read(number)
        if found.state is not State.OPEN:
            raise Refused(f"proposal {number} was {found.state} already", code="decided")
        return found

    def decide(self, number: int, state: State, *, by: str, why: str) -> Proposal:
        """Note what became of one that waits. Raises as ``waiting`` does, and StorageFailed."""
        with self._turn:
            decided = msgspec.structs.replace(
                self.waiting(number),
                state=state,
                decided_at=self._clock.now(),
                decided_by=by,
                decided_why=why,
            )
            self._files.write(number, decided)
            return decided
