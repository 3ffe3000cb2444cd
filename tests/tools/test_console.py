"""A step that fails shows everything the command printed, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.console import StepFailed, run_step


def test_a_step_returns_what_was_printed_and_shows_its_title(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    said = run_step(
        "ringing", ["sh", "-c", "echo $BELL; echo err >&2"], environment={"BELL": "dong"}
    )
    assert said == "dong\nerr\n"
    assert capsys.readouterr().err == "carillon: ringing\n"
    run_step("in silence", ["true"], quiet=True, folder=tmp_path)
    assert capsys.readouterr().err == ""


def test_a_failed_step_shows_everything() -> None:
    with pytest.raises(StepFailed, match=r"ringing: sh ended with code 3\nout\nerr"):
        run_step("ringing", ["sh", "-c", "echo out; echo err >&2; exit 3"], quiet=True)


def test_a_program_that_is_missing_is_named() -> None:
    with pytest.raises(StepFailed, match="the program no-such-program is not installed"):
        run_step("ringing", ["no-such-program"], quiet=True)


def test_a_step_has_a_deadline() -> None:
    with pytest.raises(StepFailed, match="not finished after 0 seconds"):
        run_step("ringing", ["sleep", "60"], deadline_s=0.1, quiet=True)
