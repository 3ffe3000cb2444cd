"""``voicemail``: take a message; it waits in a queue like every other contact."""

from collections.abc import Iterator

from typing_extensions import override

from ivr.asks import Recorded, TakeMessage
from ivr.node import Finish, Go, Milliseconds, Prompted, Steps, Visit, ask_for, speak


class Voicemail(Prompted, frozen=True, kw_only=True, tag="voicemail"):
    """Record up to ``limit_ms``; ``silence_ms`` without a sound ends it, as does a key."""

    queue: str = ""
    otherwise: str
    limit_ms: Milliseconds = 120_000
    silence_ms: Milliseconds = 4_000

    @override
    def exits(self) -> Iterator[tuple[str, str]]:
        """The way on when no message was left; a message ends the flow."""
        yield "otherwise", self.otherwise

    @override
    def waits(self) -> bool:
        """It records."""
        return True

    @override
    def ends(self) -> bool:
        """A message is an end."""
        return True

    @override
    def steps(self, visit: Visit) -> Steps:
        """Record, thank, and hand over."""
        utterance = self.opening(visit) if self.say or self.play else visit.own("voicemail")
        asked = TakeMessage(utterance, self.limit_ms, self.silence_ms)
        recorded = yield from ask_for(asked, Recorded)
        if recorded.duration_ms <= 0:
            return Go("otherwise", self.otherwise)
        yield from speak(visit.own("voicemail-kept"), barge_in=False)
        return Finish("left_message", queue=self.queue)
