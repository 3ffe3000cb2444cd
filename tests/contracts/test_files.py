"""The contract of sealed files (FILE-1, FILE-2 at rest)."""

import stat
from pathlib import Path

import pytest

from router.model.errors import InvalidInput, NotFound
from router.storage.files import CHUNK_BYTES, FILE_MOST_BYTES, SealedFiles
from router.storage.keystore import KeyStore
from router.storage.system import RandomIds
from tests.contracts.vaults import ANN, BOB, Vault


@pytest.mark.parametrize(
    "size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 1_000_003]
)
def test_files_come_back_whole_and_lie_sealed_file_1(vault: Vault, size: int) -> None:
    data = (b"confidential " * (size // 13 + 1))[:size]

    async def use(keys: KeyStore) -> None:
        files = SealedFiles(vault.folder / "files", keys, RandomIds())
        await files.open()
        ref = await files.put(ANN, data, "x-ray.png", "image/png")
        assert (ref.name, ref.media_type, ref.size_bytes) == ("x-ray.png", "image/png", size)
        assert await files.get(ANN, ref.file_id) == data
        (path,) = (vault.folder / "files").glob("*/*")
        assert path.name == ref.file_id
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert b"confidential" not in path.read_bytes()

    vault.run(use)


def test_files_over_25_mib_are_refused_file_1(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)

    async def use(keys: KeyStore) -> None:
        files = SealedFiles(tmp_path / "files", keys, RandomIds())
        await files.put(ANN, bytes(FILE_MOST_BYTES), "big", "image/png")
        with pytest.raises(InvalidInput, match="25 MiB"):
            await files.put(ANN, bytes(FILE_MOST_BYTES + 1), "big", "image/png")

    vault.run(use)


def test_a_file_is_found_by_its_subject_and_id_alone_file_2(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)
    (tmp_path / "secret").write_bytes(b"not yours")

    async def use(keys: KeyStore) -> None:
        files = SealedFiles(tmp_path / "files", keys, RandomIds())
        await files.open()
        ref = await files.put(ANN, b"words", "../../etc/passwd", "text/plain")
        await keys.ensured(BOB)
        for subject, file_id in (
            (BOB, ref.file_id),
            (ANN, "0" * 32),
            (ANN, "../secret"),
            (ANN, f"../{ref.file_id[:2]}/{ref.file_id}"),
            (ANN, ref.file_id.upper() + "\n"),
            (ANN, ""),
        ):
            with pytest.raises(NotFound):
                await files.get(subject, file_id)
        await files.remove("../secret")
        assert (tmp_path / "secret").exists()
        await files.remove(ref.file_id)
        await files.remove(ref.file_id)
        with pytest.raises(NotFound):
            await files.get(ANN, ref.file_id)

    vault.run(use)


def test_a_file_that_was_changed_cut_or_reordered_on_the_disk_is_refused(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)

    async def use(keys: KeyStore) -> None:
        files = SealedFiles(tmp_path / "files", keys, RandomIds())
        ref = await files.put(ANN, bytes(3 * CHUNK_BYTES), "a", "text/plain")
        path = tmp_path / "files" / ref.file_id[:2] / ref.file_id
        whole = path.read_bytes()
        sealed_chunk = CHUNK_BYTES + 16
        head = len(whole) - 3 * sealed_chunk
        first, second = (
            whole[head : head + sealed_chunk],
            whole[head + sealed_chunk :][:sealed_chunk],
        )
        for damaged in (
            whole[:-1],
            whole[:-sealed_chunk],
            whole[:head] + second + first + whole[head + 2 * sealed_chunk :],
            whole + whole[-sealed_chunk:],
            whole[: head + 5] + b"?" + whole[head + 6 :],
            whole[:10],
            b"",
        ):
            path.write_bytes(damaged)
            with pytest.raises(InvalidInput):
                await files.get(ANN, ref.file_id)
        path.write_bytes(whole)
        assert await files.get(ANN, ref.file_id) == bytes(3 * CHUNK_BYTES)
        await keys.forget(ANN)
        with pytest.raises(NotFound):
            await files.get(ANN, ref.file_id)

    vault.run(use)


def test_what_a_crash_left_half_written_is_cleared_away(tmp_path: Path) -> None:
    vault = Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)

    async def use(keys: KeyStore) -> None:
        files = SealedFiles(tmp_path / "files", keys, RandomIds())
        ref = await files.put(ANN, b"words", "a", "text/plain")
        folder = tmp_path / "files" / ref.file_id[:2]
        (folder / f"{ref.file_id}.0011.new").write_bytes(b"half")
        await files.open()
        assert [file.name for file in folder.iterdir()] == [ref.file_id]
        assert await files.get(ANN, ref.file_id) == b"words"

    vault.run(use)
