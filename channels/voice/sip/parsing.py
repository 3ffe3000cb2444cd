"""Bytes to messages: one datagram, or one message cut out of a stream.

What cannot be read raises BadMessage, with as much as was understood for the answer.
"""

import re

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.grammar import TOKEN
from channels.voice.sip.limits import DATAGRAM_BYTES, HEADER_LINE_BYTES, HEADER_LINES
from channels.voice.sip.message import Headers, Message, Request, Response
from channels.voice.sip.names import canonical

_REQUEST_LINE = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+) ([^\s<>]+) (?i:SIP)/([0-9]+\.[0-9]+)")
_STATUS_LINE = re.compile(r"(?i:SIP)/2\.0 ([1-6][0-9][0-9])(?: (.*))?", re.S)
_ROUGH_REQUEST = re.compile(r"([A-Za-z0-9\-.!%*_+`'~]+)\s.*\s(?i:SIP)/[0-9.]+\s*", re.S)
_FOLD = re.compile(r"\r\n[ \t]+")
# Tab is white space; CR and LF are left only where no line ends.
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"', re.S)
_ESCAPED_CONTROL = re.compile(r"\\[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]")
_LENGTH = "content-length"


def parse_datagram(data: bytes) -> Message:
    """The message of one datagram; bytes behind its Content-Length are ignored (RFC 3261, 18.3).

    Raises BadMessage. Its ``partial`` is None when this is not SIP at all.
    """
    head, blank, body = data.lstrip(b"\r\n").partition(b"\r\n\r\n")
    message = parse_head(head)
    if len(data) > DATAGRAM_BYTES:
        raise BadMessage("message too large", status=513, partial=message)
    if not blank:
        raise BadMessage("the headers do not end with an empty line", partial=message)
    length = body_length(message)
    if length is not None and length > len(body):
        raise BadMessage(
            "Content-Length is beyond the end", field="Content-Length", partial=message
        )
    message.body = body if length is None else body[:length]
    return message


def parse_head(head: bytes) -> Message:
    """Start line and headers, without the empty line behind them. Raises BadMessage."""
    text = head.decode("utf-8", "surrogateescape")
    if "\r\n " in text or "\r\n\t" in text:
        text = _FOLD.sub(" ", text)
    start, *lines = text.split("\r\n")
    response = start[:4].upper() == "SIP/"
    if not response and _ROUGH_REQUEST.fullmatch(start) is None:
        raise BadMessage("this is not SIP")
    headers: Headers = {}
    fault = _read_headers(lines, headers)
    message = _response(start, headers) if response else _request(start, headers)
    if fault:
        raise BadMessage(fault, partial=message)
    if _CONTROL.search(text):
        _judge_control(message)
    return message


def _read_headers(lines: list[str], headers: Headers) -> str:
    """Fill ``headers``; returns what is wrong with them, empty when nothing is."""
    fault = "too many headers" if len(lines) > HEADER_LINES else ""
    for line in lines[:HEADER_LINES]:
        name, colon, value = line.partition(":")
        name = name.rstrip(" \t")
        if not colon or not TOKEN.fullmatch(name):
            fault = fault or "a line is no header"
        elif len(line) > HEADER_LINE_BYTES:
            fault = fault or "a header is too long"
        else:
            headers.setdefault(canonical(name), []).append(value.strip(" \t"))
    return fault


def _request(start: str, headers: Headers) -> Request:
    hit = _REQUEST_LINE.fullmatch(start)
    if hit is None:
        method = start.partition(" ")[0]
        partial = Request(method if TOKEN.fullmatch(method) else "?", "", headers)
        raise BadMessage("the request line is malformed", partial=partial)
    request = Request(hit[1], hit[2], headers)
    if hit[3] != "2.0":
        raise BadMessage("another version of SIP", status=505, partial=request)
    return request


def _response(start: str, headers: Headers) -> Response:
    hit = _STATUS_LINE.fullmatch(start)
    if hit is None:
        raise BadMessage("the status line is malformed", partial=Response(0, "", headers))
    return Response(int(hit[1]), hit[2] or "", headers)


def _judge_control(message: Message) -> None:
    """Raw control characters: only as quoted pairs inside quotes (RFC 4475, 3.1.1.2; SIP-1)."""
    start = message.start_line()
    for text in (start, *(line for lines in message.headers.values() for line in lines)):
        if not _CONTROL.search(text):
            continue
        rest = _QUOTED.sub(lambda hit: _ESCAPED_CONTROL.sub("", hit[0]), text)
        if _CONTROL.search(rest):
            raise BadMessage("a control character", partial=message)


def body_length(message: Message) -> int | None:
    """Content-Length, or None without one. Raises BadMessage when it is none or contradictory."""
    lines = message.headers.get(_LENGTH)
    if not lines:
        return None
    text = lines[0]
    if len(lines) > 1 or not text.isascii() or not text.isdigit() or len(text) > 9:
        raise BadMessage("Content-Length is malformed", field="Content-Length", partial=message)
    return int(text)
