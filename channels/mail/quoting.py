"""What the customer wrote now, apart from what they quote and how they sign.

Nothing is ever dropped: every line of the text is in one of the three parts. When in doubt a
line counts as the customer's own, because a folded quotation is a comfort and a folded question
is a question nobody answers.
"""

import re
from enum import Enum
from typing import NamedTuple

from channels.mail.quote_markers import (
    attribution_length,
    header_block_length,
    is_bare_original_marker,
    is_forward_marker,
    is_original_marker,
    is_quoted,
    is_rule,
)

_SIGNATURE_MARK = re.compile(r"\s{0,3}(?:--|—|––|- -)\s*\Z")
_SIGNATURE_RULE = re.compile(r"\s{0,3}(?:_{5,}|-{5,}|={5,}|\*{5,})\s*\Z")
_ONLY_MARKS = re.compile(r"[\s\-_=*~#+—–·•\u1427]+\Z")
_TRACKING_MARK = "\u1427"
_SENT_FROM = re.compile(
    r"\s*\W{0,3}(?:sent (?:from|with|via|using) (?:my |the )?\S.{0,80}|"
    r"get outlook for \S.{0,60}|sent by \S.{0,40}(?:app|phone|mobile)|"
    r"(?:von meinem|gesendet von|gesendet mit|gesendet über) \S.{0,80}|"
    r"(?:envoyé (?:de mon|depuis|à partir)) \S.{0,80}|"
    r"(?:enviado (?:desde|do meu|de mi|del)) \S.{0,80}|"
    r"(?:inviato (?:da|dal)) \S.{0,80}|(?:verzonden vanaf|verstuurd vanaf) \S.{0,80}|"
    r"(?:skickat från|sendt fra|lähetetty) \S.{0,80}|(?:wysłane z|odesláno z) \S.{0,80}|"
    r"(?:отправлено (?:с|из)|надіслано з) \S.{0,80}|发自我的.{0,40}|從我的.{0,40}傳送|"
    r"iPhoneから送信|나의 .{0,20}에서 보냄|yahoo mail.{0,40}on android)\s*\Z",
    re.IGNORECASE,
)
_SIGNATURE_LINES = 15
_RULED_SIGNATURE_LINES = 5
_LINE_LENGTH = 2_000
_LINES_EXAMINED = 5_000


class Split(NamedTuple):
    """The parts of a mail's text. ``own`` is never empty unless the whole text is.

    ``signature`` is how the customer signs (also "Sent from my phone"), ``quoted`` everything
    that repeats earlier mails, with its attributions.
    """

    own: str
    signature: str
    quoted: str

    @property
    def unquoted(self) -> str:
        """The customer's words with their signature, without quotations."""
        return f"{self.own}\n\n{self.signature}".strip("\n") if self.signature else self.own


class _Kind(Enum):
    OWN = "own"
    BLANK = "blank"
    MARKER = "marker"
    HEADERS = "headers"
    QUOTED = "quoted"
    SIGNATURE = "signature"


