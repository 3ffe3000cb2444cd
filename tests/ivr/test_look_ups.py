"""Look-ups ask real databases and servers, and every failure is an outcome."""

import asyncio
import sqlite3
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

import config
from ivr.asks import Found, LookUp
from ivr.egress import GuardedClient
from ivr.look_ups import TRIES_MAX, LookUps
from ivr.store import SqlSystems
from router.model.ids import HOUR_MS, Instant
from router.model.secret import Secret
from router.storage.system import RandomIds
from tests.ivr.flows import look_ups_of
from tests.ivr.test_egress import Server, answer, tell
from tests.support.clock import StillClock

BANK_SQL = Path(config.__file__).parent / "examples" / "centre" / "bank.sql"
BALANCE = {
    "by": "sql",
    "file": "bank.sqlite3",
    "statement": "select balance from account where number = :account and pin = :pin",
    "take": ["balance"],
}


class CountedTries:
    """Failures by key in memory, as the desk's table keeps them on disk."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, Instant]] = {}

    async def note(
        self, identity: str, key: str, at: Instant, since: Instant
    ) -> tuple[int, Instant]:
        before = [when for name, when in self.kept.values() if name == key and when > since]
        self.kept[identity] = (key, at)
        return len(before) + 1, max(before, default=Instant(0))

    async def take_back(self, identity: str) -> None:
        del self.kept[identity]

    async def clear(self, key: str) -> None:
        self.kept = {name: each for name, each in self.kept.items() if each[0] != key}


@pytest.fixture
def bank(tmp_path: Path) -> Path:
    """The sample's accounts, made by the program its text names."""
    subprocess.run(  # noqa: S603 -- A fixed program on a fixed file.
        ["/usr/bin/sqlite3", str(tmp_path / "bank.sqlite3")],
        input=BANK_SQL.read_bytes(),
        check=True,
        timeout=30,
    )
    return tmp_path


def look_ups(
    folder: Path,
    tables: Mapping[str, Any],
    clock: StillClock | None = None,
    client: GuardedClient | None = None,
    tries: CountedTries | None = None,
) -> tuple[LookUps, SqlSystems]:
    clock = clock or StillClock()
    systems = SqlSystems(folder)
    made = LookUps(
        lambda: look_ups_of(tables),
        client or GuardedClient(clock),
        systems,
        tries or CountedTries(),
        clock,
        RandomIds(),
        b"k" * 32,
    )
    return made, systems


def asked(folder: Path, tables: Mapping[str, Any], *asks: LookUp) -> list[Found]:
    async def run() -> list[Found]:
        made, systems = look_ups(folder, tables)
        try:
            return [await made.answer(ask) for ask in asks]
        finally:
            await systems.close()

    return asyncio.run(run())


def pin(account: str, number: str, guarded: str = "") -> LookUp:
    return LookUp("balance", {"account": account, "pin": number}, guarded)


def test_a_balance_is_found_by_number_and_pin(bank: Path) -> None:
    found = asked(bank, {"balance": BALANCE}, pin("471100", "0815"), pin("471100", "0000"))
    assert found == [Found("found", {"balance": 1284.5}), Found("not_found")]


@pytest.mark.parametrize("text", ["' or '1'='1", "x'; drop table account; --", "%s", "{0}", ":pin"])
def test_attack_18_what_a_caller_enters_is_a_value_and_never_sql(bank: Path, text: str) -> None:
    assert asked(bank, {"balance": BALANCE}, pin(text, text)) == [Found("not_found")]
    with sqlite3.connect(bank / "bank.sqlite3") as connection:
        assert connection.execute("select count(*) from account").fetchone() == (2,)
    connection.close()


def test_ivr_2_a_look_up_that_only_reads_cannot_write(bank: Path) -> None:
    bad = BALANCE | {"statement": "update account set balance = 9 where number = :account"}
    url = f"sqlite:///{bank / 'bank.sqlite3'}"
    by_url = {k: v for k, v in bad.items() if k != "file"} | {"database": secret(url), "take": []}
    assert asked(bank, {"balance": bad}, pin("471100", "")) == [Found("failed")]
    assert asked(bank, {"balance": by_url}, pin("471100", "")) == [Found("failed")]
    allowed = by_url | {"write": True}
    assert asked(bank, {"balance": allowed}, pin("471100", "")) == [Found("found")]
    assert asked(bank, {"balance": BALANCE}, pin("471100", "0815"))[0].values == {"balance": 9.0}


