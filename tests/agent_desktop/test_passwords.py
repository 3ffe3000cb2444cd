"""WEB-1: which passwords are taken, and how they are kept."""

import asyncio

import pytest

from agent_desktop.passwords import (
    PARALLEL_MAX,
    WAITING_MAX,
    PasswordHashes,
    check_password,
    common_passwords,
)
from router.model.errors import InvalidInput, Overloaded

GOOD = "three trams to the harbour"


@pytest.mark.parametrize(
    "password",
    [
        GOOD,
        "x7Kq2mVd9Rt4",
        "            spaces kept",
        "汉字密码也可以用的很长很长",
        "w" + "0k3" * 30 + "z!Q",
    ],
)
def test_a_long_password_is_taken_as_typed_without_rules_of_composition(password: str) -> None:
    check_password(password)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("short-one11", "password_length"),
        ("x" * 129, "password_length"),
        ("password1234", "password_common"),
        ("PASSWORD!!!!", "password_common"),
        ("123456789012", "password_common"),
        ("aaaaaaaaaaaaaaaa", "password_common"),
        ("abcabcabcabc", "password_common"),
        ("abcdefghijklmnop", "password_common"),
        ("carillon-kim-1", "password_own_words"),
        ("KimKimKim-Park", "password_own_words"),
    ],
)
def test_a_password_that_is_tried_first_is_refused_with_its_reason(
    password: str, code: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_password(password, ("kim", "Park"))
    assert caught.value.code == code
    assert caught.value.field == "password"


def test_the_bundled_list_is_whole() -> None:
    assert len(common_passwords()) == 100_000
    assert "qwerty" in common_passwords()


def test_a_hash_is_argon2id_with_the_required_costs_and_opens_to_its_password_only() -> None:
    async def run() -> None:
        hashes = PasswordHashes()
        try:
            encoded = await hashes.make(GOOD)
            assert encoded.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
            salt, tag = encoded.split("$")[4:]
            assert (len(salt), len(tag)) == (22, 43)  # 16 and 32 bytes in Base64
            assert await hashes.matches(encoded, GOOD)
            assert not await hashes.matches(encoded, GOOD + " ")
            assert not await hashes.matches(encoded, "y" * 100_000)
            assert not await hashes.matches("", GOOD)
            assert not await hashes.matches("not a hash", GOOD)
            assert not hashes.outdated(encoded)
            assert hashes.outdated(encoded.replace("t=3", "t=2"))
        finally:
            hashes.close()

    asyncio.run(run())


def test_attack_32_fifty_wait_and_the_next_one_is_sent_away_while_the_loop_stays_free() -> None:
    async def run() -> None:
        hashes = PasswordHashes()
        try:
            await hashes.matches("", "warm up")
            places = PARALLEL_MAX + WAITING_MAX
            tasks = [asyncio.create_task(hashes.matches("", GOOD)) for _ in range(places)]
            await asyncio.sleep(0)
            with pytest.raises(Overloaded):
                await hashes.matches("", GOOD)
            for task in tasks[PARALLEL_MAX:]:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            assert not await hashes.matches("", "again free")
        finally:
            hashes.close()

    asyncio.run(run())
