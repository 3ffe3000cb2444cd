"""What is wrong with the chat's settings is said all at once, each at its place."""

import msgspec
import pytest

from channels.chat.settings import ChatSettings, Site, check, in_language, is_origin
from router.model.secret import Secret


def test_good_settings_have_no_mistakes() -> None:
    site = Site(origins=("https://www.example.com", "http://localhost:8000"), accent="#215db3")
    assert check(ChatSettings(sites={"k_7f": site}, origin="https://chat.example.com")) == []


def test_every_mistake_is_named_with_its_field() -> None:
    settings = msgspec.convert(
        {
            "origin": "http://chat.example.com",
            "sites": {
                "a b": {"origins": []},
                "shop": {
                    "origins": ["https://shop.example.com/", "http://shop.example.com"],
                    "languages": ["xx"],
                    "accent": "blue",
                    "form_mailbox": "nobody",
                    "privacy_url": "http://x.example.com",
                    "identity_secret": Secret("env:SITE_KEY", "short"),
                    "fields": [
                        {"name": "mail"},
                        {"name": "Bad name"},
                        {"name": "size", "kind": "choice"},
                        {"name": "order", "routing": True},
                    ],
                },
            },
        },
        ChatSettings,
    )
    places = [place for place, _ in check(settings)]
    assert places == [
        "origin",
        "sites.a b",
        "sites.a b.origins",
        "sites.shop.origins.0",
        "sites.shop.origins.1",
        "sites.shop.languages.0",
        "sites.shop.accent",
        "sites.shop.form_mailbox",
        "sites.shop.privacy_url",
        "sites.shop.identity_secret",
        "sites.shop.fields.0.name",
        "sites.shop.fields.1.name",
        "sites.shop.fields.2.choices",
        "sites.shop.fields.3.routing",
    ]


@pytest.mark.parametrize(
    "text",
    ["https://a.example", "https://a.example:8443", "http://localhost:1", "https://[2001:db8::1]"],
)
def test_an_exact_origin_is_one(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "null",
        "*",
        "a.example",
        "https://",
        "https://a.example/",
        "https://a.example:443",
        "https://A.example",
        "https://a.example?x",
        "https://u@a.example",
        "ftp://a.example",
        "https://a.example:port",
        "https://a.example:99999999",
    ],
)
def test_what_is_no_exact_origin_is_refused(text: str) -> None:
    assert not is_origin(text)


def test_a_title_falls_back_to_english_and_then_to_any() -> None:
    assert in_language({"en": "Help", "zh-CN": "帮助"}, "zh-CN") == "帮助"
    assert in_language({"en": "Help", "zh-CN": "帮助"}, "de") == "Help"
    assert in_language({"zh-CN": "帮助"}, "de") == "帮助"
    assert in_language({}, "de") == ""
