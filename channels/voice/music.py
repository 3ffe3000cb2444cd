"""The music that is heard on hold where the configuration names none: our own, made when needed.

Slow broken chords with soft edges, at a level that speech stands out from. Nobody's rights are in
it, and no file has to be shipped.
"""

import numpy as np

from router.model.recording import wav_head

RATE_HZ = 8_000
NOTE_S = 0.4
LEVEL = 2_400
_CHORDS = ((60, 64, 67, 72), (57, 60, 64, 69), (53, 57, 60, 65), (55, 59, 62, 67))
"""C major, A minor, F major, G major, as MIDI numbers of keys."""
_ORDER = (0, 2, 1, 3, 2, 1)
_ROUNDS = 2


def music() -> bytes:
    """About 19 seconds as a WAV file, which begins where it ends."""
    notes = [chord[place] for _ in range(_ROUNDS) for chord in _CHORDS for place in _ORDER]
    size = int(RATE_HZ * NOTE_S)
    whole = np.zeros(size * (len(notes) + 3), np.float64)
    time = np.arange(size * 3) / RATE_HZ
    # Each note rings on into the next ones, as strings do.
    fading = np.minimum(1.0, time / 0.02) * np.exp(-2.2 * time)
    for number, key in enumerate(notes):
        hertz = 440.0 * 2 ** ((key - 69) / 12)
        tone = np.sin(2 * np.pi * hertz * time) + 0.25 * np.sin(4 * np.pi * hertz * time)
        whole[number * size : number * size + len(tone)] += fading * tone
    # What rings beyond the end rings into the beginning, so that nobody hears the seam.
    length = size * len(notes)
    whole[: len(whole) - length] += whole[length:]
    samples = np.clip(whole[:length] * LEVEL, -32_768, 32_767).astype("<i2")
    data = samples.tobytes()
    return wav_head(RATE_HZ, 1, len(data)) + data
