"""What ``[channels.chat]`` in the configuration says, and what is wrong with it."""

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec

from router.model.ids import MINUTE_MS, SECOND_MS
from router.model.secret import Secret

LANGUAGES = ("en", "zh-CN", "pseudo")
"""The languages the widget has a catalogue for."""

DEFAULT_PORTS = {"http": 80, "https": 443}
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}
_SITE_KEY = re.compile(r"[A-Za-z0-9_-]{1,40}")
_FIELD_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_TAKEN_FIELDS = {"name", "mail", "topic", "page", "website"}
_ACCENT = re.compile(r"#[0-9a-fA-F]{6}")
_MAILBOX = re.compile(r"[^@\s,;<>]+@[^@\s,;<>]+")
SECRET_MIN = 32

Title = dict[str, str]
"""A text by language, ``{"en": "Billing", "zh-CN": "账务"}``."""

Ask = Literal["no", "optional", "required"]


class Choice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One answer of a choice: its value and how it reads."""

    value: str
    title: Title = {}


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A question asked before the chat. Only a choice with ``routing`` reaches the rules, as the
    attribute of its name; every other answer is personal and sealed."""

    name: str
    title: Title = {}
    kind: Literal["text", "phone", "choice"] = "text"
    required: bool = False
    choices: tuple[Choice, ...] = ()
    routing: bool = False


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One customer-facing site: where the widget may stand and how it behaves there. With ``flow``
    a chat begins in self-service, and comes to the agents from there."""

    origins: tuple[str, ...]
    languages: tuple[str, ...] = ("en",)
    title: Title = {}
    greeting: Title = {}
    hours: Title = {}
    ask_name: Ask = "optional"
    ask_mail: Ask = "no"
    topics: tuple[Choice, ...] = ()
    fields: tuple[Field, ...] = ()
    calendar: str = ""
    flow: Annotated[str, msgspec.Meta(max_length=64)] = ""
    form_mailbox: str = ""
    theme: Literal["auto", "light", "dark"] = "auto"
    accent: str = ""
    privacy_url: str = ""
    share_typing: bool = True
    share_page: bool = False
    transcript: bool = True
    rating: bool = True
    identity_secret: Secret | None = None
    open_max: Annotated[int, msgspec.Meta(ge=1, le=20_000)] = 200


class ChatSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The chat channel's settings; the numbers are CHAT-4's and FILE-1's with their ceilings.

    ``origin`` is the address browsers reach the widget host by; empty serves loopback names only.
    ``demo`` adds a page at ``/demo`` to try the widget on (the lab profile turns it on).
    """

    sites: dict[str, Site] = {}
    origin: str = ""
    demo: bool = False
    idle_ms: Annotated[int, msgspec.Meta(ge=MINUTE_MS, le=1440 * MINUTE_MS)] = 30 * MINUTE_MS
    away_ms: Annotated[int, msgspec.Meta(ge=5 * SECOND_MS, le=60 * MINUTE_MS)] = 2 * MINUTE_MS
    messages_per_minute: Annotated[int, msgspec.Meta(ge=1, le=120)] = 20
    characters_max: Annotated[int, msgspec.Meta(ge=100, le=4_000)] = 4_000
    sockets_per_source: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    chats_per_source: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 5
    chats_window_ms: Annotated[int, msgspec.Meta(ge=MINUTE_MS, le=1440 * MINUTE_MS)] = (
        10 * MINUTE_MS
    )
    sockets_max: Annotated[int, msgspec.Meta(ge=1, le=50_000)] = 5_000
    file_bytes: Annotated[int, msgspec.Meta(ge=1, le=25 << 20)] = 25 << 20
    chat_files_bytes: Annotated[int, msgspec.Meta(ge=1, le=100 << 20)] = 100 << 20


def in_language(title: Title, language: str) -> str:
    """The text in a language, else in English, else in any, else empty."""
    return title.get(language) or title.get("en") or next(iter(title.values()), "")


def is_origin(text: str) -> bool:
    """Whether the text is an exact web origin (RFC 6454): scheme, host, port unless default."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in DEFAULT_PORTS or not parts.hostname or text != text.lower():
        return False
    if port == DEFAULT_PORTS[parts.scheme]:
        return False
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return text == f"{parts.scheme}://{host}" + ("" if port is None else f":{port}")


def is_loopback_origin(text: str) -> bool:
    """Whether the origin is one of this machine's own names."""
    return urlsplit(text).hostname in _LOOPBACK


def flows(settings: ChatSettings) -> list[tuple[str, str]]:
    """The flows that sites name, as (dotted field, name)."""
    return [(f"sites.{key}.flow", site.flow) for key, site in settings.sites.items() if site.flow]


def check(settings: ChatSettings) -> list[tuple[str, str]]:
    """Every further mistake of the settings as (dotted field, message)."""
    found: list[tuple[str, str]] = []
    if settings.origin:
        found.extend(_check_origin("origin", settings.origin))
    for key, site in settings.sites.items():
        place = f"sites.{key}"
        if not _SITE_KEY.fullmatch(key):
            found.append((place, "a site's key has 1 to 40 letters, digits, '-' or '_'"))
        found.extend(_check_site(place, site))
    return found


def _check_origin(place: str, origin: str) -> list[tuple[str, str]]:
    if not is_origin(origin):
        return [(place, f"{origin!r} is no exact origin such as 'https://www.example.com'")]
    if origin.startswith("http:") and not is_loopback_origin(origin):
        return [(place, f"{origin!r} is not encrypted: http is for this machine's own names only")]
    return []


def _check_site(place: str, site: Site) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for number, origin in enumerate(site.origins):
        found.extend(_check_origin(f"{place}.origins.{number}", origin))
    if not site.origins:
        found.append((f"{place}.origins", "name at least one origin the widget may stand on"))
    if not site.languages:
        found.append((f"{place}.languages", "name at least one language"))
    for number, language in enumerate(site.languages):
        if language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            found.append((f"{place}.languages.{number}", f"{language!r} is none of {known}"))
    if site.accent and not _ACCENT.fullmatch(site.accent):
        found.append((f"{place}.accent", f"{site.accent!r} is no colour such as '#215db3'"))
    if site.form_mailbox and not _MAILBOX.fullmatch(site.form_mailbox):
        found.append((f"{place}.form_mailbox", f"{site.form_mailbox!r} is no mail address"))
    if site.privacy_url and not site.privacy_url.startswith("https://"):
        found.append((f"{place}.privacy_url", "the privacy page's address begins with https://"))
    secret = site.identity_secret
    if secret is not None and len(secret.reveal()) < SECRET_MIN:
        message = f"the key that signs identities has {SECRET_MIN} characters or more"
        found.append((f"{place}.identity_secret", message))
    found.extend(_check_fields(place, site))
    return found


def _check_fields(place: str, site: Site) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    seen = set(_TAKEN_FIELDS)
    for number, field in enumerate(site.fields):
        where = f"{place}.fields.{number}"
        if not _FIELD_NAME.fullmatch(field.name):
            found.append((f"{where}.name", "a field's name has lower-case letters, digits, '_'"))
        elif field.name in seen:
            found.append((f"{where}.name", f"the name {field.name!r} is taken"))
        seen.add(field.name)
        if (field.kind == "choice") != bool(field.choices):
            found.append((f"{where}.choices", "a choice has choices, and nothing else has them"))
        if field.routing and field.kind != "choice":
            message = "only a choice may reach the rules: its answers are known beforehand"
            found.append((f"{where}.routing", message))
    return found
