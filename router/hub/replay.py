"""The floor of any moment of the past: the log folded up to it by the very code that runs live.

One state is kept and moved forward; to go back it begins again from a picture taken on the way, or
from the beginning. It is folded a few events at a time, so that a long way delays nobody's offer,
and let go when nobody has looked at the past for a while.
"""

import asyncio
from bisect import bisect_right
from collections.abc import Callable
from typing import TypeVar

from router import core
from router.hub.floor import Views
from router.model.errors import NotFound, Overloaded
from router.model.ids import Instant, Position
from router.ports import EventLog, Floor

T = TypeVar("T")

SLICE = 200
"""Events folded before others have their turn: some two milliseconds."""
BATCH = 1_000
PATIENCE_S = 10.0
"""How long one who asks waits; the way is gone on, so they may ask again."""
KEPT_S = 300.0
PICTURE_EVERY = 20_000
PICTURES_MAX = 32
PICTURE_RECORDS_MAX = 20_000
"""Of a larger state no picture is kept: to read it back would delay others."""


class _Moment:
    """The moment that is looked at, as a clock, and where the log ended then."""

    def __init__(self, at: Instant, head: Position) -> None:
        self._at = at
        self.head = head

    def now(self) -> Instant:
        """The moment."""
        return self._at


class _Picture:
    """A state as it was behind a position."""

    def __init__(self, at: Instant, position: Position, data: bytes) -> None:
        self.at = at
        self.position = position
        self.data = data


class Replay:
    """Looks at the past of one log. ``head`` gives where the log ends.

    ``picture_every``: after so many events a picture is kept to come back to.
    """

    def __init__(
        self, log: EventLog, head: Callable[[], Position], picture_every: int = PICTURE_EVERY
    ) -> None:
        self._picture_every = picture_every
        self._log = log
        self._head = head
        self._turn = asyncio.Lock()
        self._going: asyncio.Task[None] | None = None
        self._forgetting: asyncio.TimerHandle | None = None
        self._pictures: list[_Picture] = []
        self._begin()

    async def span(self) -> tuple[Instant, Instant] | None:
        """The moments of the first and the last event; None for an empty log."""
        first = await self._log.read(Position(0), 1)
        last = await self._log.read(Position(max(0, self._head() - 1)), 1)
        if not first or not last:
            return None
        return first[0].event.at, last[0].event.at

    async def look(self, at: Instant, look: Callable[[Floor], T]) -> T:
        """What ``look`` sees on the floor as it stood at a moment. It must not keep the floor.

        Raises NotFound for a moment before the log begins, and Overloaded when the way there
        takes longer than ten seconds: it is gone on, so that asking again comes further.
        """
        span = await self.span()
        if span is None or at < span[0]:
            raise NotFound("the log begins later")
        try:
            async with asyncio.timeout(PATIENCE_S), self._turn:
                await self._go(at)
                moment = _Moment(at, self._position)
                return look(Views(self._state, moment, moment))
        except TimeoutError as error:
            done = 100 * self._position // max(1, self._head())
            raise Overloaded(f"the past is being read ({done} %); ask again in a moment") from error
        finally:
            self._forget_later()

    async def stop(self) -> None:
        """Let go of everything."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        if self._going is not None:
            self._going.cancel()
            await asyncio.gather(self._going, return_exceptions=True)
        self._begin()
        self._pictures.clear()

    def _begin(self) -> None:
        self._state = core.new_state()
        self._position = Position(0)
        self._taken = Position(0)

    async def _go(self, at: Instant) -> None:
        """Fold up to a moment; goes on when whoever asked has given up."""
        if self._going is not None and not self._going.done():
            await asyncio.shield(self._going)
        if self._state.now > at:
            self._go_back(at)
        self._going = asyncio.get_running_loop().create_task(self._fold(at), name="replay")
        await asyncio.shield(self._going)

    def _go_back(self, at: Instant) -> None:
        number = bisect_right(self._pictures, at, key=lambda picture: picture.at)
        self._begin()
        if number:
            picture = self._pictures[number - 1]
            self._state = core.restore(picture.data)
            self._position = self._taken = picture.position

    async def _fold(self, at: Instant) -> None:
        while True:
            batch = await self._log.read(self._position, BATCH)
            for number, recorded in enumerate(batch, 1):
                if recorded.event.at > at:
                    return
                core.apply(self._state, recorded.event)
                self._position = recorded.position
                if number % SLICE == 0:
                    await asyncio.sleep(0)
            if not batch:
                return
            if self._position - self._taken >= self._picture_every:
                self._take_picture()

    def _take_picture(self) -> None:
        self._taken = self._position
        state = self._state
        known = [picture.position for picture in self._pictures]
        if len(state.interactions) + len(state.agents) > PICTURE_RECORDS_MAX:
            return
        if self._position in known:
            return
        self._pictures.append(_Picture(state.now, self._position, core.snapshot(state)))
        self._pictures.sort(key=lambda picture: picture.position)
        if len(self._pictures) > PICTURES_MAX:
            del self._pictures[1::2]  # Further apart, over the whole way.

    def _forget_later(self) -> None:
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._forgetting = asyncio.get_running_loop().call_later(KEPT_S, self._forget)

    def _forget(self) -> None:
        if self._turn.locked() or (self._going is not None and not self._going.done()):
            self._forget_later()
            return
        self._begin()
        self._pictures.clear()
