"""``subflow``: run another flow and come back."""

from collections.abc import Iterator

from msgspec import field
from typing_extensions import override

from ivr.node import Into, Node, Steps, Visit


class Subflow(Node, frozen=True, kw_only=True, tag="subflow"):
    """Run ``flow``; each ``return`` of it leads on through the exit of its name.

    Both share the session's values. An exit that is not named here leads to ``otherwise``.
    """

    flow: str
    otherwise: str
    exits_to: dict[str, str] = field(default_factory=dict)

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """The ways back that are named, and the one for all others."""
        yield from self.exits_to.items()
        yield "otherwise", self.otherwise

    @override
    def waits(self) -> bool:
        """What the other flow does counts as its own."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Go there."""
        yield from ()  # It asks nothing; a visit is a generator all the same.
        return Into(self.flow, self.exits_to, self.otherwise)
