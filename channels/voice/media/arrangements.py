"""The arrangements of a call as entries of the gain matrix: (listener, source, gain)."""

from collections.abc import Iterable, Sequence

Entry = tuple[str, str, float]


def conference(legs: Sequence[str]) -> list[Entry]:
    """Everybody hears everybody else; of two it is a bridge."""
    return [(listener, source, 1.0) for listener in legs for source in legs if listener != source]


def listening(supervisor: str, legs: Iterable[str]) -> list[Entry]:
    """The supervisor hears all of the call, and nobody hears the supervisor."""
    return [(supervisor, source, 1.0) for source in legs]


def whispering(supervisor: str, agent: str, legs: Iterable[str]) -> list[Entry]:
    """The supervisor hears all of the call, and only the agent hears the supervisor."""
    return [*listening(supervisor, legs), (agent, supervisor, 1.0)]


def barging(supervisor: str, legs: Iterable[str]) -> list[Entry]:
    """The supervisor talks and hears as everybody does."""
    legs = list(legs)
    return [
        *listening(supervisor, legs),
        *((listener, supervisor, 1.0) for listener in legs),
    ]
