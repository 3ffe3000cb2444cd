"""Settings: every mistake at once, by name; and what phones are challenged with."""

from __future__ import annotations

import msgspec
import pytest

from channels.voice.sip.digest import password_hash
from channels.voice.sip.hops import UDP, Hop
from channels.voice.sip.settings import Phone, PhoneBook, SipSettings, setting_faults
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.wire.carrier import Carrier, Listening
from tests.channels.voice.sip.listening import PHONES, settings_of
from tests.channels.voice.sip.world import PASSWORD, REALM


def test_settings_without_a_mistake_are_taken() -> None:
    assert setting_faults(settings_of()) == []


def test_every_mistake_is_named_at_once() -> None:
    settings = SipSettings(
        realm="",
        listening=Listening(host="localhost", tls_port=5061),
        trunks=(Trunk("a", "sip:h", networks=("10.0.0.0/8",)), Trunk("a", "nonsense")),
        phones=(Phone("1", "chosen"), Phone("1", PASSWORD, networks=("x",))),
        algorithms=("CRC",),
    )
    assert sorted({field for field, _ in setting_faults(settings)}) == [
        "algorithms",
        "certificate_file",
        "listening.host",
        "phones",
        "phones.0.password",
        "phones.1.networks",
        "realm",
        "trunks",
        "trunks.1.networks",
        "trunks.1.proxy",
    ]


def test_sip_4_phones_prove_themselves_only_by_what_is_allowed() -> None:
    book = PhoneBook(REALM, PHONES, ("SHA-256",))
    assert book.secret("100", "SHA-256") == password_hash("100", REALM, PASSWORD, "SHA-256")
    assert book.secret("100", "MD5") is None
    assert book.secret("nobody", "SHA-256") is None
    assert list(book.networks("nobody")) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104 -- what we are asked about
def test_an_endpoint_that_listens_everywhere_names_an_address_others_can_use(host: str) -> None:
    where = Listening(host=host)
    carrier = Carrier(
        where,
        take_datagram=lambda data, hop: None,
        take=lambda message, hop: None,
        take_fault=lambda fault, hop: None,
        known=lambda hop: False,
        gone=lambda number: None,
    )
    loopback = "[::1]" if ":" in host else "127.0.0.1"
    assert carrier.here(Hop(UDP, loopback.strip("[]"), 5060)) == (loopback, 5060)
    named = msgspec.structs.replace(where, public_host="192.0.2.44")
    carrier = Carrier(
        named,
        take_datagram=lambda data, hop: None,
        take=lambda message, hop: None,
        take_fault=lambda fault, hop: None,
        known=lambda hop: False,
        gone=lambda number: None,
    )
    assert carrier.here(Hop(UDP, host, 5060)) == ("192.0.2.44", 5060)
