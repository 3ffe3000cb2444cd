"""MAIL-3: SPF, DKIM and DMARC from a table of names, with real signatures."""

import asyncio
from collections.abc import Mapping
from functools import cache
from typing import Any

import dkim  # type: ignore[import-untyped]  # the package has no types
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from channels.mail.authentication import check_authentication, trusted_results
from channels.mail.headers import Field, Headers
from channels.mail.signatures import dkim_queries, verify_signatures
from channels.mail.verdicts import (
    LOOKUPS,
    Authentication,
    DkimResult,
    DmarcResult,
    Envelope,
    Result,
    SpfResult,
)
from tests.channels.mail.names import Table
from tests.channels.mail.samples import mail

RAW = mail("Hello\r\n", subject="Order", date="Mon, 1 Jan 2024 12:00:00 +0100")
ENVELOPE = Envelope("192.0.2.10", "mx.customer.example", "ann@customer.example")
SPF = {"TXT customer.example": ["v=spf1 ip4:192.0.2.10 -all"]}


@cache
def key() -> tuple[bytes, str]:
    """A private key as dkimpy takes it, and the record that publishes it."""
    private = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    text = "".join(public.decode().splitlines()[1:-1])
    return pem, f"v=DKIM1; k=rsa; p={text}"


def signed(raw: bytes, domain: str = "customer.example", **options: Any) -> bytes:
    field = dkim.sign(raw, b"s1", domain.encode(), key()[0], **options)
    return bytes(field) + raw


def keys(domain: str = "customer.example") -> dict[str, list[str]]:
    return {f"TXT s1._domainkey.{domain}": [key()[1]]}


def check(
    raw: bytes,
    names: Table,
    *,
    envelope: Envelope | None = ENVELOPE,
    author: str = "ann@customer.example",
) -> Authentication:
    async def signatures(raw: bytes, keys: Mapping[str, str]) -> tuple[DkimResult, ...]:
        return verify_signatures(raw, keys)

    head = raw.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").split(b"\r\n")
    fields = [
        Field(line.partition(b":")[0].decode().lower(), line.partition(b":")[2]) for line in head
    ]
    return asyncio.run(
        check_authentication(
            raw,
            from_address=author,
            envelope=envelope,
            dkim_queries=dkim_queries(Headers(fields)),
            resolver=names,
            check_signatures=signatures,
        )
    )


def dmarc(text: str, domain: str = "customer.example") -> dict[str, list[str]]:
    return {f"TXT _dmarc.{domain}": [text]}


def test_an_aligned_spf_pass_verifies_the_author() -> None:
    found = check(RAW, Table({**SPF, **dmarc("v=DMARC1; p=reject")}))
    assert found.spf == SpfResult(Result.PASS, "customer.example")
    assert found.dmarc == DmarcResult(Result.PASS, "reject", "customer.example")
    assert found.verified
    assert found.must_be_verified


def test_an_aligned_signature_verifies_the_author_of_a_fetched_mail() -> None:
    found = check(signed(RAW), Table({**keys(), **dmarc("v=DMARC1; p=none")}), envelope=None)
    assert [entry.result for entry in found.dkim] == [Result.PASS]
    assert found.dmarc.result is Result.PASS
    assert found.verified


def test_a_forged_author_is_not_verified() -> None:
    """The sending domain is honest about itself, but it is not the author's."""
    records = {**SPF, **dmarc("v=DMARC1; p=reject", "bank.example")}
    forged = check(RAW, Table(records), author="boss@bank.example")
    assert forged.spf.result is Result.PASS
    assert forged.dmarc == DmarcResult(Result.FAIL, "reject", "bank.example")
    assert not forged.verified


def test_a_changed_mail_fails_its_signature() -> None:
    found = check(signed(RAW) + b"and send money", Table(keys()), envelope=None)
    assert [entry.result for entry in found.dkim] == [Result.PERMERROR]
    assert not found.verified


def test_a_second_author_added_to_a_signed_mail_breaks_it() -> None:
    raw = signed(RAW)
    found = check(b"From: boss@bank.example\r\n" + raw, Table(keys()), envelope=None)
    assert found.dkim[0].result is not Result.PASS


def test_a_signature_over_part_of_the_body_does_not_count() -> None:
    found = check(signed(RAW, length=True) + b"more", Table(keys()), envelope=None)
    assert found.dkim[0].result is Result.POLICY
    assert not found.verified


