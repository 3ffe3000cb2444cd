"""Agents: presence, and how much of which medium fits into one person."""

from enum import StrEnum

import msgspec

from router.model.ids import Medium

SIGNED_IN = "signed_in"
NO_ANSWER = "no_answer"
CONNECTION_LOST = "connection_lost"
DEVICE_FAULT = "device_fault"
SET_BY_OTHER = "set_by_other"
SYSTEM_REASONS = (SIGNED_IN, NO_ANSWER, CONNECTION_LOST, DEVICE_FAULT, SET_BY_OTHER)
"""Not-ready reasons that the system sets by itself; a configuration adds its own."""


class Presence(StrEnum):
    """What an agent has said of themselves (what they are doing is derived from engagements)."""

    OFFLINE = "offline"
    READY = "ready"
    NOT_READY = "not_ready"


class Capacity(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """How much fits into one agent at once.

    ``slots``: engagements and offers per medium at most (a medium without a row has none).
    ``total``: sum of ``load`` over all of them at most; a medium without a load counts 1.
    ``interrupted_by``: for a medium an agent is engaged in, the media that may still be offered.
    A medium without a row may be joined by any medium; its own kind is bounded by ``slots`` alone.
    """

    slots: dict[Medium, int]
    total: int = 100
    load: dict[Medium, int] = {}
    interrupted_by: dict[Medium, tuple[Medium, ...]] = {}


class WrapUpMode(StrEnum):
    """What follows the end of an engagement.

    ``mandatory``: the agent is in wrap-up until done or the time is over. ``optional``: wrap-up
    may be done, but the agent's slot is free at once. ``none``: no wrap-up.
    """

    MANDATORY = "mandatory"
    OPTIONAL = "optional"
    NONE = "none"


class WrapUpRule(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Wrap-up of a queue: mode, time limit, and how often it may be extended by how much."""

    mode: WrapUpMode = WrapUpMode.MANDATORY
    limit_ms: int = 120_000
    extensions: int = 10
    extension_ms: int = 60_000
    disposition_required: bool = False
