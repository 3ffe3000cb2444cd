"""Outgoing mail: a durable queue handed to the relay by aiosmtplib, tried again until it is over.

Nothing is polled: the sender sleeps until the next try is due or something new is queued.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable

import aiosmtplib

from channels.mail.composing import Composed
from channels.mail.settings import Relay, Retry
from channels.mail.store import MailStore, Outgoing
from router.model.content import Mark
from router.model.errors import CarillonError
from router.model.ids import DAY_MS, Instant
from router.ports import Clock

log = logging.getLogger(__name__)
SENT_KEPT_MS = 30 * DAY_MS
"""How long a sent message stays in the outbox, so that a repeated order is recognised."""

Compose = Callable[[Outgoing], Awaitable[Composed]]
"""Opens and composes a message; raises CarillonError when it can never be sent."""

Report = Callable[[Outgoing, Mark, str], Awaitable[None]]
"""Tells the hub what became of a message."""


class OutgoingMail:
    """Sends what ``store`` holds, one message at a time, in the order in which it is due."""

    def __init__(
        self, store: MailStore, clock: Clock, retry: Retry, compose: Compose, report: Report
    ) -> None:
        self._store = store
        self._clock = clock
        self._compose = compose
        self._report = report
        self._retry = retry
        self._relay: Relay | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.trouble = ""

    def start(self, relay: Relay | None) -> None:
        """Begin to send; without a relay messages are kept until there is one."""
        self._relay = relay
        self._task = asyncio.create_task(self._run(), name="outgoing mail")

    def reconfigure(self, relay: Relay | None, retry: Retry) -> None:
        """Use another relay from the next message on; what waits is tried at once."""
        self._relay, self._retry = relay, retry
        self._news.set()

    async def stop(self) -> None:
        """Stop; a message that is being handed over counts as not sent and is tried again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def add(self, message: Outgoing) -> None:
        """Keep a message to be sent, durably; a known key is ignored."""
        if await self._store.add_outgoing(message):
            self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._send_due()
            except CarillonError:
                log.exception("The outgoing queue could not be read.")
            await self._sleep()

    async def _sleep(self) -> None:
        """Until something new is queued or the next try is due."""
        due = await self._store.next_due() if self._relay is not None else None
        rest = None if due is None else max(0.0, (due - self._clock.now()) / 1_000)
        try:
            async with asyncio.timeout(rest):
                await self._news.wait()
        except TimeoutError:
            return

    async def _send_due(self) -> None:
        if self._relay is None:
            waiting = await self._store.next_due()
            self.trouble = "" if waiting is None else "mail waits: no relay is configured"
            return
        await self._store.forget_done(Instant(self._clock.now() - SENT_KEPT_MS))
        while messages := await self._store.due(self._clock.now()):
            for message in messages:
                await self._try(message, self._relay)

    async def _try(self, message: Outgoing, relay: Relay) -> None:
        attempts = message.attempts + 1
        try:
            composed = await self._compose(message)
        except CarillonError as error:
            await self._over(message, attempts, Mark.FAILED, error.message)
            return
        try:
            await hand_over(composed, relay)
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            await self._not_sent(message, attempts, error)
            return
        self.trouble = ""
        await self._over(message, attempts, Mark.SENT, "")

    async def _not_sent(self, message: Outgoing, attempts: int, error: Exception) -> None:
        now = self._clock.now()
        reason = _words(error)
        if is_permanent(error) or now - message.created_at >= self._retry.give_up_ms:
            await self._over(message, attempts, Mark.FAILED, reason)
            return
        self.trouble = f"a message waits: {reason}"
        log.warning("A message was not sent, try %s: %s", attempts, reason)
        rest = min(self._retry.last_ms, self._retry.first_ms * 2 ** min(attempts - 1, 20))
        await self._store.move_outgoing(
            message.key, "queued", attempts=attempts, next_at=Instant(now + rest), reason=reason
        )

    async def _over(self, message: Outgoing, attempts: int, mark: Mark, reason: str) -> None:
        """Tell first, then remember: told twice after a crash in between is harmless."""
        await self._report(message, mark, reason)
        state = "sent" if mark is Mark.SENT else "failed"
        await self._store.move_outgoing(
            message.key, state, attempts=attempts, next_at=self._clock.now(), reason=reason
        )


async def hand_over(composed: Composed, relay: Relay) -> None:
    """Give a message to the relay. Raises aiosmtplib's errors or OSError.

    All recipients must be taken, else it counts as refused. TLS is at least 1.2 and the relay's
    name is checked; it never falls back to plain text (MAIL-7).
    """
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        timeout=relay.timeout_ms / 1_000,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
        tls_context=None if relay.security == "none" else context,
    )
    async with client:
        if relay.password is not None:
            await client.login(relay.user, relay.password.reveal())
        recipients = list(composed.recipients)
        refused, _ = await client.sendmail(composed.sender, recipients, composed.data)
    if refused:
        address, response = next(iter(refused.items()))
        raise PartlyRefused(f"not taken for {address}: {response.code} {response.message}")


class PartlyRefused(aiosmtplib.SMTPException):
    """The relay took the message for some recipients only; it is not sent to these again."""


def is_permanent(error: Exception) -> bool:
    """Whether trying again cannot help: refused with a 5xx code, or sent to some already."""
    if isinstance(error, PartlyRefused):
        return True
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(is_permanent(one) for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and 500 <= error.code < 600


def _words(error: Exception) -> str:
    """The error in one line of 300 characters at most, for the agent who wrote the message."""
    return " ".join(f"{error}".split())[:300] or type(error).__name__
