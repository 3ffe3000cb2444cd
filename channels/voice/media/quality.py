"""How good a leg sounds: the E-model of ITU-T G.107, from loss, jitter and delay."""

import math

from channels.voice.media.codings import Codec

BASE_RATING = 93.2
"""The rating of a perfect narrow-band connection (G.107, with its default values)."""

_IMPAIRMENT = {Codec.PCMU: 0.0, Codec.PCMA: 0.0, Codec.G722: 0.0, Codec.OPUS: 3.0}
_ROBUSTNESS = {Codec.PCMU: 25.1, Codec.PCMA: 25.1, Codec.G722: 20.0, Codec.OPUS: 30.0}
"""Equipment impairment and robustness to loss with concealment (G.113, appendix I, for G.711;
our own cautious values for the others, on the narrow-band scale)."""


def rating(codec: Codec, loss: float, delay_ms: float) -> float:
    """The rating R, 0 to 93.2, for a share of lost packets and a delay from mouth to ear."""
    percent = 100 * min(1.0, max(0.0, loss))
    impaired = _IMPAIRMENT[codec]
    impaired += (95 - impaired) * percent / (percent + _ROBUSTNESS[codec])
    return max(0.0, BASE_RATING - _delay_impairment(max(0.0, delay_ms)) - impaired)


def _delay_impairment(delay_ms: float) -> float:
    """G.107, equation 7-27: pure delay is not noticed up to 100 ms."""
    if delay_ms <= 100:
        return 0.0
    octaves = math.log2(delay_ms / 100)
    near: float = (1 + octaves**6) ** (1 / 6)
    far: float = (1 + (octaves / 3) ** 6) ** (1 / 6)
    return 25 * (near - 3 * far + 2)


def opinion_score(rating_value: float) -> float:
    """The mean opinion score, 1 to 4.5, of a rating (G.107, annex B)."""
    if rating_value <= 0:
        return 1.0
    if rating_value >= 100:
        return 4.5
    curve = rating_value * (rating_value - 60) * (100 - rating_value) * 7e-6
    # Below a rating of 6.5 the formula falls under 1, which no listener can give.
    return max(1.0, 1 + 0.035 * rating_value + curve)


def estimate(
    codec: Codec, loss: float, jitter_ms: float, buffer_ms: float, trip_ms: float
) -> float:
    """The mean opinion score of a leg.

    The delay is half the round trip, what the buffer holds, and the frame itself; jitter beyond
    what the buffer holds becomes loss, which is measured already.
    """
    delay_ms = trip_ms / 2 + max(buffer_ms, jitter_ms) + 20
    return opinion_score(rating(codec, loss, delay_ms))
