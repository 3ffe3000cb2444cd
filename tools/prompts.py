"""Render the product's own prompts into ivr/sounds: `.venv/bin/python -m tools.prompts`.

Needs espeak-ng. The files are part of the source, so that nobody needs a voice to begin with; run
this after a change of ivr/own_prompts.toml.
"""

from __future__ import annotations

import asyncio
import sys

from ivr.own import own_prompts, own_recording
from ivr.speech.espeak import EspeakVoice
from ivr.speech.resampling import at_rate
from tools.console import say

RATE_HZ = 8_000
NOT_SPOKEN = frozenset({"yes", "no"})
"""Words to be recognised, never said."""


async def render_all() -> int:
    """Render every prompt; returns how many were written."""
    voice = EspeakVoice()
    written = 0
    for name, words in own_prompts().items():
        for language, text in words.items():
            if name in NOT_SPOKEN:
                continue
            sound = at_rate(await voice.render(text, language), RATE_HZ)
            path = own_recording(name, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(sound)
            written += 1
    return written


def main() -> int:
    """Render, and say how many."""
    if missing := EspeakVoice().missing():
        say(f"install the package {missing} first")
        return 1
    say(f"{asyncio.run(render_all())} prompts written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
