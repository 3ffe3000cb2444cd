"""``set``: keep values for later conditions, look-ups, prompts and the router's rules."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.node import Go, Node, Steps, Visit
from router.model.commands import Scalar


class Set(Node, frozen=True, kw_only=True, tag="set"):
    """Set each of ``values``; texts may hold fields such as ``{account}``."""

    values: dict[str, Scalar]
    next: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """One way on."""
        yield "next", self.next

    @override
    def texts(self) -> Iterator[tuple[str, str]]:
        """The texts among the values."""
        for name, value in self.values.items():
            if isinstance(value, str):
                yield f"values.{name}", value

    @override
    def sets(self) -> Iterator[tuple[str, bool]]:
        """The names; none of them is secret."""
        for name in self.values:
            yield name, False

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """Nothing to set, and names that conditions could not speak of."""
        if not self.values:
            yield "values", "there is nothing to set"
        for name in self.values:
            if not name.isidentifier():
                yield f"values.{name}", f'"{name}" cannot be the name of a value'

    @override
    def steps(self, visit: Visit) -> Steps:
        """Set them."""
        for name, value in self.values.items():
            visit.set(name, visit.text(value) if isinstance(value, str) else value)
        yield from ()  # It asks nothing; a visit is a generator all the same.
        return Go("next", self.next)
