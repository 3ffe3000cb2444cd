"""``voicemail``: take a message; it waits in a queue like every other contact."""

from typing_extensions import override

from ivr.asks import Recorded, TakeMessage
from ivr.node import Finish, Go, Milliseconds, Steps, Taking, Visit, ask_for, speak


class Voicemail(Taking, frozen=True, kw_only=True, tag="voicemail"):
    """Record up to ``limit_ms``; ``silence_ms`` without a sound ends it, as does a key."""

    limit_ms: Milliseconds = 120_000
    silence_ms: Milliseconds = 4_000

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
