"""The tree of parts: sound mails to the byte, broken ones to something readable."""

import pytest

from channels.mail.limits import Budget, Limits
from channels.mail.mime import decode_body, parse_tree
from tests.channels.mail.samples import mail, multipart, nested, part


def leaves(raw: bytes, limits: Limits | None = None) -> list[bytes]:
    return [leaf.decoded() for leaf in parse_tree(raw, Budget(limits or Limits())).leaves()]


def test_parts_keep_their_bytes() -> None:
    assert leaves(multipart("mixed", part(b"\x00\xff\r\n"), part(b"two"))) == [
        b"\x00\xff\r\n",
        b"two",
    ]


def test_a_missing_boundary_parameter_is_guessed() -> None:
    raw = multipart("mixed", part(b"one"), part(b"two")).replace(b'; boundary="b1"', b"")
    assert leaves(raw) == [b"one", b"two"]


def test_a_boundary_that_lost_its_blanks_is_found() -> None:
    raw = multipart("mixed", part(b"one"), boundary="b1").replace(b'"b1"', b'"b1  "')
    assert leaves(raw) == [b"one"]


def test_a_cut_off_mail_keeps_what_came() -> None:
    whole = multipart("mixed", part(b"one"), part(b"two" * 100))
    cut = leaves(whole[: whole.index(b"dHdv") + 40])
    assert cut[0] == b"one"
    assert cut[1].startswith(b"twotwo")


def test_bare_carriage_returns_alone_are_line_ends() -> None:
    assert leaves(mail("a\r\nb").replace(b"\r\n", b"\r")) == [b"a\nb"]


def test_an_enclosed_message_is_opened_also_when_encoded() -> None:
    inner = mail("inside", subject="Inner")
    tree = parse_tree(multipart("mixed", part(inner, "message/rfc822")), Budget())
    assert tree.children[0].children[0].headers.text("subject") == "Inner"
    assert tree.leaves()[0].decoded() == b"inside"


@pytest.mark.parametrize(
    ("data", "encoding", "result"),
    [
        (b"SGVs\r\nbG8=", "base64", b"Hello"),
        (b"SGVsbG8", "base64", b"Hello"),
        (b"SGVsbG8=SGVsbG8=", "base64", b"Hello"),
        (b"SGVs*bG8=", "base64", b"Hello"),
        (b"S", "base64", b""),
        (b"a=3Db=\r\nc=ZZ", "quoted-printable", b"a=bc=ZZ"),
        (b"begin 644 x\n#0V%T\n`\nend\n", "x-uuencode", b"Cat"),
        (b"begin 644 x\n\xff\xfe", "uuencode", b""),
        (b"as it is", "x-strange", b"as it is"),
    ],
)
def test_transfer_encodings_are_undone_as_far_as_they_go(
    data: bytes, encoding: str, result: bytes
) -> None:
    assert decode_body(data, encoding)[: len(result)] == result


def test_mail_2_parts_beyond_the_bound_are_left_out_and_said() -> None:
    budget = Budget()
    raw = mail(b"--b\r\n\r\nx\r\n" * 100_000, content_type="multipart/mixed; boundary=b")
    assert len(parse_tree(raw, budget).children) == 249
    assert budget.notices == ["parts_left_out"]


def test_mail_2_levels_beyond_the_bound_are_not_opened() -> None:
    budget = Budget()
    raw = b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(1_000)
    )
    tree = parse_tree(raw, budget)
    depth = 0
    while tree.children:
        tree = tree.children[0]
        depth += 1
    assert depth == 20
    assert budget.notices == ["nesting_cut"]


def test_an_inner_boundary_that_begins_like_the_outer_one_is_its_own() -> None:
    raw = multipart(
        "mixed",
        nested("alternative", part(b"one"), part(b"two"), boundary="b-1"),
        part(b"three"),
        boundary="b",
    )
    assert leaves(raw) == [b"one", b"two", b"three"]
