"""Which rows are coded how and mixed at which rate. Made anew only when something changed.

All is mixed at 8 kHz, except calls with a leg of G.722 or Opus: these are mixed at 16 kHz, and
their narrow legs are brought up and down.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from channels.voice.media.codings import Codec
from channels.voice.media.leg import Leg
from channels.voice.media.mixing import GainMatrix

_Rows = NDArray[np.intp]


class Plan(NamedTuple):
    """``rows`` are all legs with a codec; ``ulaw``, ``alaw`` places in it, ``coded`` the others.

    ``lifted`` are the narrow legs of wide calls. ``passed`` maps a listener's row to the one source
    whose payloads it can be given as they are; ``unheard`` are coded rows whose sound nobody needs.
    Rows from ``used`` on are of no leg.
    """

    rows: _Rows
    ulaw: _Rows
    alaw: _Rows
    coded: tuple[tuple[int, Leg], ...]
    lifted: _Rows
    detecting: _Rows
    narrow: GainMatrix
    wide: GainMatrix
    passed: Mapping[int, int]
    unheard: frozenset[int]
    used: int


def _places(legs: list[Leg], codec: Codec) -> _Rows:
    return np.array([at for at, leg in enumerate(legs) if leg.codec is codec], np.intp)


def _rows(legs: Iterable[Leg]) -> _Rows:
    return np.array([leg.row for leg in legs], np.intp)


def made(legs: Iterable[Leg], hears: Mapping[int, Mapping[int, float]], rows: int) -> Plan:
    """The plan for these legs; ``hears`` are the gains by listener and source."""
    known = [leg for leg in legs if leg.codec is not None]
    coded = tuple((at, leg) for at, leg in enumerate(known) if leg.coder is not None)
    wide_rows = _reached({leg.row for _, leg in coded}, hears) if coded else set()
    narrow, wide = GainMatrix(rows), GainMatrix(rows)
    for listener, gains in hears.items():
        (wide if listener in wide_rows else narrow).hear(listener, gains)
    by_row = {leg.row: leg for leg in known}
    passed = _passed(by_row, wide) if coded else {}
    return Plan(
        rows=_rows(known),
        ulaw=_places(known, Codec.PCMU),
        alaw=_places(known, Codec.PCMA),
        coded=coded,
        lifted=_rows(leg for leg in known if leg.narrow and leg.row in wide_rows),
        detecting=_rows(leg for leg in known if leg.detects or leg.mask is not None),
        narrow=narrow,
        wide=wide,
        passed=passed,
        unheard=_unheard(coded, wide, passed, by_row),
        used=max(by_row, default=-1) + 1,
    )


def _reached(begin: set[int], hears: Mapping[int, Mapping[int, float]]) -> set[int]:
    """All rows that are joined to these, in either direction, over any number of others."""
    joined: dict[int, set[int]] = {}
    for listener, gains in hears.items():
        for source in gains:
            joined.setdefault(listener, set()).add(source)
            joined.setdefault(source, set()).add(listener)
    found, left = set(begin), list(begin)
    while left:
        fresh = joined.get(left.pop(), set()) - found
        found |= fresh
        left += fresh
    return found


def _passed(legs: Mapping[int, Leg], wide: GainMatrix) -> dict[int, int]:
    """Same codec on both sides and nothing to add. In G.711 coding anew gives the same bytes."""
    found = {}
    for listener, source in wide.sole_sources().items():
        ours, theirs = legs.get(listener), legs.get(source)
        if ours is None or theirs is None or ours.coder is None:
            continue
        if ours.codec is theirs.codec and theirs.mask is None and ours.playing is None:
            found[listener] = source
    return found


def _unheard(
    coded: tuple[tuple[int, Leg], ...],
    wide: GainMatrix,
    passed: Mapping[int, int],
    legs: Mapping[int, Leg],
) -> frozenset[int]:
    heard_by: dict[int, list[int]] = {}
    for listener in legs:
        for source in wide.heard_by(listener):
            heard_by.setdefault(source, []).append(listener)
    return frozenset(
        leg.row
        for _, leg in coded
        if leg.recorder is None and leg.mask is None and not leg.detects
        if all(
            passed.get(listener) == leg.row and legs[listener].recorder is None
            for listener in heard_by.get(leg.row, [])
        )
    )
