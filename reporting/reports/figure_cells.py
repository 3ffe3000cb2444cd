"""Figures as the cells of a table: durations in seconds, shares between 0 and 1, no data empty."""

from collections.abc import Iterator, Mapping

from reporting.metrics.definition import Figure, Unit

Definitions = Mapping[str, Mapping[str, str | int]]


def heads(definitions: Definitions) -> Iterator[str]:
    """The heads of the columns; one of durations says that it is in seconds."""
    for name, definition in definitions.items():
        yield f"{name}_seconds" if definition["unit"] == Unit.DURATION_MS else name


def cells(figures: Mapping[str, Figure], definitions: Definitions) -> Iterator[Figure]:
    """One row's figures in the order of the heads."""
    for name, definition in definitions.items():
        value = figures[name]
        if value is not None and definition["unit"] == Unit.DURATION_MS:
            value = round(value / 1_000, 3)
        yield round(value, 6) if isinstance(value, float) else value
