"""The audit: durable before the deed, and a chain that shows what was changed (PRIV-6)."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent_desktop.audit import AuditQuestion
from config import audit as audit_module
from config.audit import FIRST, Audit, verify
from config.main import main
from router.model.errors import StorageFailed
from router.storage.system import SystemClock
from tests.config.support import CENTRE, write


def with_audit(path: Path, story: Callable[[Audit], Awaitable[None]]) -> None:
    async def tell() -> None:
        audit = Audit(path, SystemClock())
        await audit.open()
        await story(audit)

    asyncio.run(tell())


def filled(path: Path, count: int) -> Path:
    async def fill(audit: Audit) -> None:
        for number in range(count):
            await audit.record("change", f"queue.q{number}", actor="ana", role="manager")

    with_audit(path, fill)
    return path


def test_lines_chain_over_restarts_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = filled(filled(tmp_path / "audit.jsonl", 3), 2)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [row["seq"] for row in rows] == [1, 2, 3, 4, 5]
    assert rows[0]["prev"] == FIRST
    assert [row["prev"] for row in rows[1:]] == [row["h"] for row in rows[:-1]]
    assert rows[0]["utc"].endswith("Z")
    assert os.stat(path).st_mode & 0o777 == 0o600
    verdict = verify(path)
    assert (verdict.entries, verdict.last, verdict.first_bad) == (5, rows[-1]["h"], None)


def test_the_newest_lines_come_first_and_page_by_page(tmp_path: Path) -> None:
    async def story(audit: Audit) -> None:
        page = await audit.read(AuditQuestion(limit=2))
        newest = page.entries
        assert [entry.object for entry in newest] == ["queue.q4", "queue.q3"]
        assert page.next == newest[-1].seq
        older = await audit.read(AuditQuestion(before=newest[-1].seq, limit=10))
        assert [entry.object for entry in older.entries] == ["queue.q2", "queue.q1", "queue.q0"]
        assert older.next is None

    with_audit(filled(tmp_path / "a", 5), story)


def test_a_question_finds_whose_lines_of_which_kind_about_what(tmp_path: Path) -> None:
    async def story(audit: Audit) -> None:
        await audit.record("users.role", "user Mia", actor="root")
        await audit.record("content", "customer 7", actor="max")

        async def found(**asked: str) -> list[str]:
            page = await audit.read(AuditQuestion(**asked))  # type: ignore[arg-type]  # all texts
            return [entry.object for entry in page.entries]

        assert await found(actor="root") == ["user Mia"]
        assert await found(action="content") == ["customer 7"]
        assert await found(action="users") == ["user Mia"]
        assert await found(about="mia") == ["user Mia"]
        assert await found(actor="ana", about="q1") == ["queue.q1"]
        assert await found(actor="nobody") == []

    with_audit(filled(tmp_path / "a", 3), story)


def test_a_question_looks_at_so_many_lines_and_says_where_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_module, "LOOKED_AT_MAX", 4)

    async def story(audit: Audit) -> None:
        page = await audit.read(AuditQuestion(about="q0"))
        assert (list(page.entries), page.next) == ([], 7)
        page = await audit.read(AuditQuestion(about="q0", before=5))
        assert [entry.seq for entry in page.entries] == [1]

    with_audit(filled(tmp_path / "a", 10), story)


def test_a_line_nobody_can_read_hides_no_other(tmp_path: Path) -> None:
    async def story(audit: Audit) -> None:
        lines = (tmp_path / "a").read_text().splitlines()
        (tmp_path / "a").write_text("\n".join([lines[0], "garbage", *lines[2:]]) + "\n")
        page = await audit.read(AuditQuestion())
        assert [entry.seq for entry in page.entries] == [3, 1]

    with_audit(filled(tmp_path / "a", 3), story)


def test_many_writers_at_once_make_one_chain(tmp_path: Path) -> None:
    async def story(audit: Audit) -> None:
        await asyncio.gather(*(audit.record("change", str(n), actor="a") for n in range(50)))

    with_audit(tmp_path / "a", story)
    assert verify(tmp_path / "a").entries == 50


def test_two_processes_write_one_chain(tmp_path: Path) -> None:
    """The command line and the running centre have the same file open."""
    path = tmp_path / "a"

    async def tell() -> None:
        both = [Audit(path, SystemClock()), Audit(path, SystemClock())]
        for audit in both:
            await audit.open()
        for number in range(6):
            await both[number % 2].record("change", str(number), actor="a")
        await asyncio.gather(*(audit.record("change", "x", actor="a") for audit in both * 10))

    asyncio.run(tell())
    assert (verify(path).entries, verify(path).first_bad) == (26, None)


def replaced(lines: list[str], index: int, old: str, new: str) -> list[str]:
    return [*lines[:index], lines[index].replace(old, new), *lines[index + 1 :]]


@pytest.mark.parametrize(
    ("forge", "first_bad"),
    [
        (lambda lines: replaced(lines, 2, "queue.q2", "queue.q9"), 3),
        (lambda lines: replaced(lines, 2, "ana", "eve"), 3),
        (lambda lines: lines[:1] + lines[2:], 2),
        (lambda lines: [lines[1], lines[0], *lines[2:]], 1),
        (lambda lines: [*lines[:3], lines[2], *lines[3:]], 4),
        (lambda lines: [*lines[:4], "garbage"], 5),
    ],
)
def test_a_forged_file_is_found_at_its_first_bad_line(
    tmp_path: Path, forge: Callable[[list[str]], list[str]], first_bad: int
) -> None:
    path = filled(tmp_path / "a", 5)
    lines = path.read_text().splitlines()
    path.write_text("\n".join(forge(lines)) + "\n")
    verdict = verify(path)
    assert verdict.first_bad == first_bad
    assert verdict.entries == first_bad - 1


def test_a_line_torn_by_a_crash_is_cut_off_and_the_chain_goes_on(tmp_path: Path) -> None:
    path = filled(tmp_path / "a", 2)
    with path.open("ab") as stream:
        stream.write(b'{"seq":3,"utc":"20')
    filled(path, 1)
    assert verify(path).entries == 3
    assert verify(path).first_bad is None


def test_a_changed_last_line_is_noticed_at_the_start(tmp_path: Path) -> None:
    path = filled(tmp_path / "a", 2)
    path.write_text(path.read_text().replace("queue.q1", "queue.q7"))
    with pytest.raises(StorageFailed, match="line 2 was changed"):
        filled(path, 1)


def test_what_cannot_be_written_is_an_error_and_leaves_no_gap(tmp_path: Path) -> None:
    """LOG-3: administration stops where its audit cannot be written."""
    path = tmp_path / "a"

    async def story(audit: Audit) -> None:
        await audit.record("change", "one", actor="ana")
        os.rename(path, tmp_path / "kept")
        path.mkdir()
        with pytest.raises(StorageFailed, match="cannot be written"):
            await audit.record("change", "two", actor="ana")
        path.rmdir()
        os.rename(tmp_path / "kept", path)
        await audit.record("change", "three", actor="ana")

    with_audit(path, story)
    assert verify(path).first_bad is None
    assert [json.loads(line)["object"] for line in path.read_text().splitlines()] == [
        "one",
        "three",
    ]


def test_the_command_verifies_the_file_of_a_centre(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "centre", CENTRE | {"channels.toml": "[channels]\n"})
    path = filled(folder / "data" / "audit.jsonl", 3)
    assert main(["audit", "verify", "--folder", str(folder)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("3 lines, none was changed; the last one is ")
    assert out.endswith("0 checkpoints, signed to line 0\n")
    path.write_text(path.read_text().replace("queue.q1", "queue.q7"))
    assert main(["audit", "--folder", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_bad"] == 2
