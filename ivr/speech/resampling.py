"""A voice's WAV file at the rate of telephones."""

import io
import wave

import numpy as np

from ivr.speech.voices import VoiceFailed

TELEPHONE_HZ = 16_000
"""Wideband, as G.722 carries it; narrowband legs take every second sample of it."""

SILENCE = 64
"""Samples at or below this (-54 dB of full scale) are silence."""

MARGIN_MS = 60


def at_rate(sound: bytes, rate_hz: int = TELEPHONE_HZ) -> bytes:
    """The sound as a WAV file of one 16-bit channel at this rate, by its spectrum.

    Silence before and after is cut to ``MARGIN_MS``. Exact for what both rates can hold;
    everything above half the new rate is cut off. Voices stream: a length in the head that is
    longer than the file is taken for "to the end". Raises VoiceFailed for what is no 16-bit WAV
    file.
    """
    try:
        with wave.open(io.BytesIO(sound)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            frames = file.readframes(len(sound))
    except (wave.Error, EOFError) as error:
        raise VoiceFailed(f"the voice gave no WAV file: {error}") from None
    if width != 2 or channels not in (1, 2) or not 4_000 <= rate <= 192_000:
        raise VoiceFailed(f"the voice gave {channels} channels of {8 * width} bits at {rate} Hz")
    samples = np.frombuffer(frames[: len(frames) // (2 * channels) * 2 * channels], "<i2")
    mono = _trimmed(samples.reshape(-1, channels).mean(axis=1), rate)
    return _wav(_resampled(mono, rate, rate_hz), rate_hz)


def _trimmed(samples: np.ndarray, rate: int) -> np.ndarray:
    """Without the long silence voices put around what they say: parts follow each other."""
    loud = np.flatnonzero(np.abs(samples) > SILENCE)
    if not len(loud):
        return samples[:0]
    margin = rate * MARGIN_MS // 1_000
    return samples[max(0, loud[0] - margin) : loud[-1] + 1 + margin]


def _resampled(samples: np.ndarray, rate: int, wanted: int) -> np.ndarray:
    length = round(len(samples) * wanted / rate)
    if rate == wanted or not length:
        return samples
    spectrum = np.fft.rfft(samples)
    kept = np.zeros(length // 2 + 1, dtype=complex)
    shared = min(len(kept), len(spectrum))
    kept[:shared] = spectrum[:shared]
    return np.fft.irfft(kept, length) * (length / len(samples))


def _wav(samples: np.ndarray, rate_hz: int) -> bytes:
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(np.clip(np.rint(samples), -32_768, 32_767).astype("<i2").tobytes())
    return made.getvalue()
