"""The contract of recordings: long ones in pieces, sealed, held, expired, forgotten (FILE-6)."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from router.model.errors import InvalidInput, NotFound, Refused
from router.model.ids import DAY_MS, Instant, InteractionId
from router.model.recording import Listening, Recording, RecordingKind, wav_head
from router.storage.files import CHUNK_BYTES, SealedFiles
from router.storage.keystore import KeyStore
from router.storage.recordings import StoredRecordings
from router.storage.system import RandomIds
from tests.contracts.vaults import ANN, BOB, Vault

CALL = InteractionId("c" * 32)


def a_recording(recording_id: str = "r1", **more: Any) -> Recording:
    made = Recording(
        recording_id=recording_id,
        interaction_id=CALL,
        subject=ANN,
        kind=RecordingKind.CALL,
        began=Instant(5_000),
        rate_hz=8_000,
        channels=("customer", "agents"),
    )
    return msgspec.structs.replace(made, **more)


@asynccontextmanager
async def opened(vault: Vault, keys: KeyStore) -> AsyncIterator[StoredRecordings]:
    files = SealedFiles(vault.folder / "files", keys, RandomIds())
    await files.open()
    url = vault.url if "postgres" in vault.url else f"sqlite:///{vault.folder}/recordings.db"
    recordings = StoredRecordings(url, files)
    await recordings.open()
    try:
        yield recordings
    finally:
        await recordings.close()


def run(vault: Vault, use: Callable[[StoredRecordings, KeyStore], Awaitable[None]]) -> None:
    async def whole(keys: KeyStore) -> None:
        async with opened(vault, keys) as recordings:
            await use(recordings, keys)

    vault.run(whole)


async def stored(recordings: StoredRecordings, recording: Recording, sound: bytes) -> Recording:
    writer = await recordings.store(recording)
    for start in range(0, len(sound), 40_000):
        await writer.write(sound[start : start + 40_000])
    return await writer.keep()


def sounds_in(folder: Path) -> list[Path]:
    return [each for each in (folder / "files").glob("*/*") if each.suffix != ".new"]


def test_a_recording_is_stored_in_pieces_and_read_from_anywhere_file_6(vault: Vault) -> None:
    sound = b"a spoken secret " * 250_000  # 4 MB: two minutes of stereo

    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        kept = await stored(recordings, a_recording(), sound)
        assert (kept.size_bytes, kept.duration_ms, kept.torn) == (4_000_000, 125_000, False)
        assert await recordings.of(CALL) == [kept]
        assert await recordings.recording("r1") == kept
        (path,) = sounds_in(vault.folder)
        assert b"a spoken secret" not in path.read_bytes()
        reader = await recordings.sound(kept)
        assert reader.size_bytes == len(sound)
        for offset, size in (
            (0, 10),
            (CHUNK_BYTES - 5, 10),
            (3 * CHUNK_BYTES, CHUNK_BYTES),
            (1_234_567, 200_000),
            (len(sound) - 7, 100),
            (len(sound), 5),
        ):
            assert await reader.read(offset, size) == sound[offset : offset + size]

    run(vault, use)


def test_storing_begins_again_after_a_failure_and_ends_once(vault: Vault) -> None:
    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        lost = await recordings.store(a_recording())
        await lost.write(b"\1\2" * 700_000)
        assert await recordings.of(CALL) == []
        with pytest.raises(NotFound):
            await recordings.recording("r1")
        kept = await stored(recordings, a_recording(), b"\3\4" * 8_000)
        with pytest.raises(Refused) as late:
            await lost.keep()
        assert late.value.code == "exists"
        with pytest.raises(Refused) as again:
            await recordings.store(a_recording())
        assert again.value.code == "exists"
        assert [each.read_bytes()[:5] for each in sounds_in(vault.folder)] == [b"CRLNF"]
        assert await (await recordings.sound(kept)).read(0, 4) == b"\3\4\3\4"
        other = await recordings.store(a_recording("r2"))
        await other.write(b"\0\0")
        await other.discard()
        assert len(sounds_in(vault.folder)) == 1

    run(vault, use)


def test_what_is_no_recording_is_refused_by_the_field(tmp_path: Path) -> None:
    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        wrongs: tuple[tuple[dict[str, Any], str], ...] = (
            ({"rate_hz": 44_100}, "rate_hz"),
            ({"channels": ()}, "channels"),
            ({"channels": ("a", "b", "c")}, "channels"),
            ({"channels": ("a,b",)}, "channels"),
        )
        for wrong, field in wrongs:
            with pytest.raises(InvalidInput) as refused:
                await recordings.store(a_recording(**wrong))
            assert refused.value.field == field

    run(Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path), use)


def test_time_deletes_the_sound_a_hold_keeps_it_and_what_is_known_stays(vault: Vault) -> None:
    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        await stored(recordings, a_recording("old"), b"\0\1" * 100)
        await stored(recordings, a_recording("held", began=Instant(6_000)), b"\0\2" * 100)
        await stored(recordings, a_recording("new", began=Instant(90 * DAY_MS)), b"\0\3" * 100)
        await recordings.store(a_recording("half"))
        held = await recordings.hold("held", "max", "a complaint")
        assert (held.hold_by, held.hold_reason) == ("max", "a complaint")
        now = Instant(91 * DAY_MS)
        assert await recordings.expire(Instant(DAY_MS), now) == 1
        old, kept, new = await recordings.of(CALL)
        assert (old.recording_id, old.removed, old.size_bytes) == ("old", now, 200)
        with pytest.raises(NotFound, match="deleted"):
            await recordings.sound(old)
        assert (await recordings.sound(kept)).size_bytes == 200
        assert (new.removed, len(sounds_in(vault.folder))) == (None, 2)
        assert (await recordings.hold("held", "max", "")).hold_by == ""
        assert await recordings.expire(Instant(DAY_MS), now) == 1
        with pytest.raises(NotFound):
            await recordings.hold("none", "max", "x")

    run(vault, use)


def test_a_forgotten_customers_sound_is_gone_and_opens_for_nobody_priv_3(vault: Vault) -> None:
    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        ann = await stored(recordings, a_recording("ann"), b"\0\1" * 100)
        bob = await stored(recordings, a_recording("bob", subject=BOB), b"\0\2" * 100)
        await keys.forget(BOB)
        with pytest.raises(NotFound):
            await recordings.sound(bob)
        assert await recordings.forget([BOB], Instant(9)) == 1
        assert len(sounds_in(vault.folder)) == 1
        assert (await recordings.sound(ann)).size_bytes == 200

    run(vault, use)


def test_who_listened_is_noted_in_order(vault: Vault) -> None:
    async def use(recordings: StoredRecordings, keys: KeyStore) -> None:
        await stored(recordings, a_recording(), b"\0\1" * 100)
        heard = [Listening("r1", user, user.title(), Instant(at)) for user, at in NAMES]
        for each in heard:
            await recordings.heard(each)
        assert await recordings.listenings("r1") == heard[::-1]
        with pytest.raises(NotFound):
            await recordings.heard(Listening("none", "sam", "Sam", Instant(1)))

    run(vault, use)


NAMES = (("sam", 10), ("max", 11), ("sam", 11))


def test_a_wav_head_says_what_follows() -> None:
    head = wav_head(8_000, 2, 1_000)
    assert (len(head), head[:4], head[8:16]) == (44, b"RIFF", b"WAVEfmt ")
    assert int.from_bytes(head[40:44], "little") == 1_000