def secret(url: str) -> object:
    return Secret("env:BANK", url)


def test_a_database_that_is_away_slow_or_different_fails_as_an_outcome(bank: Path) -> None:
    endless = "with recursive n(x) as (select 1 union all select x + 1 from n) select max(x) from n"
    tables = {
        "away": BALANCE | {"file": "gone.sqlite3"},
        "slow": {"by": "sql", "file": "bank.sqlite3", "statement": endless, "limit_ms": 150},
        "other": BALANCE | {"take": ["credit"]},
        "driver": {"by": "sql", "database": secret("oracle://x/y"), "statement": "select 1"},
    }
    values = {"account": "471100", "pin": "0815"}
    names = ("away", "slow", "other", "driver", "unheard of")
    assert asked(bank, tables, *(LookUp(name, values) for name in names)) == [Found("failed")] * 5


def test_ivr_4_an_account_is_locked_after_five_wrong_pins_whoever_calls(bank: Path) -> None:
    async def run() -> None:
        clock, tries = StillClock(), CountedTries()
        clock.at = Instant(10 * HOUR_MS)
        made, systems = look_ups(bank, {"balance": BALANCE}, clock, tries=tries)
        for _ in range(TRIES_MAX):
            assert await made.answer(pin("471100", "0000", "471100")) == Found("not_found")
        assert await made.answer(pin("471100", "0815", "471100")) == Found("locked")
        assert (await made.answer(pin("880000", "1234", "880000"))).outcome == "found"
        assert "471100" not in repr(tries.kept)
        clock.at = Instant(clock.at + HOUR_MS)
        assert (await made.answer(pin("471100", "0815", "471100"))).outcome == "found"
        assert tries.kept == {}
        await systems.close()

    asyncio.run(run())


def test_ivr_4_a_system_that_fails_counts_against_nobody(tmp_path: Path) -> None:
    async def run() -> None:
        tries = CountedTries()
        made, systems = look_ups(tmp_path, {"balance": BALANCE}, tries=tries)
        assert await made.answer(pin("1", "2", "1")) == Found("failed")
        assert tries.kept == {}
        await systems.close()

    asyncio.run(run())


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (answer(b'{"order": {"status": "sent"}}'), Found("found", {"status": "sent"})),
        (answer(b"", "404 Not Found"), Found("not_found")),
        (answer(b"", "500 Broken"), Found("failed")),
        (answer(b"<html>"), Found("failed")),
        (answer(b'{"order": {}}'), Found("failed")),
        (answer(b'{"order": {"status": ["sent"]}}'), Found("failed")),
    ],
)
def test_an_order_is_asked_for_by_http(tmp_path: Path, reply: bytes, found: Found) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        table = {
            "by": "http",
            "url": f"https://localhost:{server.port}/orders/{{order}}",
            "take": {"status": "order.status"},
        }
        made, _ = look_ups(tmp_path, {"order": table}, clock, client)
        assert await made.answer(LookUp("order", {"order": "../a b/5"})) == found
        assert server.asked[0].startswith(b"GET /orders/..%2Fa%20b%2F5 HTTP/1.1")
        for value in ("", ".", ".."):
            assert await made.answer(LookUp("order", {"order": value})) == Found("failed")
        assert len(server.asked) == 1

    tell(tmp_path, reply, story)


def test_a_body_is_json_with_its_values_filled(tmp_path: Path) -> None:
    async def story(server: Server, client: GuardedClient, clock: StillClock) -> None:
        table = {
            "by": "http",
            "url": f"https://localhost:{server.port}/notes",
            "method": "POST",
            "body": {"text": 'said "{what}"'},
        }
        made, _ = look_ups(tmp_path, {"note": table}, clock, client)
        assert await made.answer(LookUp("note", {"what": 'a "b"'})) == Found("found")
        assert server.asked[0].endswith(b'{"text":"said \\"a \\"b\\"\\""}')

    tell(tmp_path, reply=answer(b"", "204 Kept"), story=story)
