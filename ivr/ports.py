"""What a medium needs to run flows: a bundle that the wiring makes and a channel is given."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from ivr.asks import Found, LookUp
from ivr.prompts import Utterance
from ivr.session import World


class FlowPorts(msgspec.Struct, frozen=True):
    """Flows as they are in force now.

    ``world`` is asked anew for each session. ``answer`` asks a company system; ``files`` finds or
    makes the sound of an utterance. Both never raise.
    """

    world: Callable[[], World]
    answer: Callable[[LookUp], Awaitable[Found]]
    files: Callable[[Utterance], Awaitable[tuple[Path, ...]]]
