"""Durations, sizes, clock spans and shares as people write them.

Every function raises ValueError with a sentence that says what is expected.
"""

import re
from decimal import Decimal

from router.model.catalogue import Span
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS

DURATION_MAX_MS = 3_660 * DAY_MS
"""No duration of a configuration is longer: more is a slip of the unit."""

_UNIT_MS = {"ms": 1, "s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS, "d": DAY_MS}
_UNIT_BYTES = {
    "B": 1,
    "kB": 1_000,
    "MB": 1_000_000,
    "GB": 1_000_000_000,
    "KiB": 1 << 10,
    "MiB": 1 << 20,
    "GiB": 1 << 30,
}
_AMOUNT = re.compile(r"\s*(\d{1,12}(?:\.\d{1,6})?)\s*([A-Za-z]+)")
_SPAN = re.compile(r"\s*(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})\s*")
_DAY_MINUTES = 24 * 60


def parse_duration(text: object) -> int:
    """Milliseconds of ``"20 s"``, ``"4 h"``, ``"1 h 30 min"``, ``"250 ms"`` or ``"2 d"``."""
    wanted = 'a duration such as "20 s", "2 min", "4 h" or "1 h 30 min"'
    if not isinstance(text, str):
        raise ValueError(f"write {wanted}, with its unit")
    total, at = Decimal(0), 0
    while at < len(text.rstrip()):
        match = _AMOUNT.match(text, at)
        if match is None:
            raise ValueError(f'"{text}" is not {wanted}')
        number, unit = match.groups()
        if unit not in _UNIT_MS:
            hint = ' (minutes are "min")' if unit in {"m", "M"} else ""
            raise ValueError(f'"{unit}" is no unit of time; use ms, s, min, h or d{hint}')
        total += Decimal(number) * _UNIT_MS[unit]
        at = match.end()
    if at == 0:
        raise ValueError(f'"{text}" is not {wanted}')
    if total != int(total):
        raise ValueError(f'"{text}" is finer than a millisecond')
    if total > DURATION_MAX_MS:
        raise ValueError(f'"{text}" is longer than ten years')
    return int(total)


def format_duration(duration_ms: int) -> str:
    """The shortest text that ``parse_duration`` reads as the same number of milliseconds."""
    if duration_ms == 0:
        return "0 s"
    parts = []
    for unit in ("d", "h", "min", "s", "ms"):
        count, duration_ms = divmod(duration_ms, _UNIT_MS[unit])
        if count:
            parts.append(f"{count} {unit}")
    return " ".join(parts)


def parse_size(text: object) -> int:
    """Bytes of ``"25 MiB"``, ``"64 KiB"`` or ``"10 MB"``."""
    if not isinstance(text, str):
        raise ValueError('write a size such as "25 MiB", with its unit')
    match = _AMOUNT.fullmatch(text.rstrip())
    if match is None:
        raise ValueError(f'"{text}" is not a size such as "25 MiB"')
    number, unit = match.groups()
    if unit not in _UNIT_BYTES:
        raise ValueError(f'"{unit}" is no unit of size; use {", ".join(_UNIT_BYTES)}')
    return int(Decimal(number) * _UNIT_BYTES[unit])


def parse_share(value: object) -> float:
    """A share from 0 to 1 of ``"80 %"`` or ``0.8``."""
    if isinstance(value, str) and (match := re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*", value)):
        share = float(match.group(1)) / 100
    elif isinstance(value, int | float) and not isinstance(value, bool):
        share = float(value)
    else:
        raise ValueError('write a share such as "80 %" or 0.8')
    if not 0 <= share <= 1:
        raise ValueError("a share lies between 0 and 1 (0 % and 100 %)")
    return share


def parse_span(text: object) -> Span:
    """An opening span of ``"08:00-18:00"``; an end at or before the start is on the next day."""
    match = _SPAN.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('write a span such as "08:00-18:00" or, over midnight, "22:00-06:00"')
    start_hour, start_minute, end_hour, end_minute = map(int, match.groups())
    start = start_hour * 60 + start_minute
    end = end_hour * 60 + end_minute
    if start_minute > 59 or end_minute > 59 or start >= _DAY_MINUTES or end > _DAY_MINUTES:
        raise ValueError(f'"{text}" has a time that no clock shows (00:00 to 24:00)')
    if end <= start:
        end += _DAY_MINUTES
    return Span(start_minute=start, end_minute=end)


def format_span(span: Span) -> str:
    """The text that ``parse_span`` reads as the same span."""
    end = span.end_minute
    if end > _DAY_MINUTES:
        end -= _DAY_MINUTES
    start_hour, start_minute = divmod(span.start_minute, 60)
    end_hour, end_minute = divmod(end, 60)
    return f"{start_hour:02}:{start_minute:02}-{end_hour:02}:{end_minute:02}"
