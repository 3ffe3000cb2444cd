"""Bytes to readable text, also where the declared character set is wrong, missing or unknown.

Labels are read as the WHATWG Encoding Standard reads them (a mail that says ``iso-8859-1`` means
``windows-1252``, ``gb2312`` means ``gb18030``), because that is what sending programs rely on.
Codecs are taken from a closed table: a hostile label never reaches Python's codec search.
"""

from collections.abc import Sequence
from typing import NamedTuple

from channels.mail.charset_guess import guess_charset, wide_codec

_LABELS = {
    "utf-8": "utf-8 utf8 unicode-1-1-utf-8 utf-8-sig cp65001",
    "utf-7": "utf-7 utf7 unicode-1-1-utf-7 x-unicode-2-0-utf-7",
    "utf-16": "utf-16 utf16 unicode ucs-2 iso-10646-ucs-2",
    "utf-16-le": "utf-16le utf-16-le",
    "utf-16-be": "utf-16be utf-16-be",
    "utf-32": "utf-32",
    "ascii": "us-ascii ascii ansi_x3.4-1968 iso646-us iso-ir-6 646 us",
    "cp1252": "windows-1252 cp1252 x-cp1252 ansi iso-8859-1 iso8859-1 iso_8859-1 8859_1 latin1 "
    "latin-1 l1 cp819 ibm819 iso-8859-1-windows-3.1-latin-1",
    "iso8859-2": "iso-8859-2 iso8859-2 iso_8859-2 latin2 latin-2 l2",
    "iso8859-3": "iso-8859-3 iso8859-3 latin3",
    "iso8859-4": "iso-8859-4 iso8859-4 latin4",
    "iso8859-5": "iso-8859-5 iso8859-5 cyrillic",
    "iso8859-6": "iso-8859-6 iso8859-6 iso-8859-6-i iso-8859-6-e arabic",
    "iso8859-7": "iso-8859-7 iso8859-7 greek",
    "iso8859-8": "iso-8859-8 iso8859-8 iso-8859-8-i iso-8859-8-e hebrew visual logical",
    "cp1254": "windows-1254 cp1254 iso-8859-9 iso8859-9 latin5",
    "iso8859-10": "iso-8859-10 iso8859-10 latin6",
    "iso8859-13": "iso-8859-13 iso8859-13",
    "iso8859-14": "iso-8859-14 iso8859-14",
    "iso8859-15": "iso-8859-15 iso8859-15 iso_8859-15 latin9 latin-9 l9",
    "iso8859-16": "iso-8859-16 iso8859-16",
    "cp1250": "windows-1250 cp1250 x-cp1250",
    "cp1251": "windows-1251 cp1251 x-cp1251 win-1251",
    "cp1253": "windows-1253 cp1253",
    "cp1255": "windows-1255 cp1255",
    "cp1256": "windows-1256 cp1256",
    "cp1257": "windows-1257 cp1257",
    "cp1258": "windows-1258 cp1258",
    "cp874": "windows-874 cp874 tis-620 tis620 iso-8859-11 iso8859-11 dos-874",
    "koi8-r": "koi8-r koi8 koi koi8_r",
    "koi8-u": "koi8-u koi8-ru",
    "cp437": "cp437 ibm437",
    "cp850": "cp850 ibm850",
    "cp852": "cp852 ibm852",
    "cp866": "cp866 ibm866 866",
    "mac-roman": "macintosh mac-roman macroman x-mac-roman mac",
    "mac-cyrillic": "x-mac-cyrillic mac-cyrillic",
    "gb18030": "gb18030 gbk gb2312 gb_2312-80 x-gbk chinese csgb2312 cp936 ms936 euc-cn "
    "gb_2312 gb2312-80 iso-ir-58",
    "hz": "hz-gb-2312 hz hz-gb",
    "cp950": "big5 big-5 cp950 x-x-big5 cn-big5 csbig5 big5-tw",
    "big5hkscs": "big5-hkscs big5hkscs",
    "cp932": "shift_jis shift-jis sjis x-sjis ms_kanji windows-31j cp932 ms932 csshiftjis",
    "euc-jp": "euc-jp eucjp x-euc-jp",
    "iso2022_jp_2": "iso-2022-jp iso2022-jp csiso2022jp iso-2022-jp-1 iso-2022-jp-2",
    "iso2022_jp_ext": "iso-2022-jp-ms cp50220 cp50221 iso-2022-jp-3",
    "cp949": "euc-kr euckr ks_c_5601-1987 ks_c_5601-1989 ks_c_5601 ksc5601 ksc_5601 korean "
    "windows-949 cp949 uhc ms949 cseuckr",
    "iso2022_kr": "iso-2022-kr",
    "johab": "johab",
}
CODECS: dict[str, str] = {
    label: codec for codec, labels in _LABELS.items() for label in labels.split()
}
"""Every label that is understood, in lower case, and the codec that reads it."""

