"""What may be said in answer to a question, as a grammar (JSGF, W3C Note of 5 June 2000)."""

import re
from collections.abc import Callable, Mapping

from ivr.asks import Listen

PHRASES_MAX = 500
"""Phrases of one grammar at most; the rest cannot be said."""

DIGITS: Mapping[str, Mapping[str, str]] = {
    "en": {
        "zero": "0",
        "one": "1",
        "two": "2",
        "three": "3",
        "four": "4",
        "five": "5",
        "six": "6",
        "seven": "7",
        "eight": "8",
        "nine": "9",
    }
}
"""How single digits are said, by the first part of a language tag."""

_WORD = re.compile(r"[^\W\d_][\w'-]*")


def phrases_of(listen: Listen, language: str) -> tuple[tuple[str, ...], int]:
    """The phrases that answer a question, and how many digits may be said one after the other.

    A menu is answered by its words and by the digits of its keys; a question for a number by
    digits. A secret is never said aloud: it has neither.
    """
    if listen.secret or not listen.spoken:
        return (), 0
    digits = DIGITS.get(language.split("-")[0].lower(), {})
    said = [phrase for phrase in listen.words if _can_be_said(phrase)]
    if listen.choices:
        said += [word for word, digit in digits.items() if digit in listen.choices]
        return tuple(said[:PHRASES_MAX]), 0
    return tuple(said[:PHRASES_MAX]), listen.keys_max if digits else 0


def jsgf(
    phrases: tuple[str, ...], digits_max: int, language: str, known: Callable[[str], bool]
) -> str:
    """The grammar of these phrases and digits; empty when nothing of it can be heard.

    ``known`` says of a word whether the recogniser has it; a phrase with another one is left out.
    """
    heard = [phrase for phrase in phrases if all(known(word) for word in phrase.split())]
    digits = [word for word in DIGITS.get(language, {}) if known(word)] if digits_max else []
    rules = [*heard, *(["<digit>+"] if digits else [])]
    if not rules:
        return ""
    lines = ["#JSGF V1.0;", "grammar answers;", f"public <answer> = {' | '.join(rules)};"]
    if digits:
        lines.append(f"<digit> = {' | '.join(digits)};")
    return "\n".join(lines)


def answer_in(words: str, listen: Listen, language: str) -> str:
    """What was heard, as it is told to a session: digits as figures, choices as their words; empty
    for the beginning of a phrase that was not said to its end."""
    folded = " ".join(words.casefold().split())
    if folded in listen.words:
        return folded
    digits = DIGITS.get(language.split("-")[0].lower(), {})
    figures = [digits.get(word, "") for word in folded.split()]
    return "".join(figures) if all(figures) else ""


def _can_be_said(phrase: str) -> bool:
    return bool(phrase) and all(_WORD.fullmatch(word) for word in phrase.split())
