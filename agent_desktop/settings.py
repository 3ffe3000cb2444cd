"""What the desk must be told of the site it runs on."""

from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta


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


Key = Annotated[str, Meta(max_length=40)]
Simple = Annotated[str, Meta(max_length=100)] | int | float | bool


class UserSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What each user sets for themselves. ``keys`` maps an action to the key they want for it."""

    language: Annotated[str, Meta(max_length=20)] = "en"
    theme: Literal["system", "light", "dark"] = "system"
    keys: Annotated[dict[Key, Key], Meta(max_length=100)] = {}
    single_keys: bool = True
    interrupt: bool = False
    sound: Annotated[dict[Key, Simple | dict[Key, Simple]], Meta(max_length=30)] = {}
    density: Literal["compact", "normal", "touch"] = "normal"
