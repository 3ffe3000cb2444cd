"""Exports: tables as CSV that no spreadsheet runs as a program (FILE-5)."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

Cell = str | int | float | None
ROWS_MAX = 1_000_000
"""Rows of one export at most."""
_DANGEROUS = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
"""What begins a formula; spreadsheets of some languages take the wide forms as well."""


def safe_cell(cell: Cell) -> Cell:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(cell, str) and cell.startswith(_DANGEROUS):
        return f"'{cell}"
    return cell


def csv_lines(rows: Iterable[Sequence[Cell]]) -> Iterator[bytes]:
    """The rows as UTF-8 CSV with CRLF line ends (RFC 4180) and a byte order mark for Excel.

    Empty cells are "no data". Ends after ``ROWS_MAX`` rows with a line that says so.
    """
    yield b"\xef\xbb\xbf"
    for number, row in enumerate(rows):
        if number > ROWS_MAX:
            yield f"cut after {ROWS_MAX} rows\r\n".encode()
            return
        buffer = io.StringIO()
        csv.writer(buffer).writerow(["" if c is None else safe_cell(c) for c in row])
        yield buffer.getvalue().encode()
