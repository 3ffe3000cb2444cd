"""The simple board's socket: everything in one's scope, again on change, four times a second."""

import asyncio

import msgspec

from agent_desktop.news import News
from agent_desktop.principal import Principal
from agent_desktop.protocol import (
    FRAME_BYTES_MAX,
    NOT_UNDERSTOOD,
    TOO_BIG,
    Ping,
    Pong,
    decode,
    encode,
)
from agent_desktop.wire import Closed, Outbox, Wire
from router.model.errors import InvalidInput
from router.ports import Clock

SHED_BEHIND = 4
_closing: set[asyncio.Task[None]] = set()


class Nothing(msgspec.Struct, frozen=True):
    """A board's frames are all ready to be sent."""


class BoardSocket:
    """One open board. Pings are answered; nothing else is understood."""

    def __init__(self, news: News, clock: Clock, principal: Principal, wire: Wire) -> None:
        self._news = news
        self._clock = clock
        self._wire = wire
        self.principal = principal
        self._outbox: Outbox[Nothing] = Outbox(wire, self._render)

    def send_live(self, text: str) -> None:
        """Send the board, unless this one is behind: it gets the next one."""
        if len(self._outbox) < SHED_BEHIND:
            self._outbox.put(text)

    def end(self, code: int, reason: str) -> None:
        """Close without waiting for it."""
        self._outbox.stop()
        if not self._wire.closed:
            task = asyncio.get_running_loop().create_task(self._wire.close(code, reason))
            _closing.add(task)
            task.add_done_callback(_closing.discard)

    async def run(self) -> None:
        """Serve the board until it closes."""
        self._news.watchers.add(self)
        try:
            self._outbox.put(encode(self._news.board(self.principal)))
            while True:
                frame = await self._wire.receive()
                if len(frame) > FRAME_BYTES_MAX:
                    await self._wire.close(TOO_BIG, "a frame has at most 65536 bytes")
                    return
                message = decode(frame)
                if not isinstance(message, Ping):
                    raise InvalidInput("a board only pings", field="type")
                self._outbox.put(encode(Pong(message.id, self._clock.now())))
        except Closed:
            return
        except InvalidInput as error:
            await self._wire.close(NOT_UNDERSTOOD, error.message[:100])
        finally:
            self._news.watchers.discard(self)
            self._outbox.stop()

    async def _render(self, _element: Nothing) -> str:
        raise InvalidInput("a board sends text only", field="frame")
