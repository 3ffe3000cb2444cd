"""``say``: speak words, and go on."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.node import Go, Prompted, Steps, Visit, speak


class Say(Prompted, frozen=True, kw_only=True, tag="say"):
    """Words by a voice, or with ``play`` a recorded file, then ``next``."""

    next: str

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """One way on."""
        yield "next", self.next

    @override
    def mistakes(self) -> Iterator[tuple[str, str]]:
        """A node that says nothing."""
        yield from super().mistakes()
        if not self.say and not self.play:
            yield "say", "there is nothing to say"

    @override
    def steps(self, visit: Visit) -> Steps:
        """Say it."""
        yield from speak(self.opening(visit), barge_in=self.barge_in)
        return Go("next", self.next)
