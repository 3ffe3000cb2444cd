"""Reaching a mail server from the one loop: Twisted's clients, awaited from asyncio."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Protocol, TypeVar, cast

from twisted.internet import endpoints, protocol, ssl
from twisted.internet.defer import Deferred

from channels.mail.settings import Poll
from router.model.errors import CarillonError, StorageFailed

CONNECT_SECONDS = 20
READING_SECONDS = 600
"""One reading of a mailbox at most; what is left is read the next time."""
Value = TypeVar("Value")


class Client(Protocol):
    """What both clients have: a greeting to wait for, STARTTLS, log-in."""

    greeted: Deferred[None]
    transport: Any

    def startTLS(self, contextFactory: Any) -> Any:
        """Encrypt the connection."""
        ...

    def login(self, username: bytes, password: bytes) -> Any:
        """Log in."""
        ...


class Greeted:
    """In front of one of Twisted's clients, which calls ``greeted`` back when it is greeted: it
    fails when the connection ends before."""

    timeout = 60
    transport: Any
    greeted: Deferred[None]

    def __init__(self) -> None:
        super().__init__()
        self.greeted = Deferred()

    def connectionLost(self, reason: Any = protocol.connectionDone) -> None:
        """Fail whoever waits for the greeting, then all commands under way."""
        if not self.greeted.called:
            self.greeted.errback(reason)
        super().connectionLost(reason)  # type: ignore[misc] # The client's, which comes next.


Reader = TypeVar("Reader", bound=Client)


async def on(deferred: "Deferred[Value]") -> Value:
    """The result of a Deferred, awaited from an asyncio task."""
    result: Value = await deferred.asFuture(asyncio.get_running_loop())
    return result


@asynccontextmanager
async def logged_in(poll: Poll, kind: type[Reader]) -> AsyncIterator[Reader]:
    """A client of this kind, logged in to the server of ``poll``; let go of at the end.

    TLS checks the server's certificate against its host name and never falls back (MAIL-7).
    Raises StorageFailed with the reason when the server cannot be reached, does not let us in, or
    breaks off later.
    """
    try:
        async with asyncio.timeout(READING_SECONDS):
            client = await _connect(poll, kind)
            try:
                yield client
            finally:
                client.transport.loseConnection()
    except CarillonError:
        raise
    except Exception as error:
        # Twisted and OpenSSL end with many kinds of their own: all of them mean "not read now".
        words = str(error) or type(error).__name__
        raise StorageFailed(f"{poll.protocol} at {poll.host}: {words}") from error


async def _connect(poll: Poll, kind: type[Reader]) -> Reader:
    # The reactor is imported late: importing it earlier would install another one.
    from twisted.internet import reactor

    where: Any = endpoints.HostnameEndpoint(
        reactor, poll.host, poll.effective_port, timeout=CONNECT_SECONDS
    )
    trust: Any = ssl.optionsForClientTLS(poll.host) if poll.security != "none" else None
    if poll.security == "tls":
        where = endpoints.wrapClientTLS(trust, where)
    factory = protocol.Factory.forProtocol(cast("Any", kind))
    client: Reader = await on(where.connect(factory))
    await on(client.greeted)
    if poll.security == "starttls":
        await on(client.startTLS(trust))
    await on(client.login(poll.user.encode(), poll.password.reveal().encode()))
    return client
