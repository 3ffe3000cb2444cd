"""``return``: the end of a sub-flow."""

from typing_extensions import override

from ivr.node import Finish, Node, Steps, Visit


class Return(Node, frozen=True, kw_only=True, tag="return"):
    """Back to the flow that called, through its exit of this name."""

    exit: str = "done"

    @override
    def ends(self) -> bool:
        """It ends the sub-flow."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Go back."""
        yield from ()  # It asks nothing; a visit is a generator all the same.
        return Finish("returned", exit=self.exit)