def test_a_signature_with_sha_1_does_not_count() -> None:
    weak = check(signed(RAW, signature_algorithm=b"rsa-sha1"), Table(keys()), envelope=None)
    assert weak.dkim[0].result is Result.POLICY
    assert not weak.verified


@pytest.mark.parametrize(
    ("records", "result"),
    [
        ({}, Result.PERMERROR),
        ({"TXT s1._domainkey.customer.example": ["v=DKIM1; p="]}, Result.FAIL),
        ({"TXT s1._domainkey.customer.example": ["nonsense"]}, Result.FAIL),
    ],
)
def test_a_signature_without_a_good_key_does_not_pass(
    records: dict[str, list[str]], result: Result
) -> None:
    found = check(signed(RAW), Table(records), envelope=None)
    assert found.dkim[0].result is result
    assert not found.verified


def test_a_name_server_that_does_not_answer_is_no_verdict() -> None:
    name = "s1._domainkey.customer.example"
    records = dmarc("v=DMARC1; p=reject")
    found = check(signed(RAW), Table(records, broken=(name,)), envelope=None)
    assert found.dkim[0].result is Result.TEMPERROR
    assert found.dmarc.result is Result.TEMPERROR
    assert found.must_be_verified
    assert not found.verified


def test_a_domain_whose_policy_cannot_be_asked_must_be_verified() -> None:
    found = check(RAW, Table(SPF, broken=("_dmarc.customer.example",)))
    assert found.dmarc.result is Result.TEMPERROR
    assert found.must_be_verified
    assert not found.verified


def test_without_dmarc_only_the_very_same_domain_verifies() -> None:
    assert check(RAW, Table(SPF)).verified
    assert not check(RAW, Table(SPF)).must_be_verified
    other = check(RAW, Table(SPF), author="ann@mail.customer.example")
    assert other.spf.result is Result.PASS
    assert not other.verified


@pytest.mark.parametrize(
    ("policy", "author", "passes"),
    [
        ("v=DMARC1; p=none", "ann@news.customer.example", True),
        ("v=DMARC1; p=none; aspf=s", "ann@news.customer.example", False),
        ("v=DMARC1; p=none; aspf=s", "ann@customer.example", True),
    ],
)
def test_alignment_is_relaxed_unless_the_domain_says_strict(
    policy: str, author: str, *, passes: bool
) -> None:
    found = check(RAW, Table({**SPF, **dmarc(policy)}), author=author)
    assert found.dmarc.result is (Result.PASS if passes else Result.FAIL)
    assert found.dmarc.organisation == "customer.example"


def test_domains_below_a_public_suffix_do_not_vouch_for_each_other() -> None:
    records = {
        **SPF,
        **dmarc("v=DMARC1; p=none; psd=y", "example"),
        **dmarc("v=DMARC1; p=reject", "bank.example"),
    }
    found = check(RAW, Table(records), author="boss@bank.example")
    assert found.dmarc.result is Result.FAIL
    assert found.dmarc.organisation == "bank.example"


def test_the_subdomain_policy_of_the_organisation_applies_below_it() -> None:
    records = dmarc("v=DMARC1; p=none; sp=reject")
    found = check(RAW, Table(records), author="ann@news.customer.example", envelope=None)
    assert found.dmarc == DmarcResult(Result.FAIL, "reject", "customer.example")


def test_a_domain_may_say_that_it_is_an_organisation_of_its_own() -> None:
    records = {**SPF, **dmarc("v=DMARC1; p=none; psd=n", "shop.customer.example")}
    records |= dmarc("v=DMARC1; p=reject")
    found = check(RAW, Table(records), author="ann@shop.customer.example")
    assert found.dmarc == DmarcResult(Result.FAIL, "none", "shop.customer.example")


def test_the_organisation_of_a_signing_domain_that_cannot_be_asked_does_not_count() -> None:
    records = {**SPF, **dmarc("v=DMARC1; p=none")}
    found = check(
        RAW,
        Table(records, broken=("_dmarc.mail.customer.example",)),
        envelope=Envelope("192.0.2.10", "x.example", "ann@mail.customer.example"),
    )
    assert found.dmarc.result is Result.FAIL


def test_international_domains_are_compared_in_ascii() -> None:
    records = {
        "TXT xn--bcher-kva.example": ["v=spf1 ip4:192.0.2.10 -all"],
        **dmarc("v=DMARC1; p=none", "xn--bcher-kva.example"),
    }
    envelope = Envelope("192.0.2.10", "x.example", "ann@bücher.example")
    assert check(RAW, Table(records), envelope=envelope, author="ann@bücher.example").verified


