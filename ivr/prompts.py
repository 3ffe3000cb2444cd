"""What a flow says: words by language, recorded files, and values put in between.

A text may hold fields: ``{name}`` puts in a value of the session, ``{balance:amount}`` says how it
is spoken. Fields are put in, never evaluated (IVR-3).
"""

import re
from collections.abc import Iterator, Mapping

import msgspec

from router.model.commands import Scalar

Words = str | dict[str, str]
"""Words in the flow's first language, or by language tag (``{ en = "...", zh-CN = "..." }``)."""

WORDS_MAX = 2_000
"""Characters of one prompt at most, values included."""

FORMS = frozenset({"", "digits", "number", "amount", "date", "time"})
"""How a value can be spoken: as it is, digit by digit, as a number, money, a day, a time of day."""

_FIELD = re.compile(r"\{([A-Za-z_]\w*)(?::([a-z]+))?\}")
_BRACE = re.compile(r"[{}]")


class File(msgspec.Struct, frozen=True, tag="file"):
    """A recorded prompt: ``prompts/<language>/<name>.wav`` of the configuration, or ours.

    ``words`` are what it says, where that is known: a chat reads them.
    """

    name: str
    words: str = ""


class Text(msgspec.Struct, frozen=True, tag="text"):
    """Words for a voice (or to be read), as they are."""

    words: str


class Spoken(msgspec.Struct, frozen=True, tag="spoken"):
    """A value and how it is spoken; ``form`` is one of ``FORMS``."""

    value: str
    form: str


Part = File | Text | Spoken


class Utterance(msgspec.Struct, frozen=True):
    """What is said in one go, in one language. Nothing to say is an utterance without parts."""

    language: str
    parts: tuple[Part, ...] = ()

    def text(self) -> str:
        """The words as one reads them, for a chat or a log; files in square brackets."""
        return "".join(_readable(part) for part in self.parts).strip()


def _readable(part: Part) -> str:
    match part:
        case File():
            return f"{part.words or f'[{part.name}]'} "
        case Text():
            return part.words
        case Spoken():
            return " ".join(part.value) if part.form == "digits" else part.value


def words_in(words: Words, language: str, languages: tuple[str, ...]) -> str:
    """The words in this language, else in the first of the flow that has them, else nothing."""
    if isinstance(words, str):
        return words
    for tag in (language, *languages):
        if tag in words:
            return words[tag]
    return ""


def fields_of(words: str) -> Iterator[tuple[str, str]]:
    """Each field of a text as (value's name, form)."""
    for match in _FIELD.finditer(words):
        yield match[1], match[2] or ""


def stray_brace(words: str) -> bool:
    """Whether a brace is left that belongs to no field."""
    return _BRACE.search(_FIELD.sub("", words)) is not None


def filled(words: str, values: Mapping[str, Scalar]) -> str:
    """The text with its values as plain characters, cut at ``WORDS_MAX``; unknown ones vanish."""
    return _FIELD.sub(lambda match: plain(values.get(match[1], "")), words)[:WORDS_MAX]


def spoken(words: str, values: Mapping[str, Scalar]) -> tuple[Part, ...]:
    """The text as parts to say one after the other."""
    parts: list[Part] = []
    at = 0
    for match in _FIELD.finditer(words):
        if match.start() > at:
            parts.append(Text(words[at : match.start()]))
        value = plain(values.get(match[1], ""))[:WORDS_MAX]
        if value:
            parts.append(Spoken(value, match[2] or ""))
        at = match.end()
    if at < len(words):
        parts.append(Text(words[at:]))
    return tuple(parts)


def plain(value: Scalar) -> str:
    """A value as characters: ``true``, ``12.5``, ``gold``; whole numbers without a fraction."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
