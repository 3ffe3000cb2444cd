"""From a tree of parts to what a person reads: the text, the HTML, and the files."""

import re
from typing import NamedTuple

from channels.mail.charsets import CODECS, decode_text
from channels.mail.headers import declared_charset
from channels.mail.limits import TEXT_CUT, Budget
from channels.mail.mime import Part
from channels.mail.tnef import MEDIA_TYPES, Unpacked, unpack

_META_CHARSET = re.compile(
    rb"<meta[^<>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{1,40})", re.IGNORECASE
)
_ENRICHED_TAG = re.compile(r"<(?:<|/?[A-Za-z][A-Za-z0-9-]{0,60}>)")
_ENRICHED_PARAMETER = re.compile(r"<param>[^<]{0,500}</param>", re.IGNORECASE)
_STUB_WORDS = re.compile(
    r"(?:html|view (?:this|it) in (?:a|your) browser|not support|nicht unterstütz|mime format)",
    re.IGNORECASE,
)
_STUB_LENGTH = 300
_CHARACTER_BYTES = 4
"""The most bytes a character takes in any set."""
_TEXT_TYPES = frozenset({"text/plain", "text/html", "text/enriched", "text/richtext", "text"})
ENCRYPTED_PGP = "encrypted_pgp"
ENCRYPTED_SMIME = "encrypted_smime"
SIGNED_SMIME = "signed_smime"
_SMIME = frozenset({"application/pkcs7-mime", "application/x-pkcs7-mime"})
_SIGNATURES = frozenset(
    {"application/pgp-signature", "application/pkcs7-signature", "application/x-pkcs7-signature"}
)


class Leaf(NamedTuple):
    """A part that is handed on as a file; ``inline`` when the HTML may show it.

    ``packed`` is what was inside a ``winmail.dat``, when it could be opened.
    """

    part: Part
    inline: bool
    packed: Unpacked | None = None

    @property
    def is_winmail(self) -> bool:
        """Whether Outlook has packed files into this one."""
        return self.part.media_type in MEDIA_TYPES or self.part.file_name.lower() == "winmail.dat"


class Reading(NamedTuple):
    """What a person reads of a tree. ``texts`` and ``htmls`` are in the order of the mail;
    ``locked`` says by what the words are locked in, empty when they are not."""

    texts: list[str]
    htmls: list[str]
    files: list[Leaf]
    locked: str
    repaired: bool

    @property
    def plain(self) -> str:
        """The readable plain text, empty where there is none worth showing."""
        text = "\n\n".join(text.strip("\n") for text in self.texts if text.strip())
        stub = self.htmls and len(text) < _STUB_LENGTH and _STUB_WORDS.search(text)
        return "" if stub and any(len(html) > 4 * len(text) for html in self.htmls) else text


class _Reader:
    """Walks the tree once and collects."""

    def __init__(self, root: Part, budget: Budget) -> None:
        self.budget = budget
        self.text_left = budget.limits.text_characters
        self.html_left = budget.limits.html_characters
        self.hints = _hints(root)
        self.reading_texts: list[str] = []
        self.htmls: list[str] = []
        self.files: list[Leaf] = []
        self.locked = ""
        self.repaired = False

    def walk(self, part: Part, *, related: bool) -> None:
        self.locked = self.locked or _lock_of(part)
        if part.is_multipart:
            self._multipart(part, related=related)
        elif part.is_message:
            self.files.append(Leaf(part, inline=False))
        elif self._is_text(part):
            self._text(part)
        elif part.media_type not in _SIGNATURES:
            self.files.append(_leaf(part, inline=related or _is_inline_image(part)))

    def _multipart(self, part: Part, *, related: bool) -> None:
        if not part.children:
            self.reading_texts.append(self.text_of(part.preamble, part))
            return
        subtype = part.media_type.partition("/")[2]
        if subtype == "alternative":
            self._alternative(part, related=related)
            return
        for child in part.children:
            self.walk(child, related=related or subtype == "related")

    def _alternative(self, part: Part, *, related: bool) -> None:
        """Every form says the same: keep the last plain text and the last HTML of its own."""
        before = len(self.reading_texts), len(self.htmls)
        for child in part.children:
            self.walk(child, related=related)
        texts = [text for text in self.reading_texts[before[0] :] if text.strip()]
        if texts:
            # Several plain forms are rare; the longest leaves nothing out.
            self.reading_texts[before[0] :] = [max(texts, key=len)]
        del self.htmls[before[1] : max(before[1], len(self.htmls) - 1)]

    def _is_text(self, part: Part) -> bool:
        if part.disposition.value == "attachment" and part.depth > 0:
            return False
        named = bool(part.file_name) and part.depth > 0
        return part.media_type in _TEXT_TYPES and not (named and part.media_type != "text/html")

    def _text(self, part: Part) -> None:
        data = part.decoded()
        if part.media_type == "text/html":
            self.htmls.append(self.html_of(data, part))
            return
        text = self.text_of(data, part)
        if part.media_type in ("text/enriched", "text/richtext"):
            text = _ENRICHED_TAG.sub("", _ENRICHED_PARAMETER.sub("", text))
        elif part.parameters.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
        self.reading_texts.append(text)

    def text_of(self, data: bytes, part: Part) -> str:
        """Text of a body; no more of all bodies is decoded than may be shown."""
        most = _CHARACTER_BYTES * (self.text_left + 1)
        if len(data) > most:
            self.budget.note(TEXT_CUT)
        decoded = decode_text(data[:most], part.parameters.get("charset", ""), self.hints)
        self.text_left = max(0, self.text_left - len(decoded.text))
        self.repaired = self.repaired or decoded.repaired
        return decoded.text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")

    def html_of(self, data: bytes, part: Part) -> str:
        """HTML of a body, at least one character more than may be shown: then it is left out."""
        meta = _META_CHARSET.search(data[:4_000])
        named = meta.group(1).decode("ascii") if meta else ""
        charset = part.parameters.get("charset", "")
        if charset.lower() not in CODECS:
            charset = named
        most = _CHARACTER_BYTES * (self.html_left + 1)
        decoded = decode_text(data[:most], charset, (named, *self.hints))
        self.html_left = max(0, self.html_left - len(decoded.text))
        self.repaired = self.repaired or decoded.repaired
        return decoded.text.replace("\x00", "")


