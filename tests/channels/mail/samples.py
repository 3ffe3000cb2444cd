"""Mails for tests, built from parts."""

import base64


def mail(body: str | bytes = "Hello", **fields: str) -> bytes:
    """A plain mail; keyword ``in_reply_to="<x>"`` becomes the field In-Reply-To."""
    values = {"from": "Ann <ann@customer.example>", "to": "help@centre.example", **fields}
    head = "".join(
        f"{name.replace('_', '-').title()}: {value}\r\n" for name, value in values.items()
    )
    data = body if isinstance(body, bytes) else body.encode()
    return head.encode() + b"\r\n" + data


def part(content: bytes, content_type: str = "text/plain; charset=utf-8", **fields: str) -> bytes:
    """A body part in base64."""
    head = f"Content-Type: {content_type}\r\nContent-Transfer-Encoding: base64\r\n"
    head += "".join(
        f"{name.replace('_', '-').title()}: {text}\r\n" for name, text in fields.items()
    )
    return head.encode() + b"\r\n" + base64.encodebytes(content).replace(b"\n", b"\r\n")


def multipart(kind: str, *parts: bytes, boundary: str = "b1", **fields: str) -> bytes:
    """A mail of several parts; with ``head=False`` fields left out it nests as a part."""
    lines = b"".join(b"--" + boundary.encode() + b"\r\n" + piece + b"\r\n" for piece in parts)
    body = lines + b"--" + boundary.encode() + b"--\r\n"
    return mail(body, content_type=f'multipart/{kind}; boundary="{boundary}"', **fields)


def nested(kind: str, *parts: bytes, boundary: str) -> bytes:
    """A multipart as a part of another one."""
    whole = multipart(kind, *parts, boundary=boundary)
    return b"Content-Type: " + whole.partition(b"Content-Type: ")[2]


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
