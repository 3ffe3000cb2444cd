"""Mistakes in the settings of mail that no single field shows."""

import pytest

from channels.mail.settings import (
    Front,
    Incoming,
    Mailbox,
    MailSettings,
    Poll,
    Relay,
    check,
    name_server,
)
from router.model.secret import Secret

WORD = Secret("a setting", "x")


def with_poll(host: str) -> MailSettings:
    poll = Poll(host=host, user="help", password=WORD, security="none")
    return MailSettings(mailboxes={"help": Mailbox(address="help@centre.example", poll=poll)})


@pytest.mark.parametrize("address", ["help", "@centre.example", "help@", "a@b@c"])
def test_an_address_that_is_none_is_named(address: str) -> None:
    ((field, words),) = check(MailSettings(mailboxes={"help": Mailbox(address=address)}))
    assert field == "mailboxes.help.address"
    assert repr(address) in words


def test_an_address_of_two_mailboxes_is_named_with_its_owner() -> None:
    mailboxes = {
        "help": Mailbox(address="help@centre.example", aliases=("info@centre.example",)),
        "sales": Mailbox(address="sales@centre.example", aliases=("INFO@centre.example",)),
    }
    ((field, words),) = check(MailSettings(mailboxes=mailboxes))
    assert field == "mailboxes.sales.address"
    assert "help's already" in words


@pytest.mark.parametrize("host", ["mail.example", "10.0.0.1", "::2", "localhost.evil.example"])
def test_mail_7_without_tls_only_this_machine_is_spoken_to(host: str) -> None:
    assert [field for field, _ in check(with_poll(host))] == ["mailboxes.help.poll.security"]
    relay = MailSettings(relay=Relay(host=host, security="none"))
    assert [field for field, _ in check(relay)] == ["relay.security"]


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_may_be_spoken_to_in_clear(host: str) -> None:
    assert check(with_poll(host)) == []
    assert check(MailSettings(relay=Relay(host=host, security="none"))) == []


@pytest.mark.parametrize("listen", ["", "localhost", "127.0.0.1:smtp", "127.0.0.1:65536", "x:-1"])
def test_a_place_to_listen_that_is_none_is_named(listen: str) -> None:
    found = check(MailSettings(incoming=Incoming(listen=listen)))
    assert [field for field, _ in found] == ["incoming.listen"]


def test_no_listener_and_every_standard_port_are_right() -> None:
    assert check(MailSettings(incoming=None)) == []
    ports = {
        (protocol, security): Poll(
            protocol=protocol,
            host="h",
            user="u",
            password=WORD,
            security=security,
        ).effective_port
        for protocol in ("imap", "pop3")
        for security in ("tls", "starttls")
    }
    assert ports == {
        ("imap", "tls"): 993,
        ("imap", "starttls"): 143,
        ("pop3", "tls"): 995,
        ("pop3", "starttls"): 110,
    }
    assert Poll(host="h", port=1143, user="u", password=WORD).effective_port == 1143


def test_networks_and_name_servers_that_are_none_are_named() -> None:
    front = Front(name="mx.front.example", networks=("10.0.0.0/24", "10.0.0.1/24", "mx"))
    servers = ("10.0.0.2", "[::1]:5353", "::1", "10.0.0.2:0", "dns.example")
    settings = MailSettings(incoming=Incoming(front=front), nameservers=servers)
    assert [field for field, _ in check(settings)] == [
        "incoming.front.networks",
        "incoming.front.networks",
        "nameservers",
        "nameservers",
    ]
    assert [name_server(each) for each in servers[:3]] == [
        ("10.0.0.2", 53),
        ("::1", 5353),
        ("::1", 53),
    ]
    good = Front(name="mx.front.example", networks=("10.0.0.0/24",))
    assert good.holds("::ffff:10.0.0.7")
    assert not good.holds("10.0.1.7")
    assert not good.holds("unknown")
