"""HTML of strangers made harmless (MAIL-8): our own list of what may stay, nothing from outside.

What stays is shown in a sandboxed frame without scripts under its own content policy, so this
cleaning is the first of two walls. Remote pictures lose their address to ``data-remote-src``, an
attribute that no browser loads; whoever shows the mail may fetch them when an agent asks.
"""

import html as html_escapes
import re
import secrets
from collections.abc import Collection
from typing import NamedTuple

import nh3

REMOTE_ATTRIBUTE = "data-remote-src"

_TAGS = frozenset(
    [
        "a",
        "abbr",
        "address",
        "article",
        "aside",
        "b",
        "bdi",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "figcaption",
        "figure",
        "font",
        "footer",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "i",
        "img",
        "ins",
        "kbd",
        "li",
        "main",
        "mark",
        "ol",
        "p",
        "pre",
        "q",
        "rp",
        "rt",
        "ruby",
        "s",
        "samp",
        "section",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "time",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
        "wbr",
    ]
)
_GONE_WITH_CONTENT = frozenset(
    [
        "applet",
        "audio",
        "canvas",
        "embed",
        "frameset",
        "iframe",
        "math",
        "noembed",
        "noframes",
        "noscript",
        "object",
        "plaintext",
        "script",
        "select",
        "style",
        "svg",
        "template",
        "textarea",
        "title",
        "video",
        "xmp",
    ]
)
_CELL = {"align", "valign", "bgcolor", "width", "height", "background"}
_ATTRIBUTES: dict[str, set[str]] = {
    "*": {"style", "dir", "lang", "title", "align"},
    "a": {"href"},
    "img": {"src", "alt", "width", "height", "border", "hspace", "vspace"},
    "font": {"color", "face", "size"},
    "blockquote": {"type"},
    "ol": {"start", "type"},
    "ul": {"type"},
    "li": {"value"},
    "col": {"span", "width"},
    "colgroup": {"span", "width"},
    "table": {"border", "cellpadding", "cellspacing", *_CELL},
    "tr": {*_CELL},
    "tbody": {*_CELL},
    "td": {"colspan", "rowspan", "nowrap", *_CELL},
    "th": {"colspan", "rowspan", "nowrap", *_CELL},
    "hr": {"size", "width", "color"},
}
_STYLES = frozenset(
    [
        "background-color",
        "border",
        "border-bottom",
        "border-bottom-color",
        "border-bottom-style",
        "border-bottom-width",
        "border-collapse",
        "border-color",
        "border-left",
        "border-left-color",
        "border-left-style",
        "border-left-width",
        "border-radius",
        "border-right",
        "border-right-color",
        "border-right-style",
        "border-right-width",
        "border-spacing",
        "border-style",
        "border-top",
        "border-top-color",
        "border-top-style",
        "border-top-width",
        "border-width",
        "clear",
        "color",
        "direction",
        "display",
        "float",
        "font",
        "font-family",
        "font-size",
        "font-style",
        "font-variant",
        "font-weight",
        "height",
        "letter-spacing",
        "line-height",
        "list-style-type",
        "margin",
        "margin-bottom",
        "margin-left",
        "margin-right",
        "margin-top",
        "max-height",
        "max-width",
        "min-height",
        "min-width",
        "overflow-wrap",
        "padding",
        "padding-bottom",
        "padding-left",
        "padding-right",
        "padding-top",
        "table-layout",
        "text-align",
        "text-decoration",
        "text-indent",
        "text-transform",
        "unicode-bidi",
        "vertical-align",
        "white-space",
        "width",
        "word-break",
        "word-wrap",
    ]
)
_SCHEMES = frozenset({"https", "http", "mailto", "tel", "cid"})
_LINK_SCHEMES = ("https:", "http:", "mailto:", "tel:")
_REMOTE = ("https:", "http:", "//")
_ACTIVE_STYLE = re.compile(
    r"url\s*\(|image-set|expression|javascript|@|\\|<|/\*|[\x00-\x08\x0b-\x1f\x7f]", re.IGNORECASE
)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]{0,20})")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_VOID = frozenset(
    [
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    ]
)
_OPEN_TAGS = 2_000


