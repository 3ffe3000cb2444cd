"""A process that hears: one question and its sound after the other, by PocketSphinx.

Started by ``ivr.speech.recognising``. Each message on standard input and output is its length in
four bytes (big endian) and a msgpack map. A process of its own, because hearing computes for a
tenth of the time that was spoken, and because a library in C may fall.
"""

import importlib
import struct
import sys
from typing import Any, BinaryIO

import msgspec

from ivr.speech.grammars import jsgf

RATE_HZ = 16_000

WORD_PENALTY = 0.3
"""How likely one more word is: with more, digits fall apart; with less, phrases do not come."""

MESSAGE_BYTES_MAX = 2 * 1024 * 1024


class Hear(msgspec.Struct, frozen=True):
    """A sound (16-bit little-endian samples, one channel, ``RATE_HZ``) and what may be in it."""

    sound: bytes
    phrases: tuple[str, ...]
    digits_max: int
    language: str


class HeardWords(msgspec.Struct, frozen=True):
    """The words that were heard; empty where none were, or nothing of it can be heard."""

    words: str


def main() -> None:
    """Answer until standard input ends."""
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    decoder = _decoder()
    while (message := read_message(source)) is not None:
        hear = msgspec.msgpack.decode(message, type=Hear)
        write_message(sink, msgspec.msgpack.encode(HeardWords(_words(decoder, hear))))


def read_message(source: BinaryIO) -> bytes | None:
    """The next message; None at the end, or for one that is too long to be ours."""
    head = source.read(4)
    if len(head) < 4:
        return None
    (length,) = struct.unpack(">I", head)
    body = source.read(length) if length <= MESSAGE_BYTES_MAX else b""
    return body if len(body) == length else None


def write_message(sink: BinaryIO, body: bytes) -> None:
    """Write a message, at once."""
    sink.write(struct.pack(">I", len(body)) + body)
    sink.flush()


def _decoder() -> Any:
    # An optional package without types, needed in this process alone.
    pocketsphinx = importlib.import_module("pocketsphinx")
    return pocketsphinx.Decoder(samprate=RATE_HZ, lm=None, loglevel="FATAL", wip=WORD_PENALTY)


def _words(decoder: Any, hear: Hear) -> str:
    grammar = jsgf(
        hear.phrases,
        hear.digits_max,
        hear.language,
        lambda word: decoder.lookup_word(word) is not None,
    )
    if not grammar:
        return ""
    decoder.add_jsgf_string("answers", grammar)
    decoder.activate_search("answers")
    decoder.start_utt()
    decoder.process_raw(hear.sound, full_utt=True)
    decoder.end_utt()
    found = decoder.hyp()
    return "" if found is None else str(found.hypstr)


if __name__ == "__main__":
    main()
