"""Business hours: from ``[hours.NAME]`` and ``[holidays.NAME]`` to calendars."""

import zoneinfo
from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from itertools import pairwise

from config.catalogue_text import ExceptionText, HoursText
from config.findings import FieldPath, Findings, did_you_mean
from config.quantities import format_span
from router.model.catalogue import Calendar, DayException, Span

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
EXCEPTION_MAX_DAYS = 366


def calendars(
    hours: Mapping[str, HoursText],
    holidays: Mapping[str, Mapping[str, str]],
    site_zone: str,
    findings: Findings,
) -> dict[str, Calendar]:
    """All calendars, with zone, spans, holidays and exceptions checked."""
    check_zone(("site", "zone"), site_zone, findings)
    shared = {name: _holidays(name, days, findings) for name, days in holidays.items()}
    return {
        name: _calendar(name, text, shared, site_zone, findings) for name, text in hours.items()
    }


def check_zone(path: FieldPath, zone: str, findings: Findings) -> None:
    """Note a mistake unless the zone is one of the IANA time zone database."""
    known = zoneinfo.available_timezones()
    if zone not in known:
        hint = did_you_mean(zone, known)
        findings.mistake(path, f'there is no time zone "{zone}"{hint}')


def _calendar(
    name: str,
    text: HoursText,
    shared: Mapping[str, list[DayException]],
    site_zone: str,
    findings: Findings,
) -> Calendar:
    path: FieldPath = ("hours", name)
    if text.zone:
        check_zone((*path, "zone"), text.zone, findings)
    weekdays = tuple(_day(number, day, text) for number, day in enumerate(DAYS))
    for field in ("every_day", "workdays", *DAYS):
        _check_spans((*path, field), getattr(text, field) or (), findings)
    exceptions: dict[str, DayException] = {}
    for index, wanted in enumerate(text.holidays):
        if wanted not in shared:
            hint = did_you_mean(wanted, shared)
            findings.mistake((*path, "holidays", index), f'no holidays are named "{wanted}"{hint}')
        exceptions.update({each.date: each for each in shared.get(wanted, ())})
    own: set[str] = set()
    for index, exception in enumerate(text.exception):
        at: FieldPath = (*path, "exception", index)
        _check_spans((*at, "open"), exception.open, findings)
        for day in _days(at, exception, findings):
            if day.isoformat() in own:
                findings.mistake(at, f"{day.isoformat()} has two exceptions")
            own.add(day.isoformat())
            exceptions[day.isoformat()] = DayException(
                date=day.isoformat(), spans=exception.open, name=exception.name
            )
    return Calendar(
        name=name,
        zone=text.zone or site_zone,
        weekdays=weekdays,
        exceptions=tuple(exceptions[day] for day in sorted(exceptions)),
    )


def _day(number: int, name: str, text: HoursText) -> tuple[Span, ...]:
    own: tuple[Span, ...] | None = getattr(text, name)
    if own is not None:
        return own
    if number < 5 and text.workdays is not None:
        return text.workdays
    return text.every_day


def _days(path: FieldPath, text: ExceptionText, findings: Findings) -> Iterable[date]:
    last = text.until or text.date
    count = (last - text.date).days + 1
    if count < 1:
        findings.mistake((*path, "until"), f"{last} is before {text.date}")
        return []
    if count > EXCEPTION_MAX_DAYS:
        findings.mistake((*path, "until"), f"an exception lasts {EXCEPTION_MAX_DAYS} days at most")
        return []
    return [text.date + timedelta(days=number) for number in range(count)]


def _holidays(name: str, days: Mapping[str, str], findings: Findings) -> list[DayException]:
    made = []
    for text, title in days.items():
        try:
            day = date.fromisoformat(text)
        except ValueError:
            findings.mistake(("holidays", name, text), f'"{text}" is not a date such as 2026-12-24')
            continue
        made.append(DayException(date=day.isoformat(), name=title))
    return made


def _check_spans(path: FieldPath, spans: Iterable[Span], findings: Findings) -> None:
    """Spans of one day must not overlap: one that does is a slip of the pen."""
    ordered = sorted(spans, key=lambda span: span.start_minute)
    for before, after in pairwise(ordered):
        if after.start_minute < before.end_minute:
            findings.mistake(path, f"{format_span(before)} and {format_span(after)} overlap")
