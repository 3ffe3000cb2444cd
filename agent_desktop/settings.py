"""What the desk must be told of the site it runs on."""

from enum import StrEnum

import msgspec


class Profile(StrEnum):
    """How strict the site is: lab is a laptop on loopback, pci adds the card rules."""

    LAB = "lab"
    PRODUCTION = "production"
    PCI = "pci"


class Site(msgspec.Struct, frozen=True):
    """The desk's own place on the web.

    ``origins`` are the exact origins its pages come from (``https://desk.example``); the first one
    is the official one. ``trusted_proxies`` are addresses whose forwarded headers are believed
    (WEB-10).
    """

    origins: tuple[str, ...]
    profile: Profile = Profile.PRODUCTION
    language: str = "en"
    zone: str = "UTC"
    trusted_proxies: tuple[str, ...] = ()
