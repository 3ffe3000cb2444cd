"""What happens on a leg besides its sound: digits, prompts, collecting, and what is told of it."""

from collections.abc import Callable

from channels.voice.media.answers import Collected, Event, PlayDone, Pressed, Tone
from channels.voice.media.leg import Leg
from channels.voice.media.telephone_events import Digit
from channels.voice.media.tones import FAX_TONES, Heard

Tell = Callable[[str, Event], None]

PASSED_ON_MS = (60, 1_000)
"""A digit that is passed on is pressed for as long as it was, within these bounds."""


class LegActs:
    """The part of an exchange that knows nothing of sound. ``tell`` gets (owner, event)."""

    def __init__(self, tell: Tell) -> None:
        self.tell = tell
        self.by_row: dict[int, Leg] = {}
        self.hears: dict[int, dict[int, float]] = {}

    def changed(self) -> None:
        """Plan anew at the next tick."""
        raise NotImplementedError  # Abstract: the exchange that takes the acts answers it.

    def resteady(self, leg: Leg) -> None:
        """Look again whether a leg's packets need no closer look on their way out."""
        raise NotImplementedError  # Abstract: the exchange that takes the acts answers it.

    def heard_tone(self, heard: Heard, now_s: float) -> None:
        """A tone in the sound began or ended."""
        leg = self.by_row[heard.row]
        if heard.tone in FAX_TONES:
            self.tell(leg.owner, Tone(leg=leg.name, tone=heard.tone))
        elif not leg.names_digits:
            # Who names digits in packets often sends their sound too: each counts once.
            ticks = heard.duration_ms * leg.shape.clock_hz // 1_000
            self.digit(leg, Digit(heard.tone, heard.ended, ticks), "sound", now_s)

    def digit(self, leg: Leg, digit: Digit, how: str, now_s: float) -> None:
        """A digit of a leg began or ended: tell it, collect it, pass it on to who hears the leg."""
        if how == "event":
            leg.names_digits = True
        secret = leg.mask is not None
        duration_ms = digit.ticks * 1_000 // leg.shape.clock_hz
        self.tell(
            leg.owner,
            Pressed(
                leg=leg.name,
                digit=digit.digit,
                ended=digit.ended,
                duration_ms=duration_ms,
                how=how,
                secret=secret,
            ),
        )
        if not digit.ended:
            self._collect(leg, digit.digit, now_s)
        elif how == "event" and not secret:
            tone_ms = min(max(duration_ms, PASSED_ON_MS[0]), PASSED_ON_MS[1])
            for listener in self._listeners(leg):
                self.press(listener, digit.digit, tone_ms, PASSED_ON_MS[0])

    def _listeners(self, leg: Leg) -> list[Leg]:
        rows = [row for row, gains in self.hears.items() if leg.row in gains]
        legs = [self.by_row[row] for row in rows if row in self.by_row]
        return [
            listener
            for listener in legs
            if listener.remote is not None and listener.remote.dtmf_type is not None
        ]

    def press(self, leg: Leg, digits: str, tone_ms: int, gap_ms: int) -> None:
        """Send digits to a leg as events. Raises ValueError when too many wait."""
        if leg.presses is not None:
            leg.presses.press(digits, tone_ms, gap_ms)
            self.resteady(leg)

    def _collect(self, leg: Leg, digit: str, now_s: float) -> None:
        collecting = leg.collecting
        if collecting is None or (leg.playing is not None and not collecting.barge_in):
            return
        if leg.playing is not None:
            self.stop_playing(leg, "digit")
        reason = collecting.digit(digit, now_s)
        if reason is not None:
            self.end_collecting(leg, reason)

    def end_collecting(self, leg: Leg, reason: str) -> None:
        """Tell the digits that were collected."""
        collecting, leg.collecting = leg.collecting, None
        if collecting is not None:
            self.changed()
            self.tell(
                leg.owner,
                Collected(
                    leg=leg.name, collect=collecting.name, digits=collecting.digits, reason=reason
                ),
            )

    def stop_playing(self, leg: Leg, reason: str, message: str = "") -> None:
        """End what a leg is played."""
        playing, leg.playing = leg.playing, None
        if playing is not None:
            self.changed()
            self.tell(
                leg.owner,
                PlayDone(leg=leg.name, play=playing.name, reason=reason, message=message),
            )

    def end_recording(self, leg: Leg) -> None:
        """Let the recording of a leg be finished."""
        recorder, leg.recorder = leg.recorder, None
        if recorder is not None:
            self.changed()
            recorder.end()

    def end_acts(self, leg: Leg) -> None:
        """End all of it: the leg goes."""
        self.stop_playing(leg, "freed")
        self.end_collecting(leg, "freed")
        self.end_recording(leg)
