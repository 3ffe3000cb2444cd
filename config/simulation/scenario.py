"""The text of a scenario: sections of its own beside those of a configuration.

``[scenario]``, ``[arrivals.NAME]``, ``[staff.NAME]`` and ``[faults]`` are the simulator's;
``[queue.NAME]``, ``[rules]``, ``[plan.NAME]`` ... are read exactly as in a configuration.
"""

from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from config.catalogue import build_catalogue
from config.catalogue_names import Known
from config.catalogue_text import CentreText
from config.check import FORMS, PLANNED_MEDIA
from config.decoding import Decoder
from config.defaults import with_defaults
from config.findings import Findings, Mistake
from config.references import SecretReader
from config.simulation.sampling import Arrivals, Times, read_moments
from config.toml_folder import parse_text
from router.model.catalogue import Catalogue
from router.model.errors import InvalidInput
from router.model.ids import DAY_MS, HOUR_MS, AgentId
from router.strategies import strategies

OWN = ("scenario", "arrivals", "staff", "faults")
AGENTS_MAX = 50_000


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the sections share."""


class Day(Plain, frozen=True, kw_only=True):
    """``[scenario]``: how long a day is, how many are run, and whether those waiting at its end
    are still served."""

    title: Annotated[str, Meta(max_length=200)] = ""
    length_ms: Annotated[int, Meta(gt=0, le=7 * DAY_MS)] = 8 * HOUR_MS
    warm_up_ms: Annotated[int, Meta(ge=0, le=7 * DAY_MS)] = 0
    days: Annotated[int, Meta(ge=1, le=100_000)] = 10
    drain: bool = True


class Staff(Plain, frozen=True, kw_only=True):
    """``[staff.NAME]``: agents with the same profile.

    ``count`` of them all day, or ``counts`` for pieces of ``piece`` each and ``after`` when the day
    is over. They answer after ``answer``; an offer is not answered with ``no_answer`` and declined
    with ``decline`` probability.
    """

    count: Annotated[int, Meta(ge=0, le=AGENTS_MAX)] = 0
    counts: tuple[Annotated[int, Meta(ge=0, le=AGENTS_MAX)], ...] = ()
    after: Annotated[int, Meta(ge=0, le=AGENTS_MAX)] | None = None
    piece_ms: Annotated[int, Meta(gt=0)] = HOUR_MS
    queues: tuple[str, ...] = ()
    skills: dict[str, int] = {}
    answer: Times = Times(kind="constant")
    no_answer: Annotated[float, Meta(ge=0, le=1)] = 0.0
    decline: Annotated[float, Meta(ge=0, le=1)] = 0.0

    @property
    def most(self) -> int:
        """How many there ever are."""
        return max((self.count, *self.counts, self.after or 0))

    def at(self, moment_ms: int, length_ms: int) -> int:
        """How many are there at a moment of the day."""
        if moment_ms >= length_ms and self.after is not None:
            return self.after
        if not self.counts:
            return self.count
        return self.counts[min(moment_ms // self.piece_ms, len(self.counts) - 1)]


class Faults(Plain, frozen=True, kw_only=True):
    """``[faults]``: how often things break, per hour of a day.

    A crash folds the state anew from the log; a lost desk comes back after ``desk_away``.
    """

    crashes: Annotated[float, Meta(ge=0, le=1_000)] = 0.0
    desks_lost: Annotated[float, Meta(ge=0, le=10_000)] = 0.0
    desk_away: Times = Times(kind="constant", mean_ms=60_000)


class _Text(Plain, frozen=True, kw_only=True):
    scenario: Day = Day()
    arrivals: dict[str, Arrivals] = {}
    staff: dict[str, Staff] = {}
    faults: Faults = Faults()


class Scenario(Plain, frozen=True, kw_only=True):
    """A scenario, ready to run: the catalogue holds its queues, rules and agents."""

    day: Day
    arrivals: dict[str, Arrivals]
    staff: dict[str, Staff]
    faults: Faults
    catalogue: Catalogue
    recorded: dict[str, tuple[int, ...]]

    def agents(self, group: str) -> list[AgentId]:
        """The agents of a group, the first to come first."""
        return [AgentId(f"{group}-{n}") for n in range(1, self.staff[group].most + 1)]


class Mistaken(InvalidInput):
    """A scenario with mistakes; ``mistakes`` holds all of them with file and line."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        super().__init__("\n".join(str(mistake) for mistake in mistakes), field="scenario")
        self.mistakes = mistakes


def read_scenario(path: Path) -> Scenario:
    """Read a scenario. Raises Mistaken with every mistake, OSError when there is no such file."""
    found = parse_text(path.read_text(encoding="utf-8"), path.name)
    findings = found.findings
    own = {name: found.tree.pop(name) for name in OWN if name in found.tree}
    decoder = Decoder(findings, SecretReader(path.parent, {}), FORMS)
    text = decoder.decode(own, _Text, ()) or _Text()
    found.tree.setdefault("agent", {}).update(_agents(text))
    with_defaults(found)
    centre = decoder.decode(found.tree, CentreText, ()) or CentreText()
    known = Known(media=PLANNED_MEDIA, strategies=frozenset(strategies()))
    catalogue = build_catalogue(centre, found.tree, findings, known)
    recorded = {
        name: _recorded(path.parent, name, kind, findings) for name, kind in text.arrivals.items()
    }
    _check(text, findings)
    if findings.mistakes or catalogue is None:
        raise Mistaken(findings.mistakes)
    return Scenario(
        day=text.scenario,
        arrivals=text.arrivals,
        staff=text.staff,
        faults=text.faults,
        catalogue=catalogue,
        recorded=recorded,
    )


def _agents(text: _Text) -> dict[str, Any]:
    return {
        f"{group}-{number}": {"queues": list(staff.queues), "skills": dict(staff.skills)}
        for group, staff in text.staff.items()
        for number in range(1, min(staff.most, AGENTS_MAX) + 1)
    }


def _recorded(folder: Path, name: str, kind: Arrivals, findings: Findings) -> tuple[int, ...]:
    if not kind.file:
        return ()
    try:
        return read_moments((folder / kind.file).read_text(encoding="utf-8"), kind.file)
    except (OSError, InvalidInput) as error:
        findings.mistake(("arrivals", name, "file"), str(error))
        return ()


def _check(text: _Text, findings: Findings) -> None:
    for name, kind in text.arrivals.items():
        for field, times in (
            ("service", kind.service),
            ("patience", kind.patience),
            ("wrap_up", kind.wrap_up),
        ):
            if times is not None and times.mistake():
                findings.mistake(("arrivals", name, field), times.mistake())
    if not text.arrivals:
        findings.mistake(("arrivals",), "nobody arrives: write an [arrivals.NAME]")
    if not text.staff:
        findings.mistake(("staff",), "nobody answers: write a [staff.NAME]")
