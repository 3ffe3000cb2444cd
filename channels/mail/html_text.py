"""The words of an HTML mail as plain text: paragraphs, lists, links and quotations kept."""

import html
import re
from html.parser import HTMLParser

from typing_extensions import override

_PARAGRAPHS = frozenset(
    [
        "p",
        "div",
        "blockquote",
        "ul",
        "ol",
        "dl",
        "table",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "pre",
        "address",
        "article",
        "aside",
        "center",
        "figure",
        "footer",
        "header",
        "main",
        "section",
    ]
)
_SPACED = frozenset(
    ["p", "blockquote", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre"]
)
_LINES = frozenset(["tr", "li", "dt", "dd", "caption", "figcaption"])
_BLANKS = re.compile(r"[ \t\r\n\f]+")
_ANY_TAG = re.compile(r"<[^<>]*>")
_HIDDEN = re.compile(r"<(script|style|title|head)\b", re.IGNORECASE)
_QUOTE_DEPTH = 30


class _Writer(HTMLParser):
    """Collects lines while the parser walks. Expects cleaned HTML: every element is closed."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.lines: list[str] = []
        self.line = ""
        self.quotes = 0
        self.last_quotes = 0
        self.pre = 0
        self.lists: list[int] = []
        self.links: list[str] = []
        self.blank_wanted = False

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(spaced=tag in _SPACED)
        if tag == "br":
            self._end_line()
        elif tag == "hr":
            self._break(spaced=False)
            self.line = "-" * 32
            self._break(spaced=False)
        elif tag == "blockquote":
            self.quotes += 1
        elif tag == "pre":
            self.pre += 1
        elif tag in ("ul", "ol"):
            self.lists.append(0 if tag == "ul" else 1)
        elif tag == "li":
            self._bullet()
        elif tag in ("td", "th") and self.line.strip():
            self.line += "\t"
        elif tag == "img":
            self._picture(values.get("alt") or "")
        elif tag == "a":
            self.links.append(values.get("href") or "")

    @override
    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self.links:
            self._link(self.links.pop())
        if tag in _PARAGRAPHS or tag in _LINES:
            self._break(spaced=tag in _SPACED)
        if tag == "blockquote":
            self.quotes = max(0, self.quotes - 1)
        elif tag == "pre":
            self.pre = max(0, self.pre - 1)
        elif tag in ("ul", "ol") and self.lists:
            self.lists.pop()

    @override
    def handle_data(self, data: str) -> None:
        if self.pre:
            first, *others = data.replace("\r\n", "\n").split("\n")
            self._add(first)
            for other in others:
                self._end_line()
                self._add(other)
            return
        text = _BLANKS.sub(" ", data)
        if not self.line.strip():
            text = text.lstrip(" ")
        elif self.line.endswith((" ", "\t")):
            text = text.removeprefix(" ")
        self._add(text)

    def text(self) -> str:
        """Everything collected so far."""
        self._break(spaced=False)
        return "\n".join(self.lines).strip("\n")

    def _add(self, text: str) -> None:
        if text:
            self._flush_blank()
            self.line += text

    def _flush_blank(self) -> None:
        if self.blank_wanted and self.lines and self.lines[-1].strip("> "):
            # A blank line between a quotation and its surroundings belongs to the outer one.
            self.lines.append(("> " * min(self.quotes, self.last_quotes, _QUOTE_DEPTH)).rstrip())
        self.blank_wanted = False

    def _prefix(self) -> str:
        return "> " * min(self.quotes, _QUOTE_DEPTH)

    def _end_line(self) -> None:
        self._flush_blank()
        self.lines.append((self._prefix() + self.line.rstrip()).rstrip())
        self.last_quotes = self.quotes
        self.line = ""

    def _break(self, *, spaced: bool) -> None:
        if self.line.strip():
            self._end_line()
        self.line = ""
        self.blank_wanted = self.blank_wanted or spaced

    def _bullet(self) -> None:
        indent = "  " * max(0, min(len(self.lists), 10) - 1)
        if self.lists and self.lists[-1]:
            self._add(f"{indent}{self.lists[-1]}. ")
            self.lists[-1] += 1
        else:
            self._add(f"{indent}- ")

    def _picture(self, alternative: str) -> None:
        name = _BLANKS.sub(" ", alternative).strip()
        if name:
            self._add(f"[{name}]")

    def _link(self, address: str) -> None:
        """Show where a link leads unless its words say so already."""
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if not address.startswith(("http://", "https://")) or not self.line.strip():
            return
        shown = self.line.rstrip().lower()
        if not shown.endswith((bare.lower(), bare.split("://")[-1].rstrip("/").lower())):
            self.line = self.line.rstrip() + f" <{address}>"


def html_to_text(cleaned: str) -> str:
    """Plain text of HTML that has been cleaned (``cleaning.clean_html``)."""
    writer = _Writer()
    writer.feed(cleaned)
    writer.close()
    return writer.text().replace("\xa0", " ")


def strip_tags(text: str) -> str:
    """The bare words of any HTML, for what is too large or too deep to be parsed properly.

    Linear in its length; the result is text, never to be shown as HTML.
    """
    bare = _ANY_TAG.sub(" ", _without_hidden(text))
    lines = [_BLANKS.sub(" ", line).strip() for line in html.unescape(bare).split("\n")]
    return "\n".join(line for line in lines if line)


def _without_hidden(text: str) -> str:
    pieces: list[str] = []
    position = 0
    lowered = text.lower()
    while (found := _HIDDEN.search(text, position)) is not None:
        end = lowered.find("</" + found.group(1).lower(), found.end())
        if end < 0:
            break
        pieces.append(text[position : found.start()])
        position = end
    pieces.append(text[position:])
    return " ".join(pieces)
