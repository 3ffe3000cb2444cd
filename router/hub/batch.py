"""A batch: commands decided together, made durable together, answered together."""

import logging
from collections.abc import Iterable

from router import core
from router.hub.effects import Owned
from router.hub.inbox import Waiting
from router.hub.recovery import effects_at
from router.model.commands import Command, Tick
from router.model.errors import CarillonError
from router.model.events import Event, Recorded
from router.model.ids import Instant, InteractionId, Position
from router.ports import Receipt
from router.state.live import State

_LOG = logging.getLogger(__name__)


class Notes:
    """Tells the operator of conditions that could not be evaluated: each once, not each time."""

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._told: set[str] = set()

    def take(self, note: str) -> None:
        """Log a note that was not logged before; beyond the bound it begins anew."""
        if note in self._told:
            return
        if len(self._told) >= self._most:
            self._told.clear()
        self._told.add(note)
        _LOG.warning("a condition could not be evaluated and did not hold: %s", note)


_NOTES = Notes()


class CoreFailed(CarillonError):
    """The core broke on a command: a mistake of ours. The state may be half changed."""

    code = "internal"


class _Answer:
    """What a sender will be told once the batch is durable."""

    __slots__ = ("error", "events", "interaction_id", "last", "waiting")

    def __init__(
        self,
        waiting: Waiting,
        last: Position,
        events: tuple[Event, ...] = (),
        interaction_id: InteractionId | None = None,
        error: CarillonError | None = None,
    ) -> None:
        self.waiting = waiting
        self.last = last
        self.events = events
        self.interaction_id = interaction_id
        self.error = error


class Batch:
    """Decisions on top of a position, in order: events, effects and the answers to give.

    Refusals are answered with the batch too: they rest on what was decided before them.
    """

    def __init__(self, head: Position) -> None:
        self.head = head
        self.events: list[Event] = []
        self.effects: list[tuple[Position, list[Owned]]] = []
        self.broken: CoreFailed | None = None
        self._answers: list[_Answer] = []

    @property
    def last(self) -> Position:
        """Where its last event will stand."""
        return Position(self.head + len(self.events))

    def decide(self, state: State, command: Command, now: Instant) -> InteractionId | None:
        """Decide one command. Raises Refused and the like; CoreFailed when the core broke."""
        try:
            decision = core.decide(state, command, now)
        except CarillonError:
            raise
        except Exception as error:
            _LOG.exception("the core broke on %s", type(command).__name__)
            self.broken = CoreFailed(f"the core broke on {type(command).__name__}: {error!r}")
            raise self.broken from error
        # The first event's position stands for all of the decision's effects, so that one that
        # is not done yet is met again when the log is folded.
        if decision.effects:
            first = Position(self.last + 1)
            owned = list(zip(decision.media, decision.effects, strict=True))
            self.effects.append((first, owned))
        self.events += decision.events
        for note in decision.notes:
            _NOTES.take(note)
        return decision.interaction_id

    def take(self, state: State, line: Iterable[Waiting], now: Instant) -> None:
        """Decide these commands in order; stops where the core breaks."""
        for waiting in line:
            before = len(self.events)
            try:
                interaction_id = self.decide(state, waiting.command, now)
            except CarillonError as error:
                self._answers.append(_Answer(waiting, self.last, error=error))
                if self.broken is not None:
                    return
            else:
                events = tuple(self.events[before:])
                self._answers.append(_Answer(waiting, self.last, events, interaction_id))

    def tick(self, state: State, now: Instant) -> None:
        """Do what is due. Raises nothing: a core that broke is noted in ``broken``."""
        try:
            self.decide(state, Tick(), now)
        except CarillonError as error:
            if self.broken is None:
                _LOG.error("the core refused a tick: %s", error)

    def note(self, state: State, event: Event) -> None:
        """Add an event that nobody decided, folded into the state."""
        core.apply(state, event)
        self.events.append(event)
        self.effects.append((self.last, effects_at(state, event)))

    def records(self, epoch: int) -> list[Recorded]:
        """Its events as they stand in the log."""
        return [
            Recorded(Position(position), epoch, event)
            for position, event in enumerate(self.events, self.head + 1)
        ]

    def acknowledge(self) -> None:
        """Answer everyone: the events are durable."""
        for answer in self._answers:
            if answer.error is not None:
                answer.waiting.fail(answer.error)
            else:
                answer.waiting.succeed(Receipt(answer.last, answer.events, answer.interaction_id))

    def refuse(self, error: CarillonError) -> None:
        """Answer everyone: nothing of this happened."""
        for answer in self._answers:
            answer.waiting.fail(error)
