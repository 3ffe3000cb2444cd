"""Times drawn from distributions. All randomness comes from the one generator that is given."""

import math
import random
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.model.errors import InvalidInput
from router.model.ids import HOUR_MS

Kind = Literal["constant", "exponential", "gamma", "lognormal", "uniform", "values"]


class Times(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A distribution of durations.

    ``mean`` (and for gamma and lognormal ``cv``, the coefficient of variation) or ``low`` and
    ``high`` or the list ``values``. With probability ``zero`` the duration is 0 instead.
    """

    kind: Kind = "exponential"
    mean_ms: Annotated[int, Meta(ge=0)] = 0
    cv: Annotated[float, Meta(gt=0, le=100)] = 1.0
    low_ms: Annotated[int, Meta(ge=0)] = 0
    high_ms: Annotated[int, Meta(ge=0)] = 0
    values_ms: tuple[int, ...] = ()
    zero: Annotated[float, Meta(ge=0, le=1)] = 0.0

    def draw(self, source: random.Random) -> int:
        """One duration in milliseconds."""
        if self.zero and source.random() < self.zero:
            return 0
        return max(0, round(self._draw(source)))

    def _draw(self, source: random.Random) -> float:
        match self.kind:
            case "constant":
                return self.mean_ms
            case "exponential":
                return source.expovariate(1 / self.mean_ms) if self.mean_ms else 0
            case "gamma":
                shape = 1 / self.cv**2
                return source.gammavariate(shape, self.mean_ms / shape)
            case "lognormal":
                sigma2 = math.log(1 + self.cv**2)
                return source.lognormvariate(
                    math.log(max(self.mean_ms, 1e-9)) - sigma2 / 2, math.sqrt(sigma2)
                )
            case "uniform":
                return source.uniform(self.low_ms, self.high_ms)
            case "values":
                return source.choice(self.values_ms)

    def mistake(self) -> str:
        """What is wrong with it as a whole; empty when nothing is."""
        if self.kind == "values" and not self.values_ms:
            return "give the list `values`"
        if self.kind == "uniform" and self.high_ms < self.low_ms:
            return "`high` is less than `low`"
        if self.kind in ("exponential", "gamma", "lognormal") and self.mean_ms <= 0:
            return "give a `mean` above 0"
        return ""


class Arrivals(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one kind of customers reaches us.

    A Poisson process with ``rate`` an hour, or with ``rates`` an hour for pieces of ``piece``
    each; or the moments of ``file`` (one offset from the day's start in seconds a line). All rates
    of a day are multiplied by one factor, gamma distributed with mean 1 and ``day_factor`` as its
    shape (0: no factor).
    """

    medium: str = "voice"
    address: str = ""
    rate: Annotated[float, Meta(ge=0)] = 0.0
    rates: tuple[Annotated[float, Meta(ge=0)], ...] = ()
    piece_ms: Annotated[int, Meta(gt=0)] = HOUR_MS
    file: str = ""
    day_factor: Annotated[float, Meta(ge=0)] = 0.0
    attributes: dict[str, str] = {}
    service: Times = Times(kind="constant")
    patience: Times | None = None
    wrap_up: Times = Times(kind="constant")

    def moments(
        self, source: random.Random, length_ms: int, recorded: tuple[int, ...]
    ) -> list[int]:
        """The arrivals of one day of this length, in milliseconds from its start, in order."""
        if self.file:
            return [moment for moment in recorded if moment < length_ms]
        factor = source.gammavariate(self.day_factor, 1 / self.day_factor) if self.day_factor else 1
        if not self.rates:
            return _poisson(source, self.rate * factor, 0, length_ms)
        found: list[int] = []
        for number, rate in enumerate(self.rates):
            start = number * self.piece_ms
            end = min(start + self.piece_ms, length_ms)
            found += _poisson(source, rate * factor, start, end)
        return found


def _poisson(source: random.Random, an_hour: float, start_ms: int, end_ms: int) -> list[int]:
    found: list[int] = []
    at = float(start_ms)
    while an_hour > 0:
        at += source.expovariate(an_hour / HOUR_MS)
        if at >= end_ms:
            break
        found.append(int(at))
    return found


def read_moments(text: str, name: str) -> tuple[int, ...]:
    """The moments of a file, in milliseconds, sorted. Raises InvalidInput naming the line."""
    found: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        word = line.partition("#")[0].strip()
        if not word:
            continue
        try:
            found.append(round(float(word) * 1_000))
        except ValueError as error:
            raise InvalidInput(
                f"{name}, line {number}: {word!r} is no number of seconds"
            ) from error
    return tuple(sorted(found))
