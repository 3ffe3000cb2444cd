"""The post of a demonstration: simulated customers send real mail and take the answers.

Their letters go by SMTP to the centre's own server, as anybody's do. What the centre sends goes to
a mail server of theirs on this machine, which takes everything and keeps nothing.
"""

from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from typing import Any

import aiosmtplib
import msgspec
from twisted.mail import smtp
from zope.interface import implementer  # type: ignore[import-untyped]  # it has no types

from channels.listening import bound_socket

SEND_S = 20.0


class Letters(msgspec.Struct, frozen=True):
    """Where simulated customers write to, and where their own server listens (0: any port)."""

    host: str
    port: int
    to: str
    answers_port: int


async def send(letters: Letters, name: str, mail: str, words: str) -> None:
    """Hand one letter to the centre. Raises aiosmtplib.SMTPException or OSError."""
    message = EmailMessage()
    message["From"] = f"{name} <{mail}>"
    message["To"] = letters.to
    # Whoever writes the same words again sends another letter, not a copy of the first.
    message["Message-ID"] = make_msgid(domain="example.invalid")
    message["Date"] = formatdate()
    message["Subject"] = words[:60]
    message.set_content(words)
    await aiosmtplib.send(
        message, hostname=letters.host, port=letters.port, timeout=SEND_S, start_tls=False
    )


class Answers:
    """The customers' own mail server. ``taken`` counts what it was given."""

    def __init__(self, port: int) -> None:
        self._wanted = port
        self._listening: Any = None
        self.taken = 0

    def start(self) -> int:
        """Listen on this machine; the port. Raises CannotListen."""
        # Imported late: importing the reactor earlier would install another one.
        from twisted.internet import reactor

        adopting: Any = reactor
        make: Any = smtp.SMTPFactory
        factory = make()
        factory.buildProtocol = self._protocol
        with bound_socket("127.0.0.1", self._wanted, "the demonstration's mail server") as held:
            self._listening = adopting.adoptStreamPort(held.fileno(), held.family, factory)
        return int(self._listening.getHost().port)

    def stop(self) -> None:
        """Listen no more."""
        if self._listening is not None:
            self._listening.stopListening()

    def _protocol(self, address: Any) -> Any:
        make: Any = smtp.ESMTP
        made = make()
        made.delivery = _Delivery(self)
        return made


@implementer(smtp.IMessageDelivery)
class _Delivery:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def receivedHeader(self, helo: Any, origin: Any, recipients: Any) -> bytes:
        return b"Received: by the demonstration"

    def validateFrom(self, helo: Any, origin: Any) -> Any:
        return origin

    def validateTo(self, user: Any) -> Any:
        return lambda: _Letter(self._answers)


@implementer(smtp.IMessage)
class _Letter:
    def __init__(self, answers: Answers) -> None:
        self._answers = answers

    def lineReceived(self, line: bytes) -> None:
        """Nothing of a letter is kept."""

    def eomReceived(self) -> Any:
        from twisted.internet import defer

        self._answers.taken += 1
        return defer.succeed(None)

    def connectionLost(self) -> None:
        """A letter that was cut off counts as none."""
