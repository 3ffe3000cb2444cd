"""The contract of customer cards, on both databases."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from router.model.errors import InvalidInput, NotFound, Refused, StorageFailed
from router.model.ids import EntryId, Instant, SubjectId
from router.seals import Address, CustomerCard
from router.storage.customers import HISTORY_MOST, StoredCustomers
from router.storage.keystore import KeyStore
from router.storage.master import MasterKeys
from router.storage.seals import BoxSeals
from router.storage.system import RandomIds

ANN = Address("mail", "ann@example.test")
PHONE = Address("phone", "+44 20 7946 0123", verified=True)


class TickingClock:
    """A clock that moves on by a second whenever somebody looks."""

    def __init__(self) -> None:
        self._at = 0

    def now(self) -> Instant:
        self._at += 1_000
        return Instant(self._at)


Use = Callable[[StoredCustomers], Awaitable[None]]


class Desk:
    """Opens the store of one centre, as often as a test wants."""

    def __init__(self, url: str, keys_url: str, folder: Path) -> None:
        self.url = url
        self.keys_url = keys_url
        self.folder = folder

    def run(self, use: Use) -> None:
        async def opened() -> None:
            clock = TickingClock()
            keys = KeyStore(self.keys_url, MasterKeys(self.folder / "master.json"), clock)
            await keys.open()
            customers = StoredCustomers(self.url, keys, RandomIds(), clock)
            try:
                await customers.open()
                self.seals = BoxSeals(keys)
                await use(customers)
            finally:
                await customers.close()
                await keys.close()

        asyncio.run(opened())


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    if request.param == "sqlite":
        yield Desk(f"sqlite:///{tmp_path}/cards.db", f"sqlite:///{tmp_path}/keys.db", tmp_path)
    else:
        url = request.getfixturevalue("postgres").create_database()
        yield Desk(url, url, tmp_path)


def test_a_customer_is_met_once_and_known_again(desk: Desk) -> None:
    met: list[SubjectId] = []

    async def first(customers: StoredCustomers) -> None:
        assert await customers.find(ANN) is None
        met.append(await customers.resolve(ANN, "Ann Example"))
        assert len(met[0]) == 32
        assert await customers.resolve(ANN, "Somebody Else") == met[0]

    async def later(customers: StoredCustomers) -> None:
        assert await customers.find(ANN) == met[0]
        card = await customers.card(met[0])
        assert (card.name, card.addresses, card.revision) == ("Ann Example", (ANN,), 1)

    desk.run(first)
    desk.run(later)


def test_addresses_are_compared_as_people_mean_them(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        ann = await customers.resolve(ANN)
        assert await customers.find(Address("mail", " Ann@EXAMPLE.test ")) == ann
        assert await customers.find(Address("chat", "ann@example.test")) is None
        phone = await customers.resolve(PHONE)
        assert await customers.find(Address("phone", "+44(20)7946-0123")) == phone
        assert await customers.find(Address("phone", "442079460123")) is None
        composed = await customers.resolve(Address("site:shop", "Zo\u00eb"))
        assert await customers.find(Address("site:shop", "Zoe\u0308")) == composed
        for nothing in (Address("mail", "  "), Address("", "x"), Address("phone", "anonymous")):
            with pytest.raises(InvalidInput):
                await customers.resolve(nothing)

    desk.run(use)


def test_many_who_meet_a_customer_at_once_make_one_card(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        met = await asyncio.gather(*(customers.resolve(ANN) for _ in range(8)))
        assert len(set(met)) == 1
        assert (await customers.card(met[0])).addresses == (ANN,)

    desk.run(use)


def test_a_change_is_saved_with_its_history_newest_first(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        subject = await customers.resolve(ANN, "Ann")
        card = await customers.card(subject)
        changed = await customers.change(
            msgspec.structs.replace(
                card,
                name="Ann Example",
                addresses=(ANN, PHONE),
                tier="gold",
                fields={"contract": "C-7"},
                notes="prefers mornings",
            ),
            by="mia",
        )
        assert changed.revision == 2
        assert await customers.card(subject) == changed
        assert await customers.find(PHONE) == subject
        newest, oldest = await customers.history(subject)
        assert (newest.by, oldest.by) == ("mia", "system")
        for words in ("name: Ann → Ann Example", "tier: - → gold", "notes", "contract: - → C-7"):
            assert words in newest.what
        assert newest.at > oldest.at

    desk.run(use)


def test_a_change_of_what_has_changed_meanwhile_is_refused_as_stale(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        subject = await customers.resolve(ANN)
        card = await customers.card(subject)
        await customers.change(msgspec.structs.replace(card, notes="by Mia"), by="mia")
        with pytest.raises(Refused) as caught:
            await customers.change(msgspec.structs.replace(card, notes="by Li"), by="li")
        assert caught.value.code == "stale"
        assert (await customers.card(subject)).notes == "by Mia"

    desk.run(use)


def test_of_two_changes_at_once_one_is_stale(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        card = await customers.card(await customers.resolve(ANN))
        results = await asyncio.gather(
            *(
                customers.change(msgspec.structs.replace(card, notes=f"by {who}"), by=who)
                for who in ("mia", "li", "omar")
            ),
            return_exceptions=True,
        )
        assert sorted(type(result).__name__ for result in results) == [
            "CustomerCard",
            "Refused",
            "Refused",
        ]

    desk.run(use)


def test_an_address_that_was_taken_off_finds_nobody_and_is_free_again(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        ann = await customers.resolve(ANN)
        card = await customers.card(ann)
        await customers.change(msgspec.structs.replace(card, addresses=(PHONE,)), by="mia")
        assert await customers.find(ANN) is None
        assert await customers.resolve(ANN) != ann

    desk.run(use)


def test_an_address_of_another_customer_is_not_taken_over(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        await customers.resolve(ANN)
        other = await customers.card(await customers.resolve(PHONE))
        with pytest.raises(Refused) as caught:
            await customers.change(msgspec.structs.replace(other, addresses=(PHONE, ANN)), by="li")
        assert caught.value.code == "address_taken"
        assert (await customers.card(other.subject)).addresses == (PHONE,)

    desk.run(use)


def test_merged_cards_are_one_person_and_come_apart_as_they_were(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        ann = await customers.resolve(ANN, "Ann")
        caller = await customers.resolve(PHONE)
        third = await customers.resolve(Address("chat", "c1"))
        before = await customers.card(caller)
        assert (await customers.merge(third, caller, by="mia")).subject == caller
        assert (await customers.merge(caller, ann, by="mia")).subject == ann
        assert await customers.resolve(PHONE) == ann
        assert await customers.find(Address("chat", "c1")) == ann
        assert (await customers.card(caller)).merged_into == ann
        for one in (ann, caller, third):
            person = await customers.same_person(one)
            assert person[0] == ann
            assert set(person) == {ann, caller, third}
        apart = await customers.unmerge(caller, by="li")
        assert apart.merged_into is None
        assert apart.addresses == before.addresses
        assert await customers.find(PHONE) == caller
        assert await customers.find(Address("chat", "c1")) == caller
        assert list(await customers.same_person(ann)) == [ann]
        assert next(line.what for line in await customers.history(caller)) == "unmerged"

    desk.run(use)


def test_merges_that_make_no_sense_are_refused_by_code(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        one, two, three = [await customers.resolve(Address("chat", name)) for name in "abc"]
        await customers.merge(two, one, by="mia")
        for duplicate, into, code in (
            (one, one, "same_card"),
            (one, two, "same_card"),
            (two, three, "already_merged"),
            (two, one, "already_merged"),
        ):
            with pytest.raises(Refused) as caught:
                await customers.merge(duplicate, into, by="mia")
            assert caught.value.code == code
        with pytest.raises(Refused) as caught:
            await customers.unmerge(one, by="mia")
        assert caught.value.code == "not_merged"
        with pytest.raises(NotFound):
            await customers.merge(one, SubjectId("0" * 32), by="mia")

    desk.run(use)


def test_an_erased_person_is_gone_with_every_card_and_key_priv_3(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        ann = await customers.resolve(ANN, "Ann")
        caller = await customers.resolve(PHONE)
        other = await customers.resolve(Address("mail", "bob@example.test"), "Bob")
        await customers.merge(caller, ann, by="mia")
        sealed = await desk.seals.seal(caller, EntryId("e"), "content/1", b"words")
        await customers.erase(caller)
        await customers.erase(caller)
        for gone in (ann, caller):
            with pytest.raises(NotFound):
                await customers.card(gone)
            with pytest.raises(NotFound):
                await customers.history(gone)
            with pytest.raises(NotFound):
                await customers.same_person(gone)
        with pytest.raises(NotFound):
            await desk.seals.open(sealed, EntryId("e"))
        assert await customers.find(ANN) is None
        assert await customers.find(PHONE) is None
        assert (await customers.card(other)).name == "Bob"
        assert await customers.resolve(ANN) not in (ann, caller)

    desk.run(use)


def test_what_is_too_large_or_unknown_is_refused_by_name(desk: Desk) -> None:
    async def use(customers: StoredCustomers) -> None:
        card = await customers.card(await customers.resolve(ANN, "x" * 500))
        assert len(card.name) == 200
        for field, change in {
            "name": {"name": "x" * 201},
            "notes": {"notes": "x" * 20_001},
            "fields": {"fields": {str(number): "" for number in range(51)}},
            "addresses": {"addresses": (ANN, Address("mail", "ANN@example.test"))},
        }.items():
            with pytest.raises(InvalidInput) as caught:
                await customers.change(msgspec.structs.replace(card, **change), by="mia")  # type: ignore[arg-type] # a field of the card each
            assert caught.value.field == field
        with pytest.raises(NotFound):
            await customers.change(CustomerCard(SubjectId("0" * 32)), by="mia")

    desk.run(use)


def test_history_keeps_the_newest_200(tmp_path: Path) -> None:
    async def use(customers: StoredCustomers) -> None:
        card = await customers.card(await customers.resolve(ANN))
        for number in range(HISTORY_MOST + 5):
            card = await customers.change(
                msgspec.structs.replace(card, notes=str(number)), by=f"agent {number}"
            )
        lines = await customers.history(card.subject)
        assert len(lines) == HISTORY_MOST
        assert lines[0].by == f"agent {HISTORY_MOST + 4}"
        assert lines[-1].by == "agent 5"

    Desk(f"sqlite:///{tmp_path}/cards.db", f"sqlite:///{tmp_path}/keys.db", tmp_path).run(use)


def test_nothing_in_the_file_tells_who_somebody_is_priv_1(tmp_path: Path) -> None:
    async def use(customers: StoredCustomers) -> None:
        subject = await customers.resolve(ANN, "Ann Example")
        card = await customers.card(subject)
        await customers.change(
            msgspec.structs.replace(card, notes="allergic", addresses=(ANN, PHONE)), by="mia"
        )

    Desk(f"sqlite:///{tmp_path}/cards.db", f"sqlite:///{tmp_path}/keys.db", tmp_path).run(use)
    files = list(tmp_path.glob("*.db*"))
    assert len(files) >= 2
    for file in files:
        assert file.stat().st_mode & 0o077 == 0
        for word in (b"ann@", b"Example", b"allergic", b"7946", b"79460123"):
            assert word not in file.read_bytes()


def test_a_file_of_another_store_or_a_newer_version_is_refused(tmp_path: Path) -> None:
    async def use(customers: StoredCustomers) -> None:
        await customers.resolve(ANN)

    keys = f"sqlite:///{tmp_path}/keys.db"
    Desk(f"sqlite:///{tmp_path}/cards.db", keys, tmp_path).run(use)
    with pytest.raises(StorageFailed, match="holds another store"):
        Desk(keys, keys, tmp_path).run(use)
    connection = sqlite3.connect(tmp_path / "cards.db")
    connection.execute("UPDATE shape SET number = 9")
    connection.commit()
    connection.close()
    with pytest.raises(StorageFailed, match="newer version"):
        Desk(f"sqlite:///{tmp_path}/cards.db", keys, tmp_path).run(use)
