"""Card numbers never come to rest: they are cut to their last four digits (PRIV-5)."""

import re
import unicodedata

_RUN = re.compile(r"\d(?:[ \t\u00a0\u2009\u202f.\-\u2010-\u2015/]?\d){12,40}")
"""Digits of any script with at most one separator between two of them."""

CARD_DIGITS_MIN = 13
CARD_DIGITS_MAX = 19
KEPT_DIGITS = 4
DOT = "•"


def mask_cards(text: str) -> str:
    """The text with every Luhn-valid run of 13 to 19 digits cut to its last four.

    A run may be grouped (``4111 1111 1111 1111``) and may stand beside other digits: a window
    counts when it begins and ends at the end of a group, so that a long tracking number without
    groups is judged as a whole only.
    """
    return _RUN.sub(lambda match: _mask_run(match.group()), text)


def is_luhn_valid(digits: str) -> bool:
    """Whether the digits pass the check sum of ISO/IEC 7812-1, Annex B."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = unicodedata.decimal(digit)
        if place % 2:
            value = value * 2 - 9 if value > 4 else value * 2
        total += value
    return total % 10 == 0


def _mask_run(run: str) -> str:
    places = [index for index, character in enumerate(run) if character.isdecimal()]
    starts = {i for i, place in enumerate(places) if place == 0 or i == 0 or _grouped(places, i)}
    ends = {i - 1 for i in starts if i} | {len(places) - 1}
    characters = list(run)
    at = 0
    while at < len(places):
        length = _card_length(run, places, at, ends) if at in starts else 0
        for place in places[at : at + max(0, length - KEPT_DIGITS)]:
            characters[place] = DOT
        at += length or 1
    return "".join(characters)


def _grouped(places: list[int], index: int) -> bool:
    return places[index] - places[index - 1] > 1


def _card_length(run: str, places: list[int], start: int, ends: set[int]) -> int:
    """How many digits from ``start`` on are a card's, the longest first; 0 when none are."""
    for length in range(CARD_DIGITS_MAX, CARD_DIGITS_MIN - 1, -1):
        last = start + length - 1
        if last in ends and is_luhn_valid("".join(run[p] for p in places[start : last + 1])):
            return length
    return 0