def split_quoted(text: str) -> Split:
    """Split a text into the customer's own words, their signature and quotations.

    Line ends become ``\\n``; lines are neither changed nor reordered within a part. A quotation
    that the customer answers line by line stays among their words.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    kinds = _classify(lines)
    _fold_signatures(lines, kinds)
    _keep_answered_quotes(kinds)
    own = _gather(lines, kinds, {_Kind.OWN, _Kind.BLANK})
    signature = _gather(lines, kinds, {_Kind.SIGNATURE})
    quoted = _gather(lines, kinds, {_Kind.QUOTED, _Kind.MARKER, _Kind.HEADERS})
    if not own.strip():
        return Split(text.replace("\r\n", "\n").strip("\n"), "", "")
    return Split(own.strip("\n"), signature.strip("\n"), quoted.strip("\n"))


def _gather(lines: list[str], kinds: list[_Kind], wanted: set[_Kind]) -> str:
    return "\n".join(line for line, kind in zip(lines, kinds, strict=True) if kind in wanted)


def _classify(lines: list[str]) -> list[_Kind]:
    kinds = [_Kind.OWN if line.strip() else _Kind.BLANK for line in lines]
    has_own = False
    index = 0
    while index < min(len(lines), _LINES_EXAMINED):
        line = lines[index]
        if kinds[index] is _Kind.BLANK or len(line) > _LINE_LENGTH:
            has_own = has_own or kinds[index] is _Kind.OWN
            index += 1
            continue
        if is_forward_marker(line):
            # What is forwarded is what the customer wants read: leave all that follows.
            break
        if is_quoted(line):
            kinds[index] = _Kind.QUOTED
            index += 1
            continue
        length, opens_rest = _marker_at(lines, index)
        if not length:
            has_own = True
            index += 1
            continue
        for place in range(index, index + length):
            kinds[place] = _Kind.MARKER
        index += length
        if _next_is_quoted(lines, index) or not opens_rest or not has_own:
            continue
        for place in range(index, len(lines)):
            kinds[place] = _Kind.QUOTED
        break
    return kinds


def _marker_at(lines: list[str], index: int) -> tuple[int, bool]:
    """The lines a marker takes here, and whether unmarked text after it is quoted text."""
    line = lines[index]
    if is_original_marker(line):
        return 1 + header_block_length(lines, index + 1), True
    if is_bare_original_marker(line):
        block = header_block_length(lines, index + 1)
        return (1 + block, True) if block or _next_is_quoted(lines, index + 1) else (0, False)
    if is_rule(line):
        after = index + 1
        while after < len(lines) and not lines[after].strip() and after - index < 3:
            after += 1
        block = header_block_length(lines, after) if after < len(lines) else 0
        return (after - index + block, True) if block else (0, False)
    block = header_block_length(lines, index)
    if block:
        return block, True
    length = attribution_length(lines, index)
    return (length, True) if length else (0, False)


def _next_is_quoted(lines: list[str], index: int) -> bool:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index < len(lines) and is_quoted(lines[index])


def _fold_signatures(lines: list[str], kinds: list[_Kind]) -> None:
    """Mark signatures: at the end of the mail and at the end of the words before a quotation."""
    for end in _own_ends(kinds):
        start = _own_start(kinds, end)
        mark = _signature_start(lines, kinds, start, end)
        if mark is not None and (mark > start or end < len(lines) or start > 0):
            for place in range(mark, end):
                kinds[place] = _Kind.SIGNATURE


def _own_ends(kinds: list[_Kind]) -> list[int]:
    """Where stretches of own text end."""
    words = {_Kind.OWN, _Kind.BLANK}
    return [
        index
        for index in range(1, len(kinds) + 1)
        if kinds[index - 1] in words and (index == len(kinds) or kinds[index] not in words)
    ]


def _own_start(kinds: list[_Kind], end: int) -> int:
    start = end
    while start > 0 and kinds[start - 1] in (_Kind.OWN, _Kind.BLANK):
        start -= 1
    return start


def _signature_start(lines: list[str], kinds: list[_Kind], start: int, end: int) -> int | None:
    """Where the signature of the own text in ``start .. end`` begins; None without one."""
    first: int | None = None
    filled = 0
    for index in range(end - 1, start - 1, -1):
        if kinds[index] is _Kind.BLANK:
            continue
        line = lines[index]
        filled += 1
        only_marks = _ONLY_MARKS.match(line) is not None
        if _SIGNATURE_MARK.match(line) and filled <= _SIGNATURE_LINES + 1:
            first = index
        elif only_marks and filled <= _RULED_SIGNATURE_LINES + 1:
            if first == index + 1 or filled == 1 or _is_lone_rule(lines, index, start):
                first = index
        elif (
            _SENT_FROM.match(line)
            and filled <= _SIGNATURE_LINES
            and _short_after(lines, index, end)
        ):
            first = index
        if filled > _SIGNATURE_LINES + 1:
            break
    return _with_marks_before(lines, kinds, first, start)


def _is_lone_rule(lines: list[str], index: int, start: int) -> bool:
    """A rule below an empty line begins a signature if it is the only one: others are tables."""
    if not _SIGNATURE_RULE.match(lines[index]) or index == start or lines[index - 1].strip():
        return False
    nearby = lines[max(start, index - 200) : index]
    return not any(_SIGNATURE_RULE.match(line) for line in nearby)


def _short_after(lines: list[str], index: int, end: int) -> bool:
    """ "Sent from ..." ends a mail; at most a line of contact follows it."""
    return sum(1 for line in lines[index + 1 : end] if line.strip()) <= 1


def _with_marks_before(
    lines: list[str], kinds: list[_Kind], first: int | None, start: int
) -> int | None:
    """Take in lines before a signature that hold nothing but marks (tracking dots, rules)."""
    if first is None:
        return None
    index = first - 1
    while index >= start and (
        kinds[index] is _Kind.BLANK or lines[index].strip() == _TRACKING_MARK
    ):
        if lines[index].strip():
            first = index
        index -= 1
    return first


def _keep_answered_quotes(kinds: list[_Kind]) -> None:
    """Quotations with own words on both sides are being answered: they stay in their place."""
    own = [index for index, kind in enumerate(kinds) if kind is _Kind.OWN]
    if not own:
        return
    for index in range(own[0], own[-1]):
        if kinds[index] is _Kind.QUOTED:
            kinds[index] = _Kind.OWN