_ONE_BYTE = frozenset(
    codec for codec in _LABELS if codec.startswith(("cp12", "iso8859", "koi8", "mac-"))
) | {"cp437", "cp850", "cp852", "cp866", "cp874"}
_BYTE_ORDER_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_LABEL_LENGTH = 40
_SCANNED = 100_000


class Decoded(NamedTuple):
    """Text, the codec that gave it, and whether that is not what the sender declared."""

    text: str
    codec: str
    repaired: bool


def codec_for(label: str) -> str | None:
    """The codec for a declared character set; None for an unknown one (such as ``x-unknown``)."""
    if len(label) > _LABEL_LENGTH:
        return None
    cleaned = label.strip().strip("\"'").strip().lower().replace(" ", "")
    return CODECS.get(cleaned) or CODECS.get(cleaned.replace("_", "-"))


def preload_codecs() -> None:
    """Import every codec of the table, so that a sandboxed process opens no file for one."""
    for codec in _LABELS:
        b"a".decode(codec, "replace")


def decode_text(data: bytes, declared: str = "", hints: Sequence[str] = ()) -> Decoded:
    """Text of ``data``: by its declared character set where that reads it sensibly, else by
    ``hints`` (character sets named elsewhere in the mail), else by what the bytes look like.

    Never fails: what cannot be read at all becomes U+FFFD. Line ends are left as they are.
    """
    marked = _by_mark(data)
    if marked is not None:
        return marked
    codec = codec_for(declared)
    if data.isascii() and codec in (None, "utf-8", "ascii", *_ONE_BYTE):
        return _plain_ascii(data, codec)
    if codec is not None:
        read = _strict(data, codec)
        if read is not None:
            better = _better_than(data, codec, read, hints)
            return better or Decoded(read, codec, repaired=False)
    return _rescue(data, codec, hints)


def _plain_ascii(data: bytes, codec: str | None) -> Decoded:
    """Seven-bit text; Japanese and UTF-16 without labels show by what they look like."""
    other = "iso2022_jp_2" if b"\x1b$" in data else wide_codec(data) if b"\0" in data else None
    if other is not None:
        read = _strict(data, other)
        if read is not None:
            return Decoded(read, other, repaired=True)
    return Decoded(data.decode("ascii"), codec or "ascii", repaired=False)


def _by_mark(data: bytes) -> Decoded | None:
    for mark, codec in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            text = data.decode(codec, "replace").removeprefix("\ufeff")
            return Decoded(text, codec, repaired=False)
    return None


def _strict(data: bytes, codec: str) -> str | None:
    try:
        return data.decode(codec)
    except (UnicodeError, ValueError):
        return None


def _better_than(data: bytes, codec: str, read: str, hints: Sequence[str]) -> Decoded | None:
    """A reading that is clearly meant although the declared one gives no error.

    A one-byte set reads anything, so it proves nothing; UTF-8 by chance hardly exists.
    """
    if codec not in _ONE_BYTE:
        return None
    unicode = _strict(data, "utf-8")
    if unicode is not None:
        return Decoded(unicode, "utf-8", repaired=True)
    other = guess_charset(data, declared=codec, hints=_codecs(hints))
    if other != codec:
        text = _strict(data, other)
        if text is not None and text != read:
            return Decoded(text, other, repaired=True)
    return None


def _rescue(data: bytes, codec: str | None, hints: Sequence[str]) -> Decoded:
    for candidate in ("utf-8", *_codecs(hints)):
        read = _strict(data, candidate) if candidate != codec else None
        if read is not None and candidate not in _ONE_BYTE:
            return Decoded(read, candidate, repaired=True)
    if codec is not None and codec not in ("ascii", *_ONE_BYTE):
        # A few broken bytes in a long text of the declared set: keep the text, mark the bytes.
        text = data.decode(codec, "replace")
        broken = text.count("\ufffd")
        if broken * 4 <= sum(letter >= "\x80" for letter in text[:_SCANNED]) - broken:
            return Decoded(text, codec, repaired=True)
    guessed = guess_charset(data, declared=None, hints=_codecs(hints))
    return Decoded(data.decode(guessed, "replace"), guessed, repaired=True)


def _codecs(labels: Sequence[str]) -> tuple[str, ...]:
    return tuple(codec for label in labels[:4] if (codec := codec_for(label)) is not None)
