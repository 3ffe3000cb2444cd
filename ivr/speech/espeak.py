"""espeak-ng as a voice: over a hundred languages, 20 ms a prompt, and it sounds like a robot."""

from ivr.speech.voices import VoiceFailed, installed, output_of

_VOICES = {"en": "en-us", "zh": "cmn"}
"""What espeak-ng calls the language, where that differs from the tag's first part."""


class EspeakVoice:
    """The program ``espeak-ng``; ``words_per_minute`` is how fast it speaks."""

    def __init__(self, words_per_minute: int = 150) -> None:
        self._speed = words_per_minute

    @property
    def name(self) -> str:
        """Its name and speed."""
        return f"espeak-ng-{self._speed}"

    def missing(self) -> str:
        """The Debian package, when the program is not installed."""
        return "" if installed("espeak-ng") else "espeak-ng"

    async def render(self, words: str, language: str) -> bytes:
        """A WAV file of the words, 22,050 Hz. Raises VoiceFailed."""
        program = installed("espeak-ng")
        if not program:
            raise VoiceFailed("espeak-ng is not installed (Debian package: espeak-ng)")
        voice = _VOICES.get(language.split("-")[0].lower(), language.lower())
        command = (program, "-v", voice, "-s", str(self._speed), "--stdin", "--stdout")
        return await output_of(command, words)
