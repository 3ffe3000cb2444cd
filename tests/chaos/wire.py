"""What load and victim say to each other over the socket: one JSON object a line."""

import msgspec

from router.model.commands import Command
from router.model.events import Recorded

LINE_MOST_BYTES = 4 * 1024 * 1024


class Hello(msgspec.Struct, tag="hello"):
    """The load's first line: it has seen the log up to here."""

    seen: int


class Ask(msgspec.Struct, tag="ask"):
    """A command, with the number its answer will carry."""

    number: int
    command: Command


class Reply(msgspec.Struct, tag="reply"):
    """The answer: where its events ended, or why it was not done."""

    number: int
    position: int = 0
    events: int = 0
    error: str = ""


class Push(msgspec.Struct, tag="push"):
    """What happened, in the order of the log."""

    records: list[Recorded]


class Started(msgspec.Struct):
    """What a victim says of itself on its standard output when it takes commands."""

    pid: int
    port: int


TO_VICTIM = msgspec.json.Decoder(Hello | Ask)
TO_LOAD = msgspec.json.Decoder(Reply | Push)
STARTED = msgspec.json.Decoder(Started)


def line(message: Hello | Ask | Reply | Push | Started) -> bytes:
    """The message as a line."""
    return msgspec.json.encode(message) + b"\n"
