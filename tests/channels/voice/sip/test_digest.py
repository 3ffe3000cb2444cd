"""Digest on both sides, what a nonce is good for, and who is locked out by whom (SIP-2, 4, 5)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

import msgspec
import pytest

from channels.voice.sip.challenges import ChallengeLimits, Challenger, Network, Verdict
from channels.voice.sip.digest import (
    Challenge,
    Credentials,
    parse_challenge,
    parse_credentials,
    password_hash,
    prove,
    proves,
)
from channels.voice.sip.errors import BadMessage
from router.model.ids import HOUR_MS, MINUTE_MS, Instant

RIGHT = "right"
REALM, HERE, THERE = "centre.example", "192.0.2.10", "192.0.2.66"
START = Instant(1_700_000_000_000)


class Phones:
    def secret(self, username: str, algorithm: str) -> str | None:
        if username != "100" or algorithm != "SHA-256":
            return None
        return password_hash(username, REALM, "right", algorithm)

    def networks(self, username: str) -> Iterable[Network]:
        return [ipaddress.ip_network("203.0.113.0/24")]


def challenger(limits: ChallengeLimits | None = None) -> Challenger:
    return Challenger(realm=REALM, key=b"k" * 32, accounts=Phones(), limits=limits)


def proof(
    server: Challenger,
    *,
    source: str = HERE,
    user: str = "100",
    password: str = RIGHT,
    at: Instant = START,
    count: int = 1,
) -> Credentials:
    challenge = parse_challenge(server.challenges(source, at)[0])
    assert challenge is not None
    return prove(
        challenge,
        username=user,
        secret=password_hash(user, REALM, password, challenge.algorithm),
        method="INVITE",
        uri="sip:1@h",
        nonce_count=count,
        cnonce="c",
    )


def judged(server: Challenger, given: Credentials, source: str = HERE, at: int = START) -> Verdict:
    return server.judge(given, source=source, method="INVITE", lockable=True, now=Instant(at))


def test_the_example_of_rfc_7616_comes_out() -> None:
    """RFC 7616, 3.9.1: the same words, the same response, for both algorithms."""
    for algorithm, response in (
        ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
        ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
    ):
        challenge = Challenge(
            "http-auth@example.org",
            "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v",
            algorithm=algorithm,
            opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS",
        )
        secret = password_hash("Mufasa", challenge.realm, "Circle of Life", algorithm)
        made = prove(
            challenge,
            username="Mufasa",
            secret=secret,
            method="GET",
            uri="/dir/index.html",
            nonce_count=1,
            cnonce="f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ",
        )
        assert made.response == response
        again = parse_credentials(str(made))
        assert again is not None
        assert again == made
        assert proves(again, secret, "GET")
        assert not proves(again, secret, "POST")


def test_the_old_form_without_qop_is_computed_for_trunks_that_ask_for_it() -> None:
    challenge = parse_challenge('Digest realm="r", nonce="n"')
    assert challenge is not None
    assert challenge == Challenge("r", "n", qop=False)
    made = prove(
        challenge,
        username="u",
        secret="s",
        method="REGISTER",
        uri="sip:r",
        nonce_count=1,
        cnonce="c",
    )
    assert "qop" not in str(made)
    assert proves(made, "s", "REGISTER")


@pytest.mark.parametrize(
    "text",
    [
        "Basic abc",
        'Digest realm="r", nonce="n", algorithm=SHA-512-256',
        'Digest realm="r", nonce="n", qop="auth-int"',
    ],
)
def test_a_challenge_we_cannot_answer_is_left(text: str) -> None:
    assert parse_challenge(text) is None


@pytest.mark.parametrize(
    "text",
    [
        'Digest realm="r"',
        'Digest realm="r, nonce="n"',
        'Digest nonce="a", nonce="b"',
        "Digest ;;;",
        'Digest nonce="a"x',
    ],
)
def test_a_malformed_digest_is_refused(text: str) -> None:
    with pytest.raises(BadMessage):
        parse_challenge(text)
    with pytest.raises(BadMessage):
        parse_credentials(text)
    with pytest.raises(BadMessage):
        parse_credentials(
            'Digest username="u", realm="r", nonce="n", uri="x", response="y", nc=zzz'
        )


def test_sip_2_a_nonce_is_for_one_source_one_minute_and_one_use_each() -> None:
    server = challenger()
    given = proof(server)
    assert judged(server, given, source=THERE) is Verdict.UNPROVED
    assert judged(server, given) is Verdict.PROVED
    assert judged(server, given) is Verdict.STALE  # The same count once more.
    second = proof(server, count=2)
    assert judged(server, second) is Verdict.PROVED
    late = proof(server, at=Instant(START + 1))
    assert judged(server, late, at=START + MINUTE_MS + 2) is Verdict.STALE
    forged = msgspec.structs.replace(given, nonce="A" * 32)
    assert judged(server, forged) is Verdict.UNPROVED
    assert judged(server, msgspec.structs.replace(given, nonce="\u00e4")) is Verdict.UNPROVED
    for change in ({"realm": "x"}, {"algorithm": "MD5"}, {"qop": False}):
        assert judged(server, msgspec.structs.replace(given, **change)) is Verdict.UNPROVED


def test_sip_4_ten_wrong_proofs_silence_a_source_for_an_hour() -> None:
    server = challenger()
    for _ in range(9):
        assert judged(server, proof(server, password="wrong")) is Verdict.UNPROVED
    assert not server.silenced(HERE, START)
    assert judged(server, proof(server, user="nobody")) is Verdict.SILENCE
    assert server.silenced(HERE, Instant(START + HOUR_MS - 1))
    assert not server.silenced(THERE, START)
    assert not server.silenced(HERE, Instant(START + HOUR_MS))
    assert not server.silenced(HERE, START)


def test_sip_4_failures_that_are_old_or_come_with_a_foreign_nonce_do_not_count() -> None:
    server = challenger()
    stolen = proof(server, password="wrong")
    for _ in range(20):
        assert judged(server, stolen, source=THERE) is Verdict.UNPROVED
    assert not server.silenced(THERE, START)
    for minute in range(12):
        at = Instant(START + minute * MINUTE_MS)
        assert judged(server, proof(server, password="wrong", at=at), at=at) is Verdict.UNPROVED


def test_sip_4_a_trunks_address_is_never_silenced() -> None:
    server = challenger()
    for _ in range(30):
        server.judge(
            proof(server, password="wrong"), source=HERE, method="INVITE", lockable=False, now=START
        )
    assert not server.silenced(HERE, START)


def test_sip_4_an_account_under_attack_is_believed_only_where_it_is_known() -> None:
    server = challenger(ChallengeLimits(source_failures=1_000))
    assert judged(server, proof(server)) is Verdict.PROVED
    for number in range(20):
        source = f"198.51.100.{number}"
        assert (
            judged(server, proof(server, source=source, password="x"), source) is Verdict.UNPROVED
        )
    at = Instant(START + 1)
    assert judged(server, proof(server, at=at), at=at) is Verdict.PROVED
    assert judged(server, proof(server, source=THERE), THERE) is Verdict.UNPROVED
    assert judged(server, proof(server, source="203.0.113.5"), "203.0.113.5") is Verdict.PROVED
    after = Instant(START + HOUR_MS + 1)
    assert judged(server, proof(server, source=THERE, at=after), THERE, after) is Verdict.PROVED


def test_sip_5_an_unknown_user_is_told_the_same_as_a_known_one() -> None:
    server = challenger()
    assert judged(server, proof(server, user="nobody")) is judged(
        server, proof(server, password="wrong")
    )
    assert server.challenges(HERE, START) != server.challenges(HERE, START)  # Of one moment, too.
