"""Mails made to cost much (attack test 21), each small enough to be sent."""

import base64

HEAD = b"From: ann@customer.example\r\nSubject: bomb\r\n"


def levels(count: int) -> bytes:
    """Multiparts within each other."""
    return HEAD + b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(count)
    )


def encoded_messages(count: int) -> bytes:
    """Messages within each other, each in base64."""
    body = b"Subject: inner\r\n\r\n" + b"z" * 200_000
    for _ in range(count):
        body = (
            b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n"
            + base64.encodebytes(body)
        )
    return HEAD + body


BOMBS: dict[str, bytes] = {
    "100,000 parts": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"--b\r\n\r\nx\r\n" * 100_000,
    "1,000 levels": levels(1_000),
    "8,000 parameters": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b"; p%d=x" % number for number in range(8_000))
    + b"\r\n\r\nwords",
    "8,000 continued parameters": HEAD
    + b"Content-Type: text/plain"
    + b"".join(b"; p*%d*=utf-8''%%41" % number for number in range(8_000))
    + b"\r\n\r\nwords",
    "5,000 addresses": HEAD
    + b"To: "
    + b", ".join(b"a%d@x.example" % number for number in range(5_000))
    + b"\r\n\r\nwords",
    "100,000 brackets": HEAD + b"To: " + b"(" * 100_000 + b"\r\n\r\nwords",
    "40,000 encoded words": HEAD + b"X: " + b"=?utf-8?q?a?= " * 40_000 + b"\r\n\r\nwords",
    "10,000 unknown character sets": HEAD
    + b"X-A: x\r\nComments: "
    + b"".join(b"=?x-%d?q?=e4?= " % number for number in range(10_000))
    + b"\r\n\r\nwords",
    "100,000 header lines": HEAD + b"X: y\r\n" * 100_000 + b"\r\nwords",
    "10 encoded messages": encoded_messages(10),
    "400,000 open elements": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<div>" * 400_000,
    "hidden closing tags": HEAD
    + b"Content-Type: text/html\r\n\r\n"
    + b'<div><i title="</div>">' * 60_000,
    "2,000,000 angle brackets": HEAD + b"Content-Type: text/html\r\n\r\n" + b"<" * 1_900_000,
    "25 MiB in one file": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: application/x\r\n"
    + b"Content-Transfer-Encoding: base64\r\n\r\n"
    + (b"A" * 76 + b"\r\n") * 335_000
    + b"--b--",
    "25 MiB of lines": HEAD + b"\r\n" + (b"A b c " * 12 + b"\r\n") * 350_000,
    "25 MiB of dashes": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + b"\r\n--" * 6_500_000,
    "25 MiB of spaces": HEAD + b"\r\n" + b" " * 26_000_000,
    "25 MiB without meaning": HEAD + b"\r\n" + bytes(range(1, 256)) * 100_000,
    "25 MiB of wide letters": HEAD
    + b"Content-Type: text/plain; charset=utf-8\r\n\r\n"
    + "\U00010348 \U0001f600".encode() * 2_900_000,
    "25 MiB of wide HTML": HEAD
    + b"Content-Type: text/html; charset=utf-8\r\n\r\n<p>"
    + "\U00010348 \U0001f600".encode() * 2_900_000,
    "200 texts of wide letters": HEAD
    + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    + (
        b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n" + "\U0001f600".encode() * 30_000
    ).ljust(130_000)
    * 200,
    "300,000 half attributions": HEAD + b"\r\n" + b"On 2024 10:00 \n\n" * 300_000,
    "300,000 half header blocks": HEAD + b"\r\n" + b"From: x\nTo: y\n" * 300_000,
    "long boundary": HEAD
    + b'Content-Type: multipart/mixed; boundary="'
    + b"x" * 200_000
    + b'"\r\n\r\n--'
    + b"x" * 200_000,
}
