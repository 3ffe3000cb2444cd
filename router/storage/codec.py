"""Events to bytes and back: MessagePack with field names, readable for ever.

The log keeps an event's tag (``Offered/1``) beside its bytes. A changed shape gets a new tag in
``router.model.events`` and an upcaster here, which turns the old shape's fields into the next
one's; upcasters are chained, so each needs to know one step only.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, get_args

import msgspec

from router.model.errors import InvalidInput, StorageFailed
from router.model.events import Event, Recorded
from router.model.ids import Position
from router.storage.checksum import checksum

Row = tuple[int, int, str, bytes, int]
"""A row of a log: position, epoch, tag, body, checksum."""
Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
"""Takes the fields of an old shape, its tag under ``type``, and gives those of a newer one."""

UPCASTERS: dict[str, Upcaster] = {}
"""From the tag of each shape that events no longer have to the upcaster that leaves it behind."""

_TAGS: dict[type, str] = {kind: str(kind.__struct_config__.tag) for kind in get_args(Event)}


class Codec:
    """Turns events into (tag, bytes) and back, whatever version of their shape was written."""

    def __init__(self, upcasters: Mapping[str, Upcaster] = UPCASTERS) -> None:
        self._upcasters = dict(upcasters)
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder: msgspec.msgpack.Decoder[Event] = msgspec.msgpack.Decoder(Event)
        self._current = frozenset(_TAGS.values())

    def encode(self, event: Event) -> tuple[str, bytes]:
        """The event's tag and its bytes. Raises InvalidInput for values that have no bytes."""
        try:
            return _TAGS[type(event)], self._encoder.encode(event)
        except (OverflowError, UnicodeError, TypeError) as error:
            raise InvalidInput(
                f"{type(event).__name__} holds a value that cannot be written: {error}",
                field=type(event).__name__,
            ) from error

    def decode(self, tag: str, body: bytes) -> Event:
        """The event, in today's shape. Raises StorageFailed when the bytes are not one."""
        try:
            if tag in self._current:
                return self._decoder.decode(body)
            event: Event = msgspec.convert(self._upcast(tag, body), Event)
            return event
        except (msgspec.MsgspecError, UnicodeError) as error:
            raise StorageFailed(f"an event {tag!r} of the log is not readable: {error}") from error

    def records(self, after: int, rows: Iterable[Row], where: str = "") -> list[Recorded]:
        """The events of what a log holds behind a position, in order.

        Raises StorageFailed, which begins with ``where`` and names the position, for an event that
        is missing or not as it was written.
        """
        found = []
        for expected, (position, epoch, tag, body, written) in enumerate(rows, after + 1):
            if position != expected:
                raise StorageFailed(f"{where}the event at position {expected} is missing")
            if written != checksum(position, epoch, tag, body):
                raise StorageFailed(f"{where}the event at position {position} is damaged")
            found.append(Recorded(Position(position), epoch, self.decode(tag, body)))
        return found

    def _upcast(self, tag: str, body: bytes) -> dict[str, Any]:
        fields: dict[str, Any] = msgspec.msgpack.decode(body)
        for _ in range(len(self._upcasters) + 1):
            if tag in self._current:
                return fields
            upcaster = self._upcasters.get(tag)
            if upcaster is None:
                raise StorageFailed(
                    f"the log holds an event {tag!r} that this version does not know:"
                    " it was written by a newer one"
                )
            fields = upcaster(fields)
            tag = str(fields["type"])
        raise StorageFailed(f"the upcasters of {tag!r} lead nowhere")


CODEC = Codec()
