"""Signed checkpoints: an audit that was cut off or written anew shows (PRIV-6)."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent_desktop.audit import Verdict
from config.audit import Audit, verify
from config.checkpoints import EVERY_ENTRIES, Checkpoint, Checkpoints, Marks, pem_of, public_key
from config.logs import Logs
from config.main import main
from config.settings_types import LogSettings
from router.model.errors import StorageFailed
from router.storage.system import SystemClock
from tests.config.support import CENTRE, write


class Place:
    """Where an audit, its checkpoints and its key lie."""

    def __init__(self, folder: Path) -> None:
        self.audit = folder / "audit.jsonl"
        self.checkpoints = folder / "audit.checkpoints.jsonl"
        self.key = folder / "keys" / "audit.key"

    def signing(self) -> Checkpoints:
        return Checkpoints(self.checkpoints, self.key, SystemClock())

    def lines(self) -> list[str]:
        return self.audit.read_text().splitlines()

    def verdict(self) -> Verdict:
        return verify(self.audit, Marks(self.checkpoints, public_key(self.key)))


def tell(place: Place, story: Callable[[Audit], Awaitable[None]]) -> None:
    async def told() -> None:
        audit = Audit(place.audit, SystemClock(), place.signing())
        await audit.open()
        await story(audit)

    asyncio.run(told())


def filled(place: Place, *counts: int) -> None:
    """Lines, signed after each of these counts."""

    async def fill(audit: Audit) -> None:
        for count in counts:
            for number in range(count):
                await audit.record("change", f"queue.q{number}", actor="ana", role="manager")
            await audit.sign()

    tell(place, fill)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_what_was_signed_is_verified_to_its_last_line(place: Place) -> None:
    filled(place, 3, 2)
    filled(place, 1)
    verdict = place.verdict()
    assert (verdict.entries, verdict.first_bad) == (6, None)
    assert (verdict.checkpoints, verdict.signed_to) == (3, 6)
    assert [each.stat().st_mode & 0o777 for each in (place.key, place.checkpoints)] == [0o600] * 2


def test_nothing_new_is_not_signed_again(place: Place) -> None:
    filled(place, 2)
    filled(place, 0, 0)
    assert place.verdict().checkpoints == 1


def test_lines_of_the_command_line_are_signed_by_the_centre(place: Place) -> None:
    async def story(audit: Audit) -> None:
        other = Audit(place.audit, SystemClock())
        await other.open()
        await other.record("users.role", "user mia", actor="root")
        await audit.sign()

    tell(place, story)
    assert place.verdict().signed_to == 1


def test_so_many_lines_are_signed_without_waiting_for_the_minute(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("config.checkpoints.EVERY_ENTRIES", 4)
    assert EVERY_ENTRIES == 256

    async def story(audit: Audit) -> None:
        for number in range(9):
            await audit.record("change", str(number), actor="ana")

    tell(place, story)
    assert (place.verdict().checkpoints, place.verdict().signed_to) == (2, 8)


def test_who_keeps_signing_signs_once_more_at_the_end(place: Place) -> None:
    async def story(audit: Audit) -> None:
        signing = asyncio.create_task(audit.keep_signing())
        await asyncio.sleep(0)
        await audit.record("change", "one", actor="ana")
        signing.cancel()
        await asyncio.gather(signing, return_exceptions=True)

    tell(place, story)
    assert place.verdict().signed_to == 1


def rewritten(place: Place, keep: int, *, actor: str) -> None:
    """The chain as somebody would write it anew who owns the file but not its key."""
    place.audit.write_text("".join(f"{line}\n" for line in place.lines()[:keep]))

    async def forge() -> None:
        forging = Audit(place.audit, SystemClock())
        await forging.open()
        for number in range(keep, 6):
            await forging.record("change", f"queue.q{number}", actor=actor)

    asyncio.run(forge())


def test_a_chain_written_anew_is_found_at_the_first_line_that_was_signed(place: Place) -> None:
    filled(place, 2, 2, 2)
    rewritten(place, 2, actor="eve")
    assert verify(place.audit).first_bad is None
    verdict = place.verdict()
    assert verdict.first_bad == 4
    assert "is not the one that was signed; what follows line 2" in verdict.reason
    assert verdict.signed_to == 2


def test_a_tail_that_was_cut_off_is_missed(place: Place) -> None:
    filled(place, 3, 2)
    place.audit.write_text("".join(f"{line}\n" for line in place.lines()[:4]))
    verdict = place.verdict()
    assert verdict.first_bad == 5
    assert "line 5 was signed, so the end was cut off" in verdict.reason


def test_the_centre_does_not_sign_what_was_cut_off(place: Place) -> None:
    filled(place, 3)
    place.audit.write_text("".join(f"{line}\n" for line in place.lines()[:2]))

    async def story(audit: Audit) -> None:
        with pytest.raises(StorageFailed, match="ends at line 2, and line 3 was signed"):
            await audit.sign()

    tell(place, story)


def test_a_whole_audit_that_is_gone_is_missed(place: Place) -> None:
    filled(place, 3)
    place.audit.write_text("")
    assert place.verdict().first_bad == 1


@pytest.mark.parametrize(
    "forge",
    [
        lambda lines: [lines[0], lines[1].replace('"seq":4', '"seq":5'), lines[2]],
        lambda lines: [lines[0], lines[2]],
        lambda lines: [lines[0], "garbage", lines[2]],
        lambda lines: [lines[0], lines[2], lines[1]],
        lambda lines: [lines[0], lines[0], lines[1], lines[2]],
    ],
)
def test_a_forged_checkpoint_signs_nothing(
    place: Place, forge: Callable[[list[str]], list[str]]
) -> None:
    filled(place, 2, 2, 2)
    lines = place.checkpoints.read_text().splitlines()
    place.checkpoints.write_text("\n".join(forge(lines)) + "\n")
    verdict = place.verdict()
    assert (verdict.first_bad, verdict.signed_to) == (3, 2)
    assert verdict.reason.startswith("is not signed: ")


def test_another_key_has_signed_nothing(place: Place, tmp_path: Path) -> None:
    filled(place, 2)
    foreign = tmp_path / "foreign.pem"
    foreign.write_text(pem_of(Ed25519PrivateKey.generate().public_key()))
    verdict = verify(place.audit, Marks(place.checkpoints, public_key(foreign)))
    assert verdict.first_bad == 1


def test_a_missing_key_is_not_replaced_where_it_has_signed(place: Place) -> None:
    filled(place, 2)
    place.key.unlink()
    with pytest.raises(StorageFailed, match="which signed the audit, is missing: restore it"):
        filled(place, 1)


@pytest.mark.parametrize("content", [b"", b"no key", b"-----BEGIN " + b"PRIVATE KEY-----\nAAAA\n"])
def test_a_key_that_is_none_is_named(place: Place, content: bytes) -> None:
    place.key.parent.mkdir()
    place.key.write_bytes(content)
    with pytest.raises(StorageFailed, match=r"key of the audit, .*audit\.key"):
        filled(place, 1)
    with pytest.raises(StorageFailed, match=r"key of the audit, .*audit\.key"):
        public_key(place.key)


def test_a_checkpoint_torn_by_a_crash_is_made_again(place: Place) -> None:
    filled(place, 2, 2)
    whole = place.checkpoints.read_bytes()
    os.truncate(place.checkpoints, len(whole) - 20)
    filled(place, 0)
    verdict = place.verdict()
    assert (verdict.checkpoints, verdict.signed_to) == (2, 4)


def test_what_cannot_be_signed_is_logged_and_the_deed_is_done(
    place: Place, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("config.checkpoints.EVERY_ENTRIES", 1)

    async def story(audit: Audit) -> None:
        place.checkpoints.unlink()
        place.checkpoints.mkdir()
        with caplog.at_level(logging.ERROR):
            await audit.record("change", "one", actor="ana")
        assert [getattr(each, "event", "") for each in caplog.records] == ["audit_unsigned"]
        place.checkpoints.rmdir()
        await audit.record("change", "two", actor="ana")

    tell(place, story)
    assert (place.verdict().entries, place.verdict().signed_to) == (2, 2)


def test_many_lines_while_it_is_verified_are_no_forgery(place: Place) -> None:
    async def story(audit: Audit) -> None:
        async def write() -> None:
            for number in range(30):
                await audit.record("change", str(number), actor="ana")
                await audit.sign()

        writing = asyncio.create_task(write())
        while not writing.done():
            assert (await audit.verify()).first_bad is None
        await writing

    tell(place, story)
    assert (place.verdict().entries, place.verdict().checkpoints) == (30, 30)


def test_the_lines_of_the_log_are_checkpoints_too(
    place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What a collector elsewhere has kept, from some day on, verifies the file by itself."""
    written = io.StringIO()
    logs = Logs(LogSettings(), written)
    logs.start()
    try:
        filled(place, 2, 2, 2)
    finally:
        logs.stop()
    told = [line for line in written.getvalue().splitlines() if "audit_checkpoint" in line]
    assert [json.loads(line)["seq"] for line in told] == [2, 4, 6]
    kept, key = tmp_path / "kept.jsonl", tmp_path / "public.pem"
    kept.write_text("\n".join(told[1:]) + "\n")
    key.write_text(pem_of(public_key(place.key)))
    words = ["audit", "--file", str(place.audit), "--checkpoints", str(kept)]
    assert main([*words, "--public-key", str(key)]) == 0
    assert capsys.readouterr().out.endswith("2 checkpoints, signed to line 6\n")
    rewritten(place, 1, actor="eve")
    assert main([*words, "--public-key", str(key)]) == 1
    assert capsys.readouterr().out.startswith("line 4 is not the one that was signed")


def test_the_command_verifies_by_the_centre_s_own_key_and_prints_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "centre", CENTRE | {"channels.toml": "[channels]\n"})
    place = Place(folder / "data")
    filled(place, 4)
    assert main(["audit", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out.endswith("1 checkpoints, signed to line 4\n")
    assert main(["audit", "key", "--folder", str(folder)]) == 0
    assert capsys.readouterr().out == pem_of(public_key(place.key))
    rewritten(place, 0, actor="eve")
    assert main(["audit", "--folder", str(folder), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["first_bad"] == 4


def test_a_checkpoint_covers_all_that_it_says(place: Place) -> None:
    """Every field of a checkpoint, changed alone, makes it worth nothing."""
    filled(place, 2)
    (line,) = place.checkpoints.read_text().splitlines()
    said = json.loads(line)
    assert set(said) == set(Checkpoint.__struct_fields__)
    for field, value in said.items():
        other = value + 1 if isinstance(value, int) else f"{value[:-4]}AAAA"
        place.checkpoints.write_text(json.dumps({**said, field: other}) + "\n")
        assert place.verdict().first_bad == 1, field
