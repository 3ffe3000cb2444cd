"""What the arguments of all commands share."""

from typing import Annotated

import msgspec
from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


class Arguments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all arguments share."""


class OfInteraction(Arguments, frozen=True):
    """A command about one interaction and nothing else."""

    interaction_id: Id
