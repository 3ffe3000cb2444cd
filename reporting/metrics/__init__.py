"""A file per metric: formula, population and version. ``discover`` finds them all by scanning."""

import importlib
import pkgutil
from typing import Any

from reporting.metrics.definition import Metric


def discover() -> dict[str, Metric[Any]]:
    """All metrics by name, in the order of the modules' names; a name taken twice is an error."""
    found: dict[str, Metric[Any]] = {}
    for module in pkgutil.iter_modules(__path__):
        for metric in getattr(importlib.import_module(f"{__name__}.{module.name}"), "METRICS", ()):
            if metric.name in found:
                raise ValueError(f"two metrics are named {metric.name!r}")
            found[metric.name] = metric
    return found


def over(*kinds: type[Any]) -> dict[str, Metric[Any]]:
    """The metrics whose population are rows of these kinds."""
    return {name: metric for name, metric in discover().items() if metric.over in kinds}