def test_two_records_are_none() -> None:
    records = {"TXT _dmarc.customer.example": ["v=DMARC1; p=reject", "v=DMARC1; p=none"]}
    assert check(RAW, Table(records), envelope=None).dmarc.result is Result.NONE


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=spf1 include:_spf.provider.example -all", Result.PASS),
        ("v=spf1 a:mx.provider.example -all", Result.PASS),
        ("v=spf1 mx -all", Result.PASS),
        ("v=spf1 redirect=_spf.provider.example", Result.PASS),
        ("v=spf1 ip4:198.51.100.0/24 -all", Result.FAIL),
        ("v=spf1 ip4:198.51.100.0/24 ~all", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.NEUTRAL),
        ("v=spf1 include:loop.example -all", Result.PERMERROR),
        ("v=spf1 ip4:999.1.1.1 -all", Result.PERMERROR),
        ("v=spf1 include:broken.example -all", Result.TEMPERROR),
        ("no spf here", Result.NONE),
    ],
)
def test_spf_is_evaluated_over_the_names_it_asks_for(record: str, result: Result) -> None:
    names = Table(
        {
            "TXT customer.example": [record],
            "TXT _spf.provider.example": ["v=spf1 ip4:192.0.2.0/24 -all"],
            "A mx.provider.example": ["192.0.2.10"],
            "MX customer.example": ["10 mx.provider.example"],
            "TXT loop.example": ["v=spf1 include:loop.example -all"],
        },
        broken=("broken.example",),
    )
    assert check(RAW, names).spf.result is result


def test_the_null_sender_is_checked_by_the_greeting_name() -> None:
    names = Table({"TXT mx.customer.example": ["v=spf1 ip4:192.0.2.10 -all"]})
    found = check(RAW, names, envelope=Envelope("192.0.2.10", "mx.customer.example", ""))
    assert found.spf == SpfResult(Result.PASS, "mx.customer.example")


def test_an_unknown_client_address_and_odd_senders_have_no_spf() -> None:
    for envelope in (
        Envelope("not an address", "x.example", "a@b.example"),
        Envelope("192.0.2.1", "localhost", ""),
        Envelope("192.0.2.1", "x", "a@b"),
    ):
        assert check(RAW, Table(), envelope=envelope).spf.result is Result.NONE


def test_a_maze_of_records_ends() -> None:
    names = Table(
        {
            f"TXT d{number}.example": [
                " ".join(
                    ["v=spf1", *(f"include:d{number * 9 + step}.example" for step in range(9))]
                )
            ]
            for number in range(200)
        }
    )
    envelope = Envelope("192.0.2.1", "x.example", "a@d1.example")
    assert check(RAW, names, envelope=envelope).spf.result is Result.PERMERROR
    assert len(names.asked) <= LOOKUPS


def test_an_ambiguous_author_is_never_verified() -> None:
    found = check(signed(RAW), Table({**SPF, **keys(), **dmarc("v=DMARC1; p=none")}), author="")
    assert not found.verified


def test_only_the_topmost_field_of_a_trusted_server_counts() -> None:
    value = "mx.provider.example; spf=pass smtp.mailfrom=ann@customer.example; dkim=pass "
    value += "header.d=customer.example header.s=s1; dmarc=pass header.from=customer.example"
    server, ann = "mx.provider.example", "ann@customer.example"
    found = trusted_results([value], server.upper(), ann)
    assert found is not None
    assert found.verified
    assert found.from_domain == "customer.example"
    assert found.dkim == (DkimResult(Result.PASS, "customer.example", "s1"),)
    assert trusted_results(["mx.evil.example; dmarc=pass", value], server, ann) is None
    assert trusted_results([value], "other.example", ann) is None
    assert trusted_results([value], "", ann) is None
    assert trusted_results([], server, ann) is None
    assert trusted_results(["\x00 ; ((((("], server, ann) is None
    assert trusted_results([value], server, "mallory@evil.example") is None
    assert trusted_results([value], server, "") is None


def test_odd_signatures_never_raise() -> None:
    for field in (b"", b"v=1", b"d=x; s=y", b"d=..; s=;", b"v=1; a=rsa-sha256; d=a.b; s=\xff; h=x"):
        raw = b"DKIM-Signature: " + field + b"\r\n" + RAW
        for entry in verify_signatures(raw, {"y._domainkey.x": "v=DKIM1; p=AAAA"}):
            assert entry.result is not Result.PASS
    assert verify_signatures(b" broken\r\n\r\n", {}) == ()
