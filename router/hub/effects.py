"""Effects on their way to the media: a line per medium, in the order of the log.

A medium that fails or hangs holds up its own line and nothing else. What does not fit into its
line stays in the log and is read from there when the line has run dry, so memory is bounded and
no effect is lost.
"""

import asyncio
import logging
import types
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Iterable, Mapping
from functools import partial
from typing import Any

from router.hub.settings import HubSettings
from router.model.effects import Effect
from router.model.errors import CarillonError, InvalidInput, NotFound, Refused
from router.model.ids import Medium, Position
from router.ports import MediumPort

_LOG = logging.getLogger(__name__)

_RETRY_FIRST_S = 0.1
_RETRY_MOST_S = 30.0
_BUG_TRIES = 5

Placed = tuple[Position, Effect]
"""An effect and where it stands: the position of the first event of its decision, or of its own."""

Owned = tuple[Medium, Effect]
"""An effect and the medium that carries it out."""

Reread = Callable[[Medium, Position, int], Awaitable[list[Placed]]]
"""Reads effects of a medium again from the log: from a position on, so many at most."""


class Line:
    """The effects one medium has still to carry out, and the task that hands them over.

    Until there is a ``port`` they wait.
    """

    def __init__(
        self,
        medium: Medium,
        settings: HubSettings,
        reread: Reread,
        progressed: asyncio.Event,
    ) -> None:
        self._medium = medium
        self.port: MediumPort | None = None
        self._progressed = progressed
        self._settings = settings
        self._reread = reread
        self._waiting: deque[Placed] = deque()
        self._in_log_from: Position | None = None
        self._reached = Position(0)
        self._wakened = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._task: asyncio.Task[None] | None = None
        self.trouble = ""

    def start(self) -> None:
        """Begin to hand over, if there is a port."""
        if self.port is not None:
            running = self._run(self.port)
            self._task = asyncio.create_task(running, name=f"effects of {self._medium}")

    def put(self, position: Position, effect: Effect) -> None:
        """Add an effect behind all others."""
        if self._in_log_from is None:
            if len(self._waiting) < self._settings.effects:
                self._waiting.append((position, effect))
            else:
                self._in_log_from = position
        self._idle.clear()
        self._wakened.set()

    def reached(self, head: Position) -> None:
        """Everything up to here has been put."""
        self._reached = head

    @property
    def done(self) -> Position:
        """Everything up to here has been carried out."""
        if self._waiting:
            return Position(self._waiting[0][0] - 1)
        if self._in_log_from is not None:
            return Position(self._in_log_from - 1)
        return self._reached

    async def drain(self) -> None:
        """Return when nothing is left to do, or there is nobody to do it."""
        if self.port is not None:
            await self._idle.wait()

    async def stop(self) -> None:
        """Stop handing over; what is left stays undone."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None

    async def _run(self, port: MediumPort) -> None:
        while True:
            while self._waiting:
                # It leaves the line only when it is done, so that ``done`` never runs ahead.
                await self._carry_out(port, *self._waiting[0])
                self._waiting.popleft()
                self._progressed.set()
            if self._in_log_from is not None:
                await self._read_on(self._in_log_from)
            elif not self._waiting:
                self._idle.set()
                self._wakened.clear()
                await self._wakened.wait()

    async def _read_on(self, first: Position) -> None:
        try:
            missed = await self._reread(self._medium, first, self._settings.effects + 1)
        except CarillonError as error:
            self.trouble = f"its waiting effects cannot be read: {error.message}"
            await asyncio.sleep(_RETRY_FIRST_S)
            return
        # The last one may share its position with others, so that position is read once more;
        # a medium that sees an effect twice knows it by its id.
        self._waiting.extend(missed[: self._settings.effects])
        more = len(missed) > self._settings.effects
        self._in_log_from = missed[-1][0] if more else None

    async def _carry_out(self, port: MediumPort, position: Position, effect: Effect) -> None:
        wait_s = _RETRY_FIRST_S
        bugs = 0
        while True:
            try:
                await self._perform(port, effect, position)
            except (Refused, InvalidInput, NotFound) as error:
                self._give_up(position, effect, error)
                return
            except (CarillonError, OSError) as error:
                self._complain(position, effect, error)
            except Exception as error:
                bugs += 1
                if bugs == _BUG_TRIES:
                    self._give_up(position, effect, error)
                    return
                self._complain(position, effect, error)
            else:
                self.trouble = ""
                return
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _RETRY_MOST_S)

    async def _perform(self, port: MediumPort, effect: Effect, position: Position) -> None:
        """Hand over, within the time a medium has; a timer only for one that makes us wait."""
        performing = port.perform(effect, position)
        try:
            first = performing.send(None)
        except StopIteration:
            return
        async with asyncio.timeout(self._settings.perform_ms / 1_000):
            await _rest_of(performing, first)

    def _complain(self, position: Position, effect: Effect, error: Exception) -> None:
        reason = str(error) or type(error).__name__
        self.trouble = f"{type(effect).__name__} at position {position}: {reason}"
        _LOG.warning(
            "medium %s did not carry out %s, trying again: %s",
            self._medium,
            type(effect).__name__,
            reason,
            extra={"interaction": effect.interaction_id, "position": position},
        )

    def _give_up(self, position: Position, effect: Effect, error: Exception) -> None:
        _LOG.error(
            "medium %s will not carry out %s: %s",
            self._medium,
            type(effect).__name__,
            error,
            exc_info=error,
            extra={"interaction": effect.interaction_id, "position": position},
        )


@types.coroutine
def _rest_of(begun: Coroutine[Any, Any, None], first: Any) -> Generator[Any, Any, None]:
    """Go on with a coroutine that was begun and waits for something."""
    awaited = first
    while True:
        try:
            sent = yield awaited
        except BaseException as error:
            go_on = partial(begun.throw, error)
        else:
            go_on = partial(begun.send, sent)
        try:
            awaited = go_on()
        except StopIteration:
            return


class Effects:
    """The lines of all media. ``progressed`` is set whenever ``done`` may have grown."""

    def __init__(
        self, media: Mapping[Medium, MediumPort], settings: HubSettings, reread: Reread
    ) -> None:
        self._settings = settings
        self._reread = reread
        self._lines: dict[Medium, Line] = {}
        self._unserved: set[Medium] = set()
        self._reached = Position(0)
        self._running = False
        self.progressed = asyncio.Event()
        for port in media.values():
            self.attach(port)

    def expect(self, medium: Medium) -> None:
        """Let the effects of a medium wait until it is attached."""
        if medium not in self._lines:
            line = Line(medium, self._settings, self._reread, self.progressed)
            line.reached(self._reached)
            self._lines[medium] = line
            self._unserved.discard(medium)

    def attach(self, port: MediumPort) -> None:
        """Serve a further medium from now on. Raises InvalidInput when it is served already."""
        self.expect(port.medium)
        line = self._lines[port.medium]
        if line.port is not None:
            raise InvalidInput(f"medium {port.medium!r} is served already", field="media")
        line.port = port
        if self._running:
            line.start()

    def start(self) -> None:
        """Begin to hand over."""
        self._running = True
        for line in self._lines.values():
            line.start()

    def put(self, medium: Medium, position: Position, effect: Effect) -> None:
        """Add an effect for a medium; one that nobody serves is told to the operator once."""
        line = self._lines.get(medium)
        if line is not None:
            line.put(position, effect)
        elif medium not in self._unserved:
            self._unserved.add(medium)
            _LOG.warning("nobody serves the medium %s: its effects are not carried out", medium)

    def reached(self, head: Position) -> None:
        """The effects of everything up to here have been put."""
        self._reached = head
        for line in self._lines.values():
            line.reached(head)
        self.progressed.set()

    @property
    def done(self) -> Position:
        """The effects of everything up to here have been carried out."""
        return min((line.done for line in self._lines.values()), default=self._reached)

    def trouble(self) -> Iterable[tuple[Medium, str]]:
        """The media that do not carry out what they should, with the reason."""
        return [(medium, line.trouble) for medium, line in self._lines.items() if line.trouble]

    async def drain(self) -> None:
        """Return when everything has been carried out."""
        for line in self._lines.values():
            await line.drain()

    async def stop(self) -> None:
        """Stop handing over."""
        self._running = False
        for line in self._lines.values():
            await line.stop()
