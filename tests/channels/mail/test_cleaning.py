"""MAIL-8: what is left of hostile HTML, judged by parsing the result again."""

from html.parser import HTMLParser

import pytest
from typing_extensions import override

from channels.mail.cleaning import REMOTE_ATTRIBUTE, clean_html, is_too_deep
from channels.mail.html_text import html_to_text, strip_tags
from tests.support.payloads import xss_payloads

LOADING = {"src", "srcset", "background", "poster", "data", "action", "formaction", "ping"}
FORBIDDEN = {
    *("script", "style", "iframe", "object", "embed", "svg", "math", "form", "input", "link"),
    *("meta", "base", "video", "audio", "source", "template", "noscript", "textarea", "xmp"),
}


class Judge(HTMLParser):
    """Collects everything that could run, load or leave."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in FORBIDDEN:
            self.faults.append(f"<{tag}>")
        for name, value in attrs:
            text = "".join((value or "").split()).lower()
            if name.startswith("on") or "javascript:" in text or "vbscript:" in text:
                self.faults.append(f"{tag} {name}={value}")
            if name in LOADING and not text.startswith("cid:"):
                self.faults.append(f"{tag} {name}={value}")
            if name == "href" and not text.startswith(("https:", "http:", "mailto:", "tel:")):
                self.faults.append(f"{tag} {name}={value}")
            if name == "style" and ("url(" in text or "expression" in text or "\\" in text):
                self.faults.append(f"{tag} {name}={value}")

    @override
    def handle_comment(self, data: str) -> None:
        self.faults.append(f"comment {data}")


def faults(cleaned: str) -> list[str]:
    judge = Judge()
    judge.feed(cleaned)
    judge.close()
    return judge.faults


def test_mail_8_no_payload_of_two_hundred_leaves_anything_active_or_remote() -> None:
    attacks = xss_payloads()
    assert len(attacks) >= 199
    for attack in attacks:
        cleaned = clean_html(attack).html
        assert faults(cleaned) == [], attack
        assert faults(clean_html(cleaned).html) == [], attack


def test_mail_8_no_payload_survives_inside_another_element() -> None:
    for attack in xss_payloads():
        for around in ("<table><tr><td>{}</table>", "<b><p>{}", "<a href='https://x.org/'>{}"):
            cleaned = clean_html(around.replace("{}", attack)).html
            assert faults(cleaned) == [], attack


def test_remote_pictures_are_counted_and_kept_for_later_without_being_loaded() -> None:
    cleaned = clean_html(
        '<img src="https://tracker.example/p.png?a=1&b=%22">'
        '<img src="//cdn.example/x.png" alt="logo">'
        '<table background="http://tracker.example/bg.png"></table>'
        '<p style="background: url(http://tracker.example/css.png)">text</p>'
    )
    assert cleaned.blocked == 4
    assert f'{REMOTE_ATTRIBUTE}="https://tracker.example/p.png?a=1&amp;b=%22"' in cleaned.html
    assert f'{REMOTE_ATTRIBUTE}="https://cdn.example/x.png"' in cleaned.html
    assert faults(cleaned.html) == []


def test_a_sender_cannot_write_the_mark_that_keeps_remote_addresses() -> None:
    cleaned = clean_html(f'<img {REMOTE_ATTRIBUTE}="javascript:alert(1)" src="cid:0-0">')
    assert cleaned.html == "<img>"


def test_attached_pictures_stay_where_the_text_shows_them() -> None:
    cleaned = clean_html('<img src="CID:logo@x"><img src="cid:unknown@x">', {"logo@x"})
    assert cleaned.html == '<img src="cid:logo@x"><img>'
    assert cleaned.content_ids == ("logo@x",)
    assert cleaned.blocked == 0


def test_links_open_apart_and_lose_foreign_schemes() -> None:
    cleaned = clean_html('<a href="https://shop.example/x">a</a><a href="data:text/html,x">y</a>')
    assert 'href="https://shop.example/x"' in cleaned.html
    assert 'rel="noopener noreferrer nofollow"' in cleaned.html
    assert "data:" not in cleaned.html


def test_ordinary_layout_survives() -> None:
    html = '<table border="1"><tbody><tr><td style="color:red">Total</td></tr></tbody></table>'
    assert clean_html(html).html == html


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("a<br>b<div>c</div>d", "a\nb\nc\nd"),
        ("<ul><li>x</li><li>y</li></ul>", "- x\n- y"),
        ("<ol start=1><li>x</li><li>y</li></ol>", "1. x\n2. y"),
        ("<pre>a\n  b</pre>", "a\n  b"),
        ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a\tb\nc"),
        ('<a href="https://a.example/b">here</a>', "here <https://a.example/b>"),
        ('<a href="https://a.example/">https://a.example/</a>', "https://a.example/"),
        ('<img alt="our logo" src="cid:x">', "[our logo]"),
        ("me<blockquote>you<blockquote>they</blockquote></blockquote>", "me\n\n> you\n>\n> > they"),
        ("x&nbsp;y &lt;b&gt;", "x y <b>"),
    ],
)
def test_html_reads_as_text(html: str, text: str) -> None:
    assert html_to_text(clean_html(html).html) == text


def test_text_of_html_that_is_too_deep_comes_without_parsing() -> None:
    deep = "<div>" * 5_000 + "words" + "<style>p{}</style> more"
    assert is_too_deep(deep)
    assert strip_tags(deep).split() == ["words", "more"]
    assert not is_too_deep("<div><p>x</p></div>" * 5_000)
