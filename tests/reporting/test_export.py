"""Exports hold data that no spreadsheet runs (FILE-5)."""

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from reporting.export import csv_lines


def read_back(rows: list[list[str | int | float | None]]) -> list[list[str]]:
    """What a reader of the file finds."""
    text = b"".join(csv_lines(rows)).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_text_that_looks_like_a_formula_is_text() -> None:
    """FILE-5: cells that begin like formulas get an apostrophe."""
    dangerous = ["=1+1", "+cmd", "-2+3", "@SUM(A1)", "\tx", "\rx"]
    for cell in dangerous:
        assert read_back([[cell]]) == [["'" + cell]]


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert read_back([[-1, 0.5, None, "plain"]]) == [["-1", "0.5", "", "plain"]]


@given(st.text(max_size=50).filter(lambda text: "\0" not in text))
def test_no_cell_begins_a_formula(text: str) -> None:
    found = read_back([[text, "end"]])
    cell = found[0][0]
    assert cell.removeprefix("'") == text or cell == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
