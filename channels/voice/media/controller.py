"""One program that commands the node: its line, its name, and what waits to be sent to it."""

import contextlib
import socket
import ssl

from channels.voice.media.answers import Event, Reply
from channels.voice.media.protocol import Frames, framed

WAITING_BYTES_MAX = 8 * 1024 * 1024
READ_BYTES = 256 * 1024


class LineClosed(Exception):
    """The line is of no more use; the text says why."""


class Controller:
    """Reads and writes without waiting."""

    def __init__(self, line: socket.socket) -> None:
        self.line = line
        self.owner = ""
        self.epoch = -1
        self._frames = Frames()
        self._waiting = bytearray()

    @property
    def waiting(self) -> bool:
        """Whether something could not be sent yet."""
        return bool(self._waiting)

    def receive(self) -> list[bytes]:
        """The frames that have come. Raises LineClosed."""
        frames: list[bytes] = []
        try:
            for _ in range(8):
                data = self.line.recv(READ_BYTES)
                if not data:
                    raise LineClosed("closed by the other end")
                frames += self._frames.feed(data)
        except (BlockingIOError, ssl.SSLWantReadError):
            pass
        except (OSError, ValueError) as problem:
            raise LineClosed(str(problem)) from problem
        return frames

    def send(self, message: Reply | Event) -> None:
        """Send, or keep until it can be sent. Raises LineClosed when over 8 MiB wait."""
        self._waiting += framed(message)
        if len(self._waiting) > WAITING_BYTES_MAX:
            raise LineClosed("it does not read what it is told")
        self.flush()

    def flush(self) -> None:
        """Send what waits, as far as possible. Raises LineClosed."""
        try:
            while self._waiting:
                sent = self.line.send(bytes(self._waiting[:READ_BYTES]))
                del self._waiting[:sent]
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        except OSError as problem:
            raise LineClosed(str(problem)) from problem

    def close(self) -> None:
        """End the line."""
        with contextlib.suppress(OSError):
            self.line.close()
