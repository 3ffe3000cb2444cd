"""The hub's bounded line of commands: first come, first decided, and nobody waits for ever."""

import asyncio
from collections import deque
from collections.abc import Iterator

from router.model.commands import Command
from router.model.errors import CarillonError, Overloaded
from router.ports import Receipt


class Waiting:
    """A command in the line and the answer its sender waits for."""

    __slots__ = ("answer", "command", "deadline")

    def __init__(self, command: Command, answer: asyncio.Future[Receipt], deadline: float) -> None:
        self.command = command
        self.answer = answer
        self.deadline = deadline

    def succeed(self, receipt: Receipt) -> None:
        """Tell the sender, unless they have gone."""
        if not self.answer.done():
            self.answer.set_result(receipt)

    def fail(self, error: CarillonError) -> None:
        """Tell the sender, unless they have gone."""
        if not self.answer.done():
            self.answer.set_exception(error)


class Mailbox:
    """At most ``bound`` commands; each leaves by ``take``, or at its deadline with Overloaded.

    One timer stands for all deadlines: it is set to the earliest one and asks when it rings.
    """

    def __init__(self, bound: int) -> None:
        self._bound = bound
        self._line: deque[Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._wakened = asyncio.Event()

    def __len__(self) -> int:
        return len(self._line)

    def put(self, command: Command, deadline_ms: int) -> asyncio.Future[Receipt]:
        """Join the line; the future gets the answer. Raises Overloaded when the line is full."""
        if len(self._line) >= self._bound:
            raise Overloaded(f"the mailbox is full: {self._bound} commands are waiting")
        loop = asyncio.get_running_loop()
        waiting = Waiting(command, loop.create_future(), loop.time() + deadline_ms / 1_000)
        self._line.append(waiting)
        if self._timer is None or waiting.deadline < self._timer.when():
            self._ring_at(waiting.deadline)
        self._wakened.set()
        return waiting.answer

    def take(self, most: int) -> Iterator[Waiting]:
        """The next commands, first come first; those whose senders have gone are left out."""
        line = self._line
        while line and most > 0:
            waiting = line.popleft()
            if not waiting.answer.done():
                most -= 1
                yield waiting

    def refuse_all(self, error: CarillonError) -> None:
        """Empty the line with an answer for everyone."""
        for waiting in self.take(len(self._line)):
            waiting.fail(error)

    def wake(self) -> None:
        """Let ``wait`` return though no command came."""
        self._wakened.set()

    async def wait(self) -> None:
        """Return when there may be something to do."""
        if not self._line:
            await self._wakened.wait()
        self._wakened.clear()

    def close(self) -> None:
        """Stop the timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ring_at(self, when: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_at(when, self._expire)

    def _expire(self) -> None:
        self._timer = None
        now = asyncio.get_running_loop().time()
        staying: deque[Waiting] = deque()
        for waiting in self._line:
            if waiting.deadline <= now:
                waiting.fail(Overloaded("the deadline passed before the command was taken up"))
            elif not waiting.answer.done():
                staying.append(waiting)
        self._line = staying
        if staying:
            self._ring_at(min(waiting.deadline for waiting in staying))
