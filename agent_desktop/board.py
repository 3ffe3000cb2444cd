"""The simple board's socket: everything in one's scope, again on change, four times a second."""

from agent_desktop.line import Line, framed
from agent_desktop.news import News
from agent_desktop.principal import Principal
from agent_desktop.protocol import (
    SILENCE_MS,
    SILENT,
    Ping,
    Pong,
    decode,
    encode,
    refusal,
)
from router.model.errors import InvalidInput
from router.ports import Clock


class BoardSocket:
    """One open board. Pings are answered; nothing else is understood."""

    __slots__ = ("_clock", "_heard", "_latest", "_line", "_news", "principal")

    def __init__(self, news: News, clock: Clock, principal: Principal, line: Line) -> None:
        self._news = news
        self._clock = clock
        self._line = line
        self._latest = b""
        self._heard = clock.now()
        self.principal = principal

    def begin(self) -> None:
        """Show the board as it stands, and follow it."""
        self._news.watchers.add(self)
        self.show(framed(encode(self._news.board(self.principal))))

    def show(self, frame: bytes) -> None:
        """Send the newest board; one that does not read gets the newest when it does."""
        if self._clock.now() - self._heard > SILENCE_MS:
            self.end(SILENT, "nothing was heard")
        elif self._line.busy:
            self._latest = frame
        else:
            self._latest = b""
            self._line.write(frame)

    def end(self, code: int, reason: str) -> None:
        """Close; never waits."""
        self._line.close(code, reason)

    def hear(self, frame: str | bytes) -> None:
        """Answer a ping."""
        try:
            message = decode(frame)
            if not isinstance(message, Ping):
                raise InvalidInput("a board only pings", field="type")
        except InvalidInput as error:
            self.end(*refusal(error))
            return
        self._heard = self._clock.now()
        self._line.write(framed(encode(Pong(message.id, self._heard))))

    def flow(self) -> None:
        """It reads again."""
        if self._latest:
            self._line.write(self._latest)
            self._latest = b""

    def gone(self) -> None:
        """The line is closed."""
        self._news.watchers.discard(self)
