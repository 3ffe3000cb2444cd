"""What a node asks for while it is visited, and the answers it gets.

A node is a generator: it yields an ask, the session carries it out and sends the answer back. The
asks the session cannot fulfil alone go out to whoever runs it, each with a deadline.
"""

import msgspec

from ivr.prompts import Utterance
from router.model.commands import Scalar

KEYS = "0123456789*#"
"""What a telephone can press."""


class Record(msgspec.Struct, frozen=True):
    """What all asks and answers share."""


class Speak(Record, frozen=True, tag=True):
    """Say something. With ``barge_in`` a key ends it and counts for the next question."""

    utterance: Utterance
    barge_in: bool = True


class Listen(Record, frozen=True, tag=True):
    """Say something and take what the customer answers.

    Keys are taken until ``keys_max`` or ``end_key``; ``first_ms`` counts from the end of what is
    said, ``between_ms`` from each key. ``words`` are what may be said or typed instead of keys,
    each with the answer it stands for; other words are an answer as they are. ``choices`` are the
    answers one may choose from, each with how it reads on a button. ``secret`` answers are kept out
    of every record (IVR-4). ``spoken`` answers may be said aloud: the words, and digits.
    """

    utterance: Utterance
    barge_in: bool = True
    keys_max: int = 1
    end_key: str = ""
    first_ms: int = 5_000
    between_ms: int = 3_000
    words: dict[str, str] = {}
    secret: bool = False
    choices: dict[str, str] = {}
    spoken: bool = False


class Heard(Record, frozen=True, tag=True):
    """What the customer answered: ``by`` is ``keys``, ``words``, or empty when nothing came."""

    answer: str = ""
    by: str = ""


class LookUp(Record, frozen=True, tag=True):
    """Ask a company system, by the name of a look-up of the configuration.

    ``account`` names whose secret is tried; too many wrong ones in an hour answer ``locked``
    without asking (IVR-4).
    """

    name: str
    values: dict[str, str]
    account: str = ""


class Found(Record, frozen=True, tag=True):
    """``outcome`` is ``found``, ``not_found``, ``failed`` or ``locked``."""

    outcome: str
    values: dict[str, Scalar] = {}


class TakeMessage(Record, frozen=True, tag=True):
    """Record the customer's message until silence, a key or ``limit_ms``."""

    utterance: Utterance
    limit_ms: int
    silence_ms: int


class Recorded(Record, frozen=True, tag=True):
    """How long the message is; 0 when none was left or it could not be kept."""

    duration_ms: int = 0


class Reach(Record, frozen=True, tag=True):
    """Connect the customer to a number outside; ``ring_ms`` is how long it may ring."""

    number: str
    ring_ms: int


class Reached(Record, frozen=True, tag=True):
    """``outcome`` is ``connected`` (the flow is over), ``busy``, ``no_answer`` or ``failed``."""

    outcome: str


class PromiseCallback(Record, frozen=True, tag=True):
    """Promise a call back to this number; the dial policy may refuse it (SIP-8)."""

    number: str


class Promised(Record, frozen=True, tag=True):
    """``outcome`` is ``kept`` or why not: ``not_allowed``, ``too_many``, ``failed``."""

    outcome: str


class ReceiveFax(Record, frozen=True, tag=True):
    """Take a fax from the caller."""


class FaxReceived(Record, frozen=True, tag=True):
    """How many pages came; 0 when none did."""

    pages: int = 0


Errand = LookUp | TakeMessage | Reach | PromiseCallback | ReceiveFax
"""What goes out to whoever runs the session."""

Ask = Speak | Listen | Errand

Answer = Heard | Found | Recorded | Reached | Promised | FaxReceived | None
"""None answers ``Speak``."""
