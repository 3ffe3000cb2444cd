"""The product's own prompts: their words by language, and where their recordings lie.

They ship with the package in English and Chinese, so that a newcomer needs no voice to begin with.
A configuration may record them anew as ``prompts/<language>/carillon/<name>.wav``.
"""

import tomllib
from functools import cache
from importlib.resources import files
from pathlib import Path

FOLDER = "carillon/"
"""Names of own prompts begin with this."""

FALLBACK = "en"
"""Spoken where a flow's language has no own prompts."""

_HERE = Path(str(files("ivr")))


@cache
def own_prompts() -> dict[str, dict[str, str]]:
    """The words of every own prompt, by name and language."""
    return tomllib.loads((_HERE / "own_prompts.toml").read_text(encoding="utf-8"))


@cache
def own_languages() -> frozenset[str]:
    """The languages that every own prompt has."""
    found = [frozenset(words) for words in own_prompts().values()]
    return frozenset.intersection(*found)


def own_words(name: str, language: str) -> str:
    """The words of an own prompt; in English where this language has none. KeyError: no such."""
    words = own_prompts()[name]
    return words.get(language, words[FALLBACK])


def own_recording(name: str, language: str) -> Path:
    """The recording that ships with the package, in English where there is none."""
    spoken = language if language in own_languages() else FALLBACK
    return _HERE / "sounds" / spoken / f"{name}.wav"
