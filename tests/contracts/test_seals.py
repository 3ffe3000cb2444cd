"""The contract of sealed words, sealed files, named keys and customer cards, on both databases."""

import asyncio
import json
import sqlite3
import stat
from pathlib import Path

import msgspec
import pytest

from router.model.content import Sealed
from router.model.errors import InvalidInput, NotFound, StorageFailed
from router.model.ids import EntryId, Instant, SubjectId
from router.storage.keystore import CACHE_MS, KeyStore
from router.storage.seals import PLAIN_MOST_BYTES, BoxSeals
from tests.contracts.vaults import ANN, BOB, Vault

ENTRY = EntryId("e" * 32)


def test_sealed_words_open_again_after_a_restart_priv_1(vault: Vault) -> None:
    boxes: list[Sealed] = []

    async def write(keys: KeyStore) -> None:
        boxes.append(await BoxSeals(keys).seal(ANN, ENTRY, "content/1", b"my knee hurts"))
        assert b"knee" not in boxes[0].box

    async def read(keys: KeyStore) -> None:
        assert await BoxSeals(keys).open(boxes[0], ENTRY) == b"my knee hurts"

    vault.run(write)
    vault.run(read)


def test_the_same_words_are_never_the_same_box(vault: Vault) -> None:
    async def use(keys: KeyStore) -> None:
        seals = BoxSeals(keys)
        boxes = {(await seals.seal(ANN, ENTRY, "content/1", b"yes")).box for _ in range(50)}
        assert len(boxes) == 50
        assert {box[0] for box in boxes} == {1}

    vault.run(use)


def test_a_box_that_was_moved_or_changed_stays_shut_priv_1(vault: Vault) -> None:
    async def use(keys: KeyStore) -> None:
        seals = BoxSeals(keys)
        sealed = await seals.seal(ANN, ENTRY, "content/1", b"for Ann")
        await seals.seal(BOB, ENTRY, "content/1", b"for Bob")
        moved = [
            (sealed, EntryId("f" * 32)),
            (msgspec.structs.replace(sealed, subject=BOB), ENTRY),
            (msgspec.structs.replace(sealed, schema="content/2"), ENTRY),
        ]
        box = sealed.box
        for at in range(len(box)):
            forged = box[:at] + bytes([box[at] ^ 1]) + box[at + 1 :]
            moved.append((msgspec.structs.replace(sealed, box=forged), ENTRY))
        for cut in (b"", box[:1], box[:20], box[:-1], box + b"\0"):
            moved.append((msgspec.structs.replace(sealed, box=cut), ENTRY))
        for forged_box, entry in moved:
            with pytest.raises(InvalidInput):
                await seals.open(forged_box, entry)

    vault.run(use)


def test_a_forgotten_subject_opens_nothing_any_more_and_gets_no_new_key(vault: Vault) -> None:
    boxes: list[Sealed] = []

    async def forget(keys: KeyStore) -> None:
        seals = BoxSeals(keys)
        boxes.append(await seals.seal(ANN, ENTRY, "content/1", b"forget me"))
        boxes.append(await seals.seal(BOB, ENTRY, "content/1", b"but not me"))
        await seals.forget(ANN)
        await seals.forget(ANN)
        with pytest.raises(NotFound):
            await seals.open(boxes[0], ENTRY)

    async def later(keys: KeyStore) -> None:
        seals = BoxSeals(keys)
        with pytest.raises(NotFound):
            await seals.open(boxes[0], ENTRY)
        with pytest.raises(NotFound) as caught:
            await seals.seal(ANN, ENTRY, "content/1", b"again")
        assert caught.value.code == "forgotten"
        assert await seals.open(boxes[1], ENTRY) == b"but not me"

    vault.run(forget)
    vault.run(later)


def test_a_key_destroyed_by_another_process_is_out_of_the_cache_in_five_seconds(
    vault: Vault,
) -> None:
    async def use(keys: KeyStore) -> None:
        seals = BoxSeals(keys)
        sealed = await seals.seal(ANN, ENTRY, "content/1", b"words")
        async with vault.open() as elsewhere:
            await elsewhere.forget(ANN)
        vault.clock.at = Instant(vault.clock.at + CACHE_MS)
        with pytest.raises(NotFound):
            await seals.open(sealed, ENTRY)

    vault.run(use)


def test_two_who_make_the_first_key_of_a_subject_at_once_get_the_same(vault: Vault) -> None:
    async def use(keys: KeyStore) -> None:
        async with vault.open() as other:
            made = await asyncio.gather(
                *(store.ensured(ANN) for store in (keys, other, keys, other))
            )
        assert len(set(made)) == 1

    vault.run(use)


def test_new_master_keys_open_old_boxes_and_the_old_one_is_needed_no_more(vault: Vault) -> None:
    boxes: list[Sealed] = []
    named: list[bytes] = []

    async def rotate(keys: KeyStore) -> None:
        for number in range(510):
            await keys.ensured(SubjectId(f"{number:032x}"))
        boxes.append(await BoxSeals(keys).seal(ANN, ENTRY, "content/1", b"words"))
        named.append(keys.key("mail threads"))
        assert await keys.rotate() == 512

    async def read(keys: KeyStore) -> None:
        assert await BoxSeals(keys).open(boxes[0], ENTRY) == b"words"
        assert keys.key("mail threads") == named[0]

    vault.run(rotate)
    sheet = json.loads(vault.key_file.read_text())
    assert sheet["current"] == 2
    del sheet["keys"]["1"]
    vault.key_file.write_text(json.dumps(sheet))
    vault.run(read)


