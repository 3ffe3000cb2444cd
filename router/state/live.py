"""State: everything the router knows now. Written by ``router.state.fold.apply`` alone."""

from router.model.ids import AgentId, InteractionId
from router.state.books import Books
from router.state.index import Index
from router.state.timers import Timers


class State(Books):
    """The live state, owned by the one caller of ``decide``; nobody else may write to it.

    The books are the truth and equal the fold of all events; ``index``, ``timers`` (when an
    interaction is due) and ``returns`` (when a moved seat is) are made from them and can be made
    again at any time.
    """

    __slots__ = ("index", "returns", "timers")

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.timers: Timers[InteractionId] = Timers()
        self.returns: Timers[AgentId] = Timers()


def new_state() -> State:
    """The state before the first event."""
    return State()
