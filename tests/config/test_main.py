"""The command line: commands are found by scanning, exit codes mean what the help says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.main import commands, main
from tests.config.support import CENTRE, with_line, write


def test_commands_are_found_by_scanning_their_folder() -> None:
    assert {"check", "version"} <= set(commands())


def test_every_command_has_a_help_of_one_line_and_exits_with_0_for_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in commands():
        with pytest.raises(SystemExit) as left:
            main([name, "--help"])
        assert left.value.code == 0
        assert f"carillon {name}" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["chekc"], ["check", "--fodler", "x"]])
def test_wrong_usage_leaves_with_code_2(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    assert "usage: carillon" in capsys.readouterr().err


def test_check_counts_what_it_found_and_leaves_with_0(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, CENTRE | {"channels.toml": "[channels]\n"})
    assert main(["check", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert out.startswith(f"{tmp_path}: 2 queues, 1 agents, 1 rules; version ")
    assert out.endswith("; no warnings\n")


def test_check_prints_all_mistakes_and_then_leaves_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = with_line("queues.toml", '"patient"', '"patent"')
    files["rules.toml"] = files["rules.toml"].replace('"support"', '"suport"')
    write(tmp_path, files)
    assert main(["check", "--folder", str(tmp_path)]) == 1
    rows = capsys.readouterr().out.splitlines()
    assert [row.split(": ")[0] for row in rows[:2]] == [
        "mistake  queues.toml:2:1",
        "mistake  rules.toml:7:1",
    ]
    assert rows[2] == f"{tmp_path}: 2 mistakes; it cannot be used"


def test_check_speaks_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, with_line("queues.toml", '"patient"', '"patent"'))
    assert main(["check", "--json", "--folder", str(tmp_path)]) == 1
    answer = json.loads(capsys.readouterr().out)
    assert answer["ok"] is False
    assert answer["version"] is None
    assert answer["mistakes"] == [
        {
            "file": "queues.toml",
            "line": 2,
            "column": 1,
            "field": "queue.sales.plan",
            "message": 'no plan is named "patent"; did you mean "patient"?',
        }
    ]


def test_check_takes_the_folder_from_the_environment(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CARILLON_CONFIG", str(tmp_path / "nowhere"))
    assert main(["check"]) == 1
    assert str(tmp_path / "nowhere") in capsys.readouterr().out


def test_version_names_the_program_and_its_python(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {"carillon", "python"}
    assert main(["version"]) == 0
    assert capsys.readouterr().out.startswith("carillon ")
