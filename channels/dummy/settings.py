"""What ``[channels.dummy]`` in the configuration says."""

from typing import Annotated

import msgspec


class DummySettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``address`` is what customers reach; ``conversations_max`` are remembered at most."""

    address: str = "dummy"
    conversations_max: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1_000