def test_a_lost_master_key_is_named_instead_of_replaced(vault: Vault) -> None:
    async def seal(keys: KeyStore) -> None:
        await keys.ensured(ANN)

    vault.run(seal)
    vault.key_file.unlink()
    with pytest.raises(StorageFailed, match="version 1 is missing"):
        vault.run(seal)
    assert not vault.key_file.exists()


def test_a_given_master_key_makes_no_file_and_is_renewed_by_a_line_above_it(vault: Vault) -> None:
    boxes: list[Sealed] = []

    async def seal(keys: KeyStore) -> None:
        boxes.append(await BoxSeals(keys).seal(ANN, ENTRY, "content/1", b"words"))
        with pytest.raises(StorageFailed, match="given from outside"):
            await keys.rotate()

    async def read(keys: KeyStore) -> None:
        assert await BoxSeals(keys).open(boxes[0], ENTRY) == b"words"

    old, new = "an old secret of the operator's own", "a new secret of the operator's own"
    vault.given = old + "\n"
    vault.run(seal)
    assert not vault.key_file.exists()
    vault.given = new
    with pytest.raises(StorageFailed, match="is missing"):
        vault.run(read)
    vault.given = f"{new}\n{old}\n"
    vault.run(read)
    # All is wrapped by the new one now.
    vault.given = new
    vault.run(read)


def test_a_centre_of_the_lab_goes_on_under_a_given_master_key(vault: Vault) -> None:
    boxes: list[Sealed] = []

    async def seal(keys: KeyStore) -> None:
        boxes.append(await BoxSeals(keys).seal(ANN, ENTRY, "content/1", b"words"))

    async def read(keys: KeyStore) -> None:
        assert await BoxSeals(keys).open(boxes[0], ENTRY) == b"words"

    vault.run(seal)
    vault.given = "a secret of the operator's own choice"
    vault.run(read)
    vault.key_file.unlink()
    vault.run(read)


def test_a_master_key_that_can_be_guessed_is_refused(vault: Vault) -> None:
    vault.given = "hunter2"

    async def use(keys: KeyStore) -> None:
        await keys.ensured(ANN)

    with pytest.raises(StorageFailed, match="fewer than 32 characters"):
        vault.run(use)


def test_named_keys_are_256_bits_stable_and_different(vault: Vault) -> None:
    seen: list[dict[str, bytes]] = []

    async def use(keys: KeyStore) -> None:
        seen.append({name: keys.key(name) for name in ("mail", "chat", "")})
        assert all(len(key) == 32 for key in seen[-1].values())

    vault.run(use)
    vault.run(use)
    assert seen[0] == seen[1]
    assert len(set(seen[0].values())) == 3


def test_too_much_for_a_box_is_refused(vault: Vault) -> None:
    async def use(keys: KeyStore) -> None:
        with pytest.raises(InvalidInput):
            await BoxSeals(keys).seal(ANN, ENTRY, "content/1", bytes(PLAIN_MOST_BYTES + 1))

    vault.run(use)


def test_key_file_and_key_store_are_private_and_hold_no_key_in_clear_db_1(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)
    made: list[bytes] = []

    async def use(keys: KeyStore) -> None:
        made.append(await keys.ensured(ANN))

    vault.run(use)
    for file in (vault.key_file, tmp_path / "keys" / "keys.db"):
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert made[0] not in file.read_bytes()
    vault.key_file.chmod(0o640)
    with pytest.raises(StorageFailed, match="chmod 600"):
        vault.run(use)


@pytest.mark.parametrize("text", ["", "{}", "nonsense", '{"current": 1, "keys": {}}'])
def test_a_damaged_key_file_is_refused_and_not_overwritten(tmp_path: Path, text: str) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)
    vault.key_file.parent.mkdir()
    vault.key_file.write_text(text)
    vault.key_file.chmod(0o600)

    async def use(keys: KeyStore) -> None:
        await keys.ensured(ANN)

    with pytest.raises(StorageFailed, match=r"master\.json"):
        vault.run(use)
    assert vault.key_file.read_text() == text


def test_a_wrapped_key_that_was_swapped_in_the_store_does_not_unwrap(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)

    async def make(keys: KeyStore) -> None:
        await keys.ensured(ANN)
        await keys.ensured(BOB)

    async def read(keys: KeyStore) -> None:
        with pytest.raises(StorageFailed, match="changed"):
            await keys.existing(ANN)

    vault.run(make)
    connection = sqlite3.connect(tmp_path / "keys" / "keys.db")
    connection.execute(
        "UPDATE subject_keys SET wrapped ="
        " (SELECT wrapped FROM subject_keys WHERE subject = ?) WHERE subject = ?",
        (BOB, ANN),
    )
    connection.commit()
    connection.close()
    vault.run(read)


def test_a_forgotten_key_is_gone_from_the_file_itself(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)
    path = tmp_path / "keys" / "keys.db"
    wrapped: list[bytes] = []

    async def use(keys: KeyStore) -> None:
        await keys.ensured(ANN)
        connection = sqlite3.connect(path)
        wrapped.append(connection.execute("SELECT wrapped FROM subject_keys").fetchone()[0])
        connection.close()
        assert any(wrapped[0] in file.read_bytes() for file in path.parent.glob("keys.db*"))
        await keys.forget(ANN)
        assert not any(wrapped[0] in file.read_bytes() for file in path.parent.glob("keys.db*"))

    vault.run(use)