class CleanedHtml(NamedTuple):
    """HTML without anything active or remote, and what was taken out of it.

    ``blocked`` counts remote pictures and backgrounds; ``content_ids`` are the attached pictures
    that the text shows (``src="cid:..."`` in the order of their first use).
    """

    html: str
    blocked: int
    content_ids: tuple[str, ...]


class _Cleaning:
    """The state of cleaning one text."""

    def __init__(self, content_ids: Collection[str]) -> None:
        self.known = frozenset(content_ids)
        self.used: dict[str, None] = {}
        self.blocked = 0
        self.remote: list[str] = []
        # Nobody can write this mark into a mail beforehand, so swapping it later is exact.
        self.mark = f"cid:{secrets.token_hex(16)}-"

    def attribute(self, tag: str, name: str, value: str) -> str | None:
        """The value to keep for an attribute; None takes the attribute out."""
        if name == "style":
            return self._style(value)
        if name == "background":
            self.blocked += value.strip().lower().startswith(_REMOTE)
            return None
        if name == "href":
            return value if value.strip().lower().startswith(_LINK_SCHEMES) else None
        if name == "src":
            return self._picture(value.strip())
        return value

    def _style(self, value: str) -> str | None:
        if _ACTIVE_STYLE.search(value):
            self.blocked += "http" in value.lower() or "//" in value
            return None
        return value

    def _picture(self, address: str) -> str | None:
        if address.lower().startswith("cid:"):
            content_id = address[4:]
            if content_id not in self.known:
                return None
            self.used[content_id] = None
            return "cid:" + content_id
        if not address.lower().startswith(_REMOTE):
            return None
        self.blocked += 1
        self.remote.append("https:" + address if address.startswith("//") else address)
        return f"{self.mark}{len(self.remote) - 1}"

    def relative(self, address: str) -> str | None:
        """Relative addresses mean nothing in a mail; those without a scheme are remote ones."""
        return "https:" + address if address.strip().startswith("//") else None

    def finish(self, cleaned: str) -> str:
        """The cleaned text with its marks turned into the attribute that nothing loads."""
        return re.sub(
            f'src="{self.mark}(\\d+)"',
            lambda found: f'{REMOTE_ATTRIBUTE}="{self._escaped(int(found.group(1)))}"',
            cleaned,
        )

    def _escaped(self, number: int) -> str:
        return html_escapes.escape(self.remote[number], quote=True)


def clean_html(text: str, content_ids: Collection[str] = ()) -> CleanedHtml:
    """Harmless HTML of ``text``; ``content_ids`` are those of the mail's own attachments.

    Links keep ``https``, ``http``, ``mailto`` and ``tel`` and open apart from the desk.
    """
    state = _Cleaning(content_ids)
    cleaned = nh3.clean(
        text,
        tags=set(_TAGS),
        clean_content_tags=set(_GONE_WITH_CONTENT),
        attributes=_ATTRIBUTES,
        attribute_filter=state.attribute,
        strip_comments=True,
        link_rel="noopener noreferrer nofollow",
        set_tag_attribute_values={"a": {"target": "_blank"}},
        url_schemes=set(_SCHEMES),
        filter_style_properties=set(_STYLES),
        url_relative=state.relative,
    )
    return CleanedHtml(state.finish(cleaned), state.blocked, tuple(state.used))


def is_too_deep(text: str) -> bool:
    """Whether so many elements are left open within each other that parsing would take seconds."""
    open_tags: dict[str, int] = {}
    depth = 0
    for found in _TAG.finditer(_COMMENT.sub("", text)):
        name = found.group(2).lower()
        if name in _VOID or name in ("p", "li", "tr", "td", "th"):
            continue
        if not found.group(1):
            open_tags[name] = open_tags.get(name, 0) + 1
            depth += 1
        elif open_tags.get(name, 0) > 0:
            open_tags[name] -= 1
            depth -= 1
        if depth > _OPEN_TAGS:
            return True
    return False
