"""Benchmarks: a module per group, each figure with its target.

A module has ``GROUP`` (its name) and ``run() -> list[Figure]``. ``python -m tests.bench`` runs all
of them, or those named in the environment variable ``ONLY`` (separated by commas).
"""

from __future__ import annotations

import msgspec


class Figure(msgspec.Struct, frozen=True):
    """One measured value. ``at_most``: the target is an upper bound, else a lower one."""

    name: str
    value: float
    unit: str
    target: float
    at_most: bool = True
    note: str = ""

    @property
    def met(self) -> bool:
        return self.value <= self.target if self.at_most else self.value >= self.target
