"""What all events are made of. The events themselves are in ``router.model.events``."""

import msgspec

from router.model.ids import Instant


class Fact(
    msgspec.Struct,
    frozen=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
    tag=lambda name: f"{name}/1",
    gc=False,
):
    """What all events share: the moment they happened."""

    at: Instant
