"""MAIL-4: what joins a case. MAIL-5: what is answered by itself."""

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.mail.joining import (
    Verdict,
    decide_joining,
    why_no_auto_reply,
)
from channels.mail.parsing import ParsedMail, parse_mail
from channels.mail.reply_tokens import ReplyTokens, message_id, reply_address, tokens_in
from channels.mail.verdicts import Authentication, DmarcResult, Result, SpfResult
from router.model.errors import InvalidInput
from router.model.ids import CaseId, Instant
from tests.channels.mail.samples import mail

KEY = b"k" * 32
TOKENS = ReplyTokens([KEY])
CASE = CaseId("0123456789abcdef0123456789abcdef")
ANN = "ann@customer.example"
VERIFIED = Authentication("customer.example", dmarc=DmarcResult(Result.PASS, "none", "x"))
FORGED = Authentication("customer.example", dmarc=DmarcResult(Result.FAIL, "none", "x"))
PLAIN = Authentication("customer.example", SpfResult(Result.PASS, "customer.example"))
UNKNOWN = Authentication("customer.example")
NOW = Instant(1_704_106_800_000)


def ours(participant: str = ANN) -> str:
    return message_id(TOKENS.issue(CASE, participant), "0f", "centre.example")


def reply(**fields: str) -> ParsedMail:
    return parse_mail(mail(**{"references": f"<{ours()}>", **fields}))


def test_mail_4_an_answer_with_the_authors_token_joins() -> None:
    for fields in (
        {},
        {"references": f"<a@x> <{ours()}> <b@x>"},
        {"references": "", "in_reply_to": f"<{ours()}>"},
        {"references": "", "to": reply_address("help@centre.example", TOKENS.issue(CASE, ANN))},
        {"references": "", "delivered_to": reply_address("a@c.example", TOKENS.issue(CASE, ANN))},
        {"from": "Ann <ANN@Customer.Example>"},
        {"references": f"<{ours().upper()}>"},
    ):
        for authentication in (VERIFIED, PLAIN, UNKNOWN):
            found = decide_joining(reply(**fields), TOKENS, authentication)
            assert (found.verdict, found.case) == (Verdict.JOINS, CASE), fields


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"from": "eve@evil.example"}, "token of another"),
        ({"from": "eve@evil.example", "cc": ANN}, "token of another"),
        ({"from": "eve@evil.example", "reply_to": ANN, "sender": ANN}, "token of another"),
        ({"from": f"{ANN}, eve@evil.example"}, "ambiguous sender"),
        ({"from": f'"{ANN}" <eve@evil.example>'}, "token of another"),
        ({"from": "=?utf-8?Q?ann=40customer.example?= <eve@evil.example>"}, "token of another"),
        ({"references": "<guess@centre.example>"}, "no token"),
        ({"references": "", "in_reply_to": "<order-4711@centre.example>"}, "no token"),
        ({"references": "", "subject": "Re: case 0123456789abcdef0123456789abcdef"}, "no token"),
        ({"references": f"<{'a' * 52}.0f@centre.example>"}, "token of another"),
        ({"references": f"<{'2' * 52}.0f@centre.example>"}, "token of another"),
    ],
)
def test_mail_4_hijacks_join_nothing(fields: dict[str, str], why: str) -> None:
    found = decide_joining(reply(**fields), TOKENS, VERIFIED)
    assert found.verdict is not Verdict.JOINS
    assert found.case is None
    assert found.why_not == why


def test_mail_4_a_forged_author_of_a_domain_with_dmarc_does_not_join() -> None:
    found = decide_joining(reply(), TOKENS, FORGED)
    assert (found.verdict, found.why_not) == (Verdict.MAY_BELONG, "unverified sender")
    cannot_ask = Authentication("customer.example", dmarc=DmarcResult(Result.TEMPERROR))
    assert decide_joining(reply(), TOKENS, cannot_ask).verdict is Verdict.MAY_BELONG


def test_mail_4_every_letter_of_a_token_counts() -> None:
    token = TOKENS.issue(CASE, ANN)
    for place in range(51):
        other = "b" if token[place] != "b" else "c"
        changed = token[:place] + other + token[place + 1 :]
        assert TOKENS.case_of(changed, ANN) is None


def test_mail_4_a_token_holds_128_bits_of_case_and_128_of_proof() -> None:
    assert len(TOKENS.issue(CASE, ANN)) * 5 >= 256
    assert TOKENS.case_of(TOKENS.issue(CASE, ANN), "other@customer.example") is None


def test_an_answer_that_mentions_a_mail_may_belong_to_it() -> None:
    found = decide_joining(reply(references="<a@x> <b@x>"), TOKENS, VERIFIED)
    assert found.verdict is Verdict.MAY_BELONG
    assert found.mentions == ("b@x", "a@x")
    assert decide_joining(reply(references=""), TOKENS, VERIFIED).verdict is Verdict.NEW


def test_keys_can_be_changed_without_losing_threads() -> None:
    new = ReplyTokens([secrets.token_bytes(32), KEY])
    assert new.case_of(TOKENS.issue(CASE, ANN), ANN) == CASE
    assert TOKENS.case_of(new.issue(CASE, ANN), ANN) is None


def test_weak_keys_and_odd_cases_are_refused() -> None:
    for keys in ([], [b"short"]):
        with pytest.raises(InvalidInput):
            ReplyTokens(keys)
    for case in ("", "x" * 32, "0" * 31, "0" * 33):
        with pytest.raises(InvalidInput):
            TOKENS.issue(CaseId(case), ANN)


@given(st.text(max_size=80))
def test_no_text_is_a_token(text: str) -> None:
    assert TOKENS.case_of(text, ANN) is None
    assert len(tokens_in([text])) <= 20


def test_a_token_that_does_not_fit_the_address_travels_in_the_message_id_alone() -> None:
    token = TOKENS.issue(CASE, ANN)
    marked = reply_address("help@centre.example", token)
    assert marked == f"help+{token}@centre.example"
    assert reply_address("customer-care-team@centre.example", token) == (
        "customer-care-team@centre.example"
    )
    assert tokens_in([marked]) == (token,)


def test_mail_5_a_verified_person_may_be_answered() -> None:
    person = parse_mail(mail(), envelope_sender=ANN)
    assert why_no_auto_reply(person, VERIFIED) == ""
    assert why_no_auto_reply(person, VERIFIED, envelope_sender="<>") == "null sender"


@pytest.mark.parametrize(
    ("raw", "envelope_sender", "authentication", "why"),
    [
        (mail(auto_submitted="auto-replied"), ANN, VERIFIED, "kind auto_reply"),
        (mail(auto_submitted="auto-generated"), ANN, VERIFIED, "kind notice"),
        (mail(list_id="<x.example>"), ANN, VERIFIED, "kind list"),
        (mail(precedence="bulk"), ANN, VERIFIED, "kind notice"),
        (mail(), "", VERIFIED, "kind notice"),
        (mail(), ANN, FORGED, "unverified sender"),
        (mail(), ANN, UNKNOWN, "unverified sender"),
        (mail(**{"from": "a@x.example, b@x.example"}), ANN, VERIFIED, "ambiguous sender"),
        (mail(**{"from": "nobody"}), ANN, VERIFIED, "ambiguous sender"),
    ],
)
def test_mail_5_nothing_else_is_answered(
    raw: bytes, envelope_sender: str, authentication: Authentication, why: str
) -> None:
    assert (
        why_no_auto_reply(parse_mail(raw, envelope_sender=envelope_sender), authentication) == why
    )
