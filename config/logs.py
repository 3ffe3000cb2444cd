"""Logs: JSON lines for machines, one plain line for people at a terminal (LOG-1 to LOG-3).

Any ``extra={...}`` of a log call becomes fields. What is logged while an interaction is worked on
bears its id (``about``). Lines are written by a thread of their own, so a slow terminal or pipe
never stops a call; what does not fit is counted and told.
"""

import contextlib
import json
import logging
import logging.handlers
import queue
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TextIO

from typing_extensions import override

from config import lines
from config.redaction import Redactor
from config.settings_types import LogSettings
from router.model.ids import Instant

RATE = 100
"""Lines of one kind in a second at most; the rest are counted (LOG-3)."""

KINDS_MAX = 1_000
LINES_WAITING_MAX = 10_000
STOP_S = 3.0

_interaction: ContextVar[str] = ContextVar("interaction", default="")
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_NOISY = ("uvicorn", "sqlalchemy", "aiosqlite", "asyncio", "websockets", "twisted", "watchdog")


@contextmanager
def about(interaction_id: str) -> Iterator[None]:
    """What is logged within bears this interaction's id."""
    token = _interaction.set(interaction_id)
    try:
        yield
    finally:
        _interaction.reset(token)


def escaped(text: str) -> str:
    """The text with control, bidirectional and invisible characters written out."""
    return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", text)


class JsonLines(logging.Formatter):
    """One JSON object a line: utc, level, logger, message, then the fields."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "utc": utc(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redactor.text(record.getMessage()),
        }
        for name, value in fields(record).items():
            line.setdefault(name, self._redactor.field(name, value))
        if record.exc_info:
            line["exception"] = self._redactor.text(_traceback(record))
        # JSON escapes all but DEL and the invisible ones by itself; ASCII leaves none.
        encoded = json.dumps(line, ensure_ascii=False, default=str)
        return _CONTROL.sub(lambda match: f"\\u{ord(match.group()):04x}", encoded)


class PlainLines(logging.Formatter):
    """One line for people: time, level, logger, message, fields; a traceback below."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    @override
    def format(self, record: logging.LogRecord) -> str:
        message = escaped(self._redactor.text(record.getMessage()))
        shown = " ".join(
            f"{name}={escaped(str(self._redactor.field(name, value)))}"
            for name, value in fields(record).items()
        )
        line = f"{utc(record)} {record.levelname.lower():7} {record.name}: {message}"
        line = f"{line}  {shown}" if shown else line
        if record.exc_info:
            below = self._redactor.text(_traceback(record)).splitlines()
            line = "\n".join([line, *(f"    {escaped(each)}" for each in below)])
        return line


def utc(record: logging.LogRecord) -> str:
    """The moment of a record in UTC with milliseconds."""
    return lines.utc(Instant(int(record.created * 1_000)))


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What a log call gave beside its message."""
    return {name: value for name, value in vars(record).items() if name not in _ORDINARY}


class Limit(logging.Filter):
    """Lets 100 lines a second of one kind pass, counts the others, and stamps interactions.

    A kind is a logger with the event of a line, or with its unformatted message. ``suppressed``
    and ``lines`` are for the figures.
    """

    def __init__(self, rate: int = RATE) -> None:
        super().__init__()
        self._rate = rate
        self._second = 0
        self._counts: dict[tuple[str, str], int] = {}
        self._held_back = 0
        self.suppressed = 0
        self.lines: dict[str, int] = dict.fromkeys(_LEVELS, 0)

    @override
    def filter(self, record: logging.LogRecord) -> bool:
        if int(record.created) != self._second:
            self._second = int(record.created)
            self._counts.clear()
            if self._held_back:
                record.suppressed_before = self._held_back
                self._held_back = 0
        kind = (record.name, str(getattr(record, "event", "") or record.msg)[:200])
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            kind = ("", "")
        count = self._counts[kind] = self._counts.get(kind, 0) + 1
        if count > self._rate:
            self.held_back()
            return False
        level = record.levelname.lower()
        self.lines[level] = self.lines.get(level, 0) + 1
        interaction = _interaction.get()
        if interaction and not hasattr(record, "interaction"):
            record.interaction = interaction
        return True

    def held_back(self) -> None:
        """Count a line that is not written."""
        self._held_back += 1
        self.suppressed += 1


class _Line(logging.handlers.QueueHandler):
    """Hands a record to the writing thread; never waits."""

    def __init__(self, waiting: "queue.Queue[logging.LogRecord | None]", limit: Limit) -> None:
        super().__init__(waiting)
        self._limit = limit
        self.addFilter(limit)

    @override
    def enqueue(self, record: logging.LogRecord) -> None:
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            self._limit.held_back()

    @override
    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        # The writing thread is of this process: a record goes as it is, its message made now.
        record.msg, record.args = record.getMessage(), None
        return record


class _Writing(logging.handlers.QueueListener):
    """The writing thread. Its end is waited for, but not for ever: a pipe may be stuck."""

    def __init__(
        self, waiting: "queue.Queue[logging.LogRecord | None]", writer: logging.Handler
    ) -> None:
        super().__init__(waiting, writer)
        self._waiting = waiting

    @override
    def enqueue_sentinel(self) -> None:
        with contextlib.suppress(queue.Full):
            self._waiting.put(None, timeout=STOP_S)

    @override
    def stop(self) -> None:
        self.enqueue_sentinel()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(STOP_S)


class Logs:
    """The logging of a process: begun once, ended with ``stop``, which writes what waits."""

    def __init__(self, settings: LogSettings, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self.redactor = Redactor()
        self.limit = Limit()
        self._waiting: queue.Queue[logging.LogRecord | None] = queue.Queue(LINES_WAITING_MAX)
        self._handler = _Line(self._waiting, self.limit)
        self._writer = logging.StreamHandler(self._stream)
        self._former: list[logging.Handler] = []
        self._listener = _Writing(self._waiting, self._writer)
        self.configure(settings)

    def configure(self, settings: LogSettings, secrets: Iterable[str] = ()) -> None:
        """Take other settings live, and the secrets to hide by value."""
        plain = settings.format == "text" or (settings.format == "auto" and self._stream.isatty())
        self.redactor.hide(secrets)
        self._writer.setFormatter((PlainLines if plain else JsonLines)(self.redactor))
        level = _LEVELS[settings.level]
        logging.getLogger().setLevel(level)
        for name in _NOISY:
            # Libraries tell of their own inner life below a warning, secrets included.
            logging.getLogger(name).setLevel(max(level, logging.WARNING))

    def start(self) -> None:
        """Begin: everything logged in this process is written from now on."""
        root = logging.getLogger()
        self._former = list(root.handlers)
        root.handlers[:] = [self._handler]
        logging.captureWarnings(capture=True)
        self._listener.start()

    def stop(self) -> None:
        """End; what waits is written first, and logging is as it was before."""
        logging.captureWarnings(capture=False)
        logging.getLogger().handlers[:] = self._former
        self._listener.stop()


def _traceback(record: logging.LogRecord) -> str:
    if not record.exc_info or record.exc_info[0] is None:
        return ""
    return "".join(traceback.format_exception(*record.exc_info)).rstrip()
