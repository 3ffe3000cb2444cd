"""``carillon user``: the only way to an account (CFG-3)."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from typing_extensions import override

from config.main import main
from tests.config.support import CENTRE, write

PASSWORD = "three trams to the harbour"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small centre without channels."""
    return write(tmp_path, CENTRE | {"channels.toml": "[channels]\n"})


def carillon(monkeypatch: pytest.MonkeyPatch, folder: Path, *words: str, typed: str = "") -> int:
    """Run ``carillon user`` with something on its standard input."""
    monkeypatch.setattr("sys.stdin", io.StringIO(typed))
    return main(["user", "--folder", str(folder), *words])


def test_users_are_made_listed_changed_and_disabled(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("add", "ana", "--role", "supervisor", "--name", "Ana Ruiz", "--team", "south")
    assert carillon(monkeypatch, folder, *words, typed=PASSWORD + "\n") == 0
    assert carillon(monkeypatch, folder, "role", "ana", "manager") == 0
    assert carillon(monkeypatch, folder, "disable", "ana") == 0
    assert carillon(monkeypatch, folder, "password", "ana", typed=PASSWORD + " again\n") == 0
    capsys.readouterr()
    assert carillon(monkeypatch, folder, "list", "--json") == 0
    (user,) = json.loads(capsys.readouterr().out)
    assert (user["user"], user["role"], user["disabled"]) == ("ana", "manager", True)
    assert user["teams"] == ["south"]
    assert carillon(monkeypatch, folder, "enable", "ana") == 0
    assert carillon(monkeypatch, folder, "list") == 0
    assert "enabled   Ana Ruiz  south" in capsys.readouterr().out


def test_there_is_no_user_until_one_is_made(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert carillon(monkeypatch, folder, "list") == 0
    assert capsys.readouterr().out == "there is no user; see: carillon user add\n"


@pytest.mark.parametrize(
    ("words", "typed", "reason"),
    [
        (("add", "ana"), "short\n", "password"),
        (("add", "ana smith"), PASSWORD, "a user's name"),
        (("role", "nobody", "agent"), "", "there is no user 'nobody'"),
        (("password", "nobody"), PASSWORD, "there is no user 'nobody'"),
    ],
)
def test_what_cannot_be_done_says_why_and_leaves_with_1(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: tuple[str, ...],
    typed: str,
    reason: str,
) -> None:
    assert carillon(monkeypatch, folder, *words, typed=typed) == 1
    out = capsys.readouterr()
    assert out.err.startswith("carillon: ")
    assert reason in out.err
    assert PASSWORD not in out.err + out.out


def test_a_folder_with_mistakes_makes_no_user(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"queues.toml": "["})
    assert carillon(monkeypatch, tmp_path, "list") == 1
    assert "cannot be used; see: carillon check" in capsys.readouterr().err


def test_a_password_is_typed_twice_on_a_terminal(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Terminal(io.StringIO):
        @override
        def isatty(self) -> bool:
            return True

    typed = iter([PASSWORD, PASSWORD + "x", PASSWORD, PASSWORD])
    monkeypatch.setattr("getpass.getpass", lambda prompt: next(typed))
    monkeypatch.setattr("sys.stdin", Terminal())
    assert main(["user", "--folder", str(folder), "add", "ana"]) == 1
    assert "the two passwords differ" in capsys.readouterr().err
    assert main(["user", "--folder", str(folder), "add", "ana"]) == 0
