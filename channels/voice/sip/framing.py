"""Messages out of a stream (TCP, TLS): Content-Length says where each ends (RFC 3261, 18.3)."""

from channels.voice.sip.errors import BadMessage
from channels.voice.sip.limits import STREAM_BYTES
from channels.voice.sip.message import Message
from channels.voice.sip.parsing import body_length, parse_head

PING = b"\r\n\r\n"
PONG = b"\r\n"
"""Keep-alive and its answer (RFC 5626, 3.5.1)."""


class StreamReader:
    """Cuts a stream into messages.

    After a BadMessage, or a message without a length, nobody knows where the next one begins: the
    stream is ``deaf`` from then on, and its connection should be closed once it was answered.
    """

    def __init__(self) -> None:
        self.deaf = False
        self.pings = 0
        self._bytes = bytearray()
        self._searched = 0
        self._head: Message | None = None
        self._length = 0

    @property
    def unfinished(self) -> bool:
        """Whether a message has begun and not ended."""
        return bool(self._bytes) or self._head is not None

    def feed(self, data: bytes) -> None:
        """Take what arrived."""
        if not self.deaf:
            self._bytes += data

    def next_message(self) -> Message | None:
        """The next whole message, or None until more arrives.

        Raises BadMessage as ``parse_datagram`` does, for too large ones before they are whole.
        """
        if self.deaf:
            return None
        try:
            if self._head is None and not self._take_head():
                return None
            return self._take_body()
        except BadMessage:
            self._stop()
            raise

    def _take_head(self) -> bool:
        self._skip_line_ends()
        end = self._bytes.find(b"\r\n\r\n", self._searched)
        if (end if end >= 0 else len(self._bytes)) > STREAM_BYTES:
            # Read for the answer as far as it goes; nothing of it is kept.
            partial = parse_head(bytes(self._bytes[:STREAM_BYTES]).rpartition(b"\r\n")[0])
            raise BadMessage("message too large", status=513, partial=partial)
        if end < 0:
            # The empty line may be cut in two.
            self._searched = max(0, len(self._bytes) - 3)
            return False
        head = parse_head(bytes(self._bytes[:end]))
        length = body_length(head)
        if end + (length or 0) > STREAM_BYTES:
            raise BadMessage("message too large", status=513, partial=head)
        del self._bytes[: end + 4]
        self._searched = 0
        self._head, self._length = head, length or 0
        if length is None:
            self._stop()
            self._head = head
        return True

    def _take_body(self) -> Message | None:
        head = self._head
        if head is None or len(self._bytes) < self._length:
            return None
        head.body = bytes(self._bytes[: self._length])
        del self._bytes[: self._length]
        self._head = None
        return head

    def _skip_line_ends(self) -> None:
        """Between messages: keep-alives (double line ends), and line ends that mean nothing."""
        while self._bytes.startswith(PING):
            del self._bytes[:4]
            self.pings += 1
        # A single one waits for its second half, unless a message follows.
        if self._bytes.startswith(b"\r\n") and len(self._bytes) > 3:
            del self._bytes[:2]

    def _stop(self) -> None:
        self.deaf = True
        self._bytes.clear()
        self._head = None
        self._length = 0
