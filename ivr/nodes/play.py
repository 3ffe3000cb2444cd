"""``play``: play a recorded file, and go on."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.node import Go, Node, Steps, Visit, speak
from ivr.prompts import Words


class Play(Node, frozen=True, kw_only=True, tag="play"):
    """A recorded file of ``prompts/<language>/``, then ``next``."""

    file: str
    next: str
    barge_in: bool = True

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """One way on."""
        yield "next", self.next

    @override
    def utterances(self) -> Iterator[tuple[str, Words, str]]:
        """The file."""
        yield "file", "", self.file

    @override
    def waits(self) -> bool:
        """A recording takes its time."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Play it."""
        yield from speak(visit.say("", self.file), barge_in=self.barge_in)
        return Go("next", self.next)
