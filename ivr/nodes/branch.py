"""``branch``: the first case whose condition holds says the way."""

from collections.abc import Iterator

import msgspec
from typing_extensions import override

from ivr.node import Go, Node, Steps, Visit


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``when`` is CEL over ``value``, ``call``, ``customer`` and ``clock``."""

    when: str
    to: str


class Branch(Node, frozen=True, kw_only=True, tag="branch"):
    """Cases in order; where none holds, ``otherwise``."""

    cases: tuple[Case, ...]
    otherwise: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """Each case by its number, and ``otherwise``."""
        for number, case in enumerate(self.cases, start=1):
            yield f"case {number}", case.to
        yield "otherwise", self.otherwise

    @override
    def conditions(self) -> Iterator[tuple[str, str]]:
        """The conditions of all cases."""
        for index, case in enumerate(self.cases):
            yield f"cases.{index}.when", case.when

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """A branch without cases, or one behind a case that always holds."""
        if not self.cases:
            yield "cases", "a branch needs a case"
        for index, case in enumerate(self.cases):
            if case.when in ("", "true"):
                yield f"cases.{index}.when", 'holds always; say it as "otherwise"'

    @override
    def steps(self, visit: Visit) -> Steps:
        """Ask the conditions in order."""
        for number, case in enumerate(self.cases, start=1):
            if visit.holds(case.when):
                return Go(f"case {number}", case.to)
        yield from ()  # It asks nothing; a visit is a generator all the same.
        return Go("otherwise", self.otherwise)
