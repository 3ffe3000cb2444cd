"""What the desk must be told of the site it runs on."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS


class Profile(StrEnum):
    """How strict the site is: lab is a laptop on loopback, pci adds the card rules."""

    LAB = "lab"
    PRODUCTION = "production"
    PCI = "pci"


class Site(msgspec.Struct):
    """The desk's own place on the web. All parts of the desk look at one, so it changes for all.

    ``origins`` are the exact origins its pages come from (``https://desk.example``); the first one
    is the official one. ``trusted_proxies`` are addresses whose forwarded headers are believed
    (WEB-10).
    """

    origins: tuple[str, ...]
    profile: Profile = Profile.PRODUCTION
    language: str = "en"
    zone: str = "UTC"
    trusted_proxies: tuple[str, ...] = ()

    def become(self, other: "Site") -> None:
        """Take another's values, in force from the next request on."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(other, field))


class Policy(msgspec.Struct, frozen=True):
    """What a site decides about its people's log-ins and its desk's load (WEB-1, 3, 4, 8).

    ``breached_passwords`` is a file of SHA-1 digests in hexadecimal, one a line and in order, as
    lists of breached passwords come; what follows a colon is ignored. ``desks`` bounds all open
    sockets of desks and boards, ``requests_per_s`` and ``request_burst`` what one session or
    address may ask. ``recordings_agents_listen_ms`` is how long agents may listen to their own
    calls, 0 for not at all.
    """

    password_min_length: int = 12
    breached_passwords: Path | None = None
    session_idle_ms: int = 30 * MINUTE_MS
    session_idle_supervisor_ms: int = 15 * MINUTE_MS
    session_total_ms: int = 12 * HOUR_MS
    sessions: int = 3
    failures_until_locked: int = 10
    locked_ms: int = 30 * MINUTE_MS
    desks: int = 6_000
    requests_per_s: int = 20
    request_burst: int = 60
    recordings_kept_ms: int = 90 * DAY_MS
    recordings_agents_listen_ms: int = 30 * DAY_MS


class InForce:
    """The policy of now: whoever asks each time follows a change at once."""

    def __init__(self, policy: Policy = Policy()) -> None:  # noqa: B008 - immutable
        self.policy = policy


Key = Annotated[str, Meta(max_length=40)]
Simple = Annotated[str, Meta(max_length=100)] | int | float | bool


class UserSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each user sets for themselves. ``keys`` maps an action to the key they want for it."""

    language: Annotated[str, Meta(max_length=20)] = "en"
    theme: Literal["system", "light", "dark"] = "system"
    keys: Annotated[dict[Key, Key], Meta(max_length=100)] = {}
    single_keys: bool = True
    interrupt: bool = False
    auto_answer: bool = False
    sound: Annotated[dict[Key, Simple | dict[Key, Simple]], Meta(max_length=30)] = {}
    density: Literal["compact", "normal", "touch"] = "normal"
