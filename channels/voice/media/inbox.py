"""What other threads of a node hand to its tick: calls, made at the next turn of the loop."""

import os
from collections import deque
from collections.abc import Callable


class Inbox:
    """A queue with a descriptor that becomes readable when something is in it."""

    def __init__(self) -> None:
        self.descriptor = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._calls: deque[Callable[[], None]] = deque()

    def put(self, call: Callable[[], None]) -> None:
        """Have this called in the thread of the tick. Any thread may."""
        self._calls.append(call)
        os.eventfd_write(self.descriptor, 1)

    def run(self) -> None:
        """Make the calls that wait."""
        try:
            os.eventfd_read(self.descriptor)
        except BlockingIOError:
            return
        for _ in range(len(self._calls)):
            self._calls.popleft()()

    def close(self) -> None:
        """Give the descriptor back."""
        os.close(self.descriptor)
