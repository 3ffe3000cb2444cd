"""Piper as a voice: natural, and a model for each language (a program of its own, GPL)."""

from collections.abc import Mapping
from pathlib import Path

from ivr.speech.voices import VoiceFailed, installed, output_of


class PiperVoice:
    """The program ``piper`` with a model file by language tag."""

    def __init__(self, models: Mapping[str, Path]) -> None:
        self._models = models

    @property
    def name(self) -> str:
        """Its name with those of the models."""
        models = "-".join(sorted(f"{tag}.{path.stem}" for tag, path in self._models.items()))
        return f"piper-{models}"

    def missing(self) -> str:
        """What to install: the program, or a model that is not there."""
        if not installed("piper"):
            return "piper-tts"
        gone = [str(path) for path in self._models.values() if not path.is_file()]
        return gone[0] if gone else ""

    async def render(self, words: str, language: str) -> bytes:
        """A WAV file of the words at the model's rate. Raises VoiceFailed."""
        model = self._models.get(language) or self._models.get(language.split("-")[0])
        program = installed("piper")
        if not program or model is None:
            why = "piper is not installed" if model else f"piper has no model for {language}"
            raise VoiceFailed(why)
        # A line is an utterance to piper: the words may not end theirs early.
        line = " ".join(words.split()) + "\n"
        return await output_of((program, "--model", str(model)), line)
