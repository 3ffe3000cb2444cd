"""The life of an interaction: where it can be and which moves are legal."""

from enum import StrEnum


class Phase(StrEnum):
    """Where an interaction is. It is in exactly one phase at any time."""

    SELF_SERVICE = "self_service"
    WAITING = "waiting"
    OFFERED = "offered"
    ENGAGED = "engaged"
    PARKED = "parked"
    WRAP_UP = "wrap_up"
    FINISHED = "finished"


LEGAL_MOVES: dict[Phase, frozenset[Phase]] = {
    Phase.SELF_SERVICE: frozenset({Phase.WAITING, Phase.FINISHED}),
    Phase.WAITING: frozenset({Phase.OFFERED, Phase.ENGAGED, Phase.WAITING, Phase.FINISHED}),
    Phase.OFFERED: frozenset({Phase.WAITING, Phase.ENGAGED, Phase.FINISHED}),
    Phase.ENGAGED: frozenset({Phase.WAITING, Phase.PARKED, Phase.WRAP_UP, Phase.FINISHED}),
    Phase.PARKED: frozenset({Phase.ENGAGED, Phase.WAITING, Phase.FINISHED}),
    Phase.WRAP_UP: frozenset({Phase.FINISHED}),
    Phase.FINISHED: frozenset(),
}
"""The legal moves. WAITING to WAITING is a change of queue; WAITING to ENGAGED an assignment."""


class Outcome(StrEnum):
    """How an interaction or a visit to a queue ended. ``product.md`` names the metrics."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    TRANSFERRED = "transferred"
    OVERFLOWED = "overflowed"
    CALLBACK = "callback"
    VOICEMAIL = "voicemail"
    GAVE_UP = "gave_up"
    CLOSED_HOURS = "closed_hours"
    QUEUE_FULL = "queue_full"
    HANDLED = "handled"
    SELF_SERVICE = "self_service"
    DISCARDED = "discarded"
    SYSTEM = "system"


class OfferEnd(StrEnum):
    """How one offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    CUSTOMER_LEFT = "customer_left"
    WITHDRAWN = "withdrawn"
    DESK_LOST = "desk_lost"


class OfferKind(StrEnum):
    """Why an agent is rung."""

    QUEUE = "queue"
    CONSULT = "consult"
    ASSIGN = "assign"


class Role(StrEnum):
    """The part an agent plays in an engagement."""

    LEAD = "lead"
    CONSULTED = "consulted"
