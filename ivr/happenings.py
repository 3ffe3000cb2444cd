"""What a session is told by its leg, and what it tells the leg and whoever runs it."""

import msgspec

from ivr.asks import Answer, Errand, Listen
from ivr.node import Finish
from ivr.prompts import Utterance
from router.model.ids import Instant


class Happening(msgspec.Struct, frozen=True):
    """What a session is told."""


class Pressed(Happening, frozen=True):
    """The customer pressed a key of the telephone."""

    key: str


class Uttered(Happening, frozen=True):
    """The customer said (speech recognised) or typed (chat) these words."""

    words: str


class Played(Happening, frozen=True):
    """The utterance of this number has been heard to its end."""

    number: int


class Answered(Happening, frozen=True):
    """The errand of this number is done."""

    number: int
    answer: Answer


class TimePassed(Happening, frozen=True):
    """The session's ``due`` moment has come."""


class Gone(Happening, frozen=True):
    """The customer has left."""


class Act(msgspec.Struct, frozen=True):
    """What a session wants done."""


class Play(Act, frozen=True):
    """Say this; tell ``Played`` with the number when it has been heard."""

    number: int
    utterance: Utterance


class StopPlaying(Act, frozen=True):
    """Stop saying the utterance of this number at once; ``Played`` is not expected any more."""

    number: int


class Guard(Act, frozen=True):
    """From now on (or no longer) the customer's keys are secret (PRIV-5): nothing may keep them."""

    on: bool


class Question(Act, frozen=True):
    """From now on this is listened for: what a chat shows choices for, and speech is heard for."""

    number: int
    listen: Listen


class Settled(Act, frozen=True):
    """The question of this number has its answer, or is asked no more."""

    number: int


class Errands(Act, frozen=True):
    """Do this outside the session and tell ``Answered`` with the number."""

    number: int
    errand: Errand


class Stepped(Act, frozen=True):
    """For the log: a node was left through an exit (empty: the customer left there, or a fault)."""

    flow: str
    node: str
    kind: str
    exit: str
    entered: Instant
    left: Instant


class Over(Act, frozen=True):
    """The session is over; ``fault`` says what went wrong with it, if anything did."""

    finish: Finish
    fault: str = ""