def _lock_of(part: Part) -> str:
    """What a part's words are locked in by: OpenPGP (RFC 3156) or S/MIME (RFC 8551), which also
    has a form that anybody could read but few programs do."""
    if part.media_type == "multipart/encrypted":
        return ENCRYPTED_PGP
    if part.media_type in _SMIME:
        signed = part.parameters.get("smime-type", "").lower() == "signed-data"
        return SIGNED_SMIME if signed else ENCRYPTED_SMIME
    return ""


def _leaf(part: Part, *, inline: bool) -> Leaf:
    leaf = Leaf(part, inline)
    return leaf._replace(packed=unpack(part.decoded())) if leaf.is_winmail else leaf


def _hints(root: Part) -> tuple[str, ...]:
    fields = ("subject", "from", "to")
    found = [declared_charset(root.headers.raw(name)) for name in fields]
    return tuple(dict.fromkeys(charset for charset in found if charset))


def _is_inline_image(part: Part) -> bool:
    return (
        part.media_type.startswith("image/")
        and bool(part.content_id)
        and part.disposition.value != "attachment"
    )


def read_tree(root: Part, budget: Budget) -> Reading:
    """The readable parts and the files of a mail.

    A mail that is nothing but another message, or has no words of its own but forwards some,
    shows the words of that message; the message stays attached as well. Words that stand in a
    ``winmail.dat`` alone are read there.
    """
    reader = _Reader(root, budget)
    reader.walk(root, related=False)
    if not any(text.strip() for text in (*reader.reading_texts, *reader.htmls)):
        for leaf in list(reader.files):
            if leaf.packed is not None:
                reader.reading_texts.append(leaf.packed.text.replace("\x00", ""))
                reader.htmls.append(leaf.packed.html.replace("\x00", ""))
            if leaf.part.is_message:
                inner = _Reader(leaf.part.children[0], budget)
                inner.walk(leaf.part.children[0], related=False)
                reader.reading_texts += inner.reading_texts or [
                    read_tree(inner_leaf.part, budget).plain
                    for inner_leaf in inner.files
                    if inner_leaf.part.is_message
                ]
                reader.htmls += inner.htmls
                break
    return Reading(reader.reading_texts, reader.htmls, reader.files, reader.locked, reader.repaired)


def unflow(text: str, *, delete_space: bool = False) -> str:
    """Join the soft line breaks of ``format=flowed`` text (RFC 3676); quotation marks are kept."""
    paragraphs: list[list[str]] = []
    open_depth: int | None = None
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        body = line[depth:].removeprefix(" ")
        is_mark = body == "-- "
        soft = body.endswith(" ") and not is_mark
        kept = body[:-1] if soft and delete_space else body
        if open_depth == depth and not is_mark and paragraphs:
            paragraphs[-1].append(kept)
        else:
            paragraphs.append([">" * depth + " " if depth else "", kept])
        open_depth = depth if soft else None
    joined = ("".join(pieces) for pieces in paragraphs)
    return "\n".join(line if line == "-- " else line.rstrip(" ") for line in joined)
