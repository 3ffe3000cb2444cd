"""Versions are kept whole, files are exchanged whole, whatever dies in between."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.exchanging import PLAN_NAME, exchange, finish
from config.versions import Versions, difference, revision_of
from router.model.errors import InvalidInput, NotFound, StorageFailed
from router.storage.durable_files import write_durably
from router.storage.system import SystemClock
from tests.config.support import write

ONE = {"a.toml": "x = 1\n", "b.toml": "y = 1\n"}
TWO = {"a.toml": "x = 2\n", "c.toml": "z = 1\n"}


@pytest.fixture
def versions(tmp_path: Path) -> Versions:
    """An empty history."""
    return Versions(tmp_path / "versions", SystemClock())


def test_each_text_in_force_is_kept_once_with_who_and_why(versions: Versions) -> None:
    assert versions.record(ONE, "v1") == 1
    assert versions.record(ONE, "v1") == 1
    versions.announce(revision_of(TWO), by="ana", why="holidays")
    assert versions.record(TWO, "v2") == 2
    newest, oldest = versions.heads()
    assert (newest.number, newest.by, newest.why) == (2, "ana", "holidays")
    assert (oldest.number, oldest.by, oldest.version) == (1, "", "v1")
    assert versions.heads(before=2) == [oldest]
    assert versions.show(2).texts == TWO
    with pytest.raises(NotFound, match="no version 7"):
        versions.show(7)


def test_a_version_shows_what_it_changed(versions: Versions) -> None:
    versions.record(ONE, "v1")
    versions.record(TWO, "v2")
    lines = versions.difference(2).splitlines()
    assert [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")] == [
        "-x = 1",
        "+x = 2",
        "-y = 1",
        "+z = 1",
    ]
    assert "+x = 1" in versions.difference(1)
    assert versions.difference(1, against=1) == ""
    assert difference(ONE, ONE) == ""


def test_a_revision_is_of_names_and_texts_alike() -> None:
    assert revision_of(ONE) == revision_of(dict(reversed(ONE.items())))
    assert len({revision_of(each) for each in (ONE, TWO, {}, {"a.toml": ""}, {"": "a.toml"})}) == 5


def test_files_are_exchanged_all_at_once(tmp_path: Path) -> None:
    write(tmp_path, ONE)
    os.chmod(tmp_path / "a.toml", 0o640)
    exchange(tmp_path, {"a.toml": "x = 2\n", "b.toml": None, "channels/mail.toml": "host = 'h'\n"})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.toml", "channels"]
    assert (tmp_path / "a.toml").read_text() == "x = 2\n"
    assert os.stat(tmp_path / "a.toml").st_mode & 0o777 == 0o640
    assert os.stat(tmp_path / "channels" / "mail.toml").st_mode & 0o777 == 0o600


@pytest.mark.parametrize("writes", [1, 2, 3])
def test_an_exchange_cut_off_by_a_crash_is_finished_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """The process dies after so many renames; what is left is the old whole or the new whole."""
    write(tmp_path, ONE)
    real, left = os.replace, writes

    def dying(source: Path, target: Path) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1
        real(source, target)

    monkeypatch.setattr(os, "replace", dying)
    with pytest.raises(KeyboardInterrupt):
        exchange(tmp_path, {"a.toml": "x = 2\n", "b.toml": "y = 2\n", "c.toml": "z = 2\n"})
    monkeypatch.undo()
    assert finish(tmp_path)
    assert not finish(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.glob("*.toml")} == {
        "a.toml": "x = 2\n",
        "b.toml": "y = 2\n",
        "c.toml": "z = 2\n",
    }


def test_a_full_disk_leaves_the_old_file_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, ONE)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFailed, match="No space left"):
        exchange(tmp_path, {"a.toml": "x = 2\n"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == ONE


@pytest.mark.parametrize(
    "name", ["../a.toml", "/etc/a.toml", "x/a.toml", "a.txt", "channels/../../a.toml"]
)
def test_nothing_is_written_outside_the_configuration(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="no file of a configuration"):
        exchange(tmp_path, {name: "x = 1\n"})


def test_a_plan_that_was_tampered_with_is_not_carried_out(tmp_path: Path) -> None:
    write_durably(tmp_path / PLAN_NAME, b'{"texts":{"../evil.toml":"x = 1"}}')
    with pytest.raises(InvalidInput, match="no file of a configuration"):
        finish(tmp_path)
    write_durably(tmp_path / PLAN_NAME, b"{")
    with pytest.raises(StorageFailed, match="cannot be carried out"):
        finish(tmp_path)
