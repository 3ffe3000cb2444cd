"""Outgoing mail: a durable queue handed to the relay by aiosmtplib, tried again until it is over.

Nothing is polled: the sender sleeps until the next try is due or something new is queued.
"""

import asyncio
import contextlib
import logging
import ssl
from collections.abc import Awaitable, Callable, Mapping

import aiosmtplib

from channels.mail.bounce_reasons import STATUS, classify, told
from channels.mail.composing import Composed
from channels.mail.settings import Relay, Retry
from channels.mail.store import NOBODY, MailStore, Outgoing, Writer
from router.model.content import Mark
from router.model.errors import CarillonError, StorageFailed
from router.model.ids import DAY_MS, Instant
from router.ports import Clock

log = logging.getLogger(__name__)
SENT_KEPT_MS = 30 * DAY_MS
"""How long a sent message stays in the outbox, so that a repeated order is recognised."""

FAILED_REST_S = 5.0
"""How long to leave a database alone that failed."""
HAND_OVER_S = 4.0
"""How long a stop waits for the relay's word about the message it is taking."""
NO_RELAY = "no relay is configured"

Compose = Callable[[Outgoing], Awaitable[Composed]]
"""Opens and composes a message; raises CarillonError when it can never be sent."""

Report = Callable[[Outgoing, Mark, str], Awaitable[None]]
"""Tells the hub what became of a message."""


class OutgoingMail:
    """Sends what ``store`` holds, one message at a time, in the order in which it is due."""

    def __init__(
        self,
        store: MailStore,
        clock: Clock,
        retry: Retry,
        compose: Compose,
        report: Report,
        patience_s: float = HAND_OVER_S,
    ) -> None:
        self._store = store
        self._clock = clock
        self._compose = compose
        self._report = report
        self._retry = retry
        self._relay: Relay | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._handing_over = asyncio.Lock()
        self._patience_s = patience_s
        self.trouble = ""
        self.failure = ""

    def start(self, relay: Relay | None) -> None:
        """Begin to send; without a relay messages are kept until there is one."""
        self._relay = relay
        self._task = asyncio.create_task(self._run(), name="outgoing mail")

    def reconfigure(self, relay: Relay | None, retry: Retry) -> None:
        """Use another relay from the next message on; what waits is tried at once."""
        self._relay, self._retry = relay, retry
        self._news.set()

    async def stop(self) -> None:
        """Stop. A message in the relay's hands may be finished; one whose end is not known then
        counts as not sent and is tried again."""
        if self._task is None:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience_s):
                await self._handing_over.acquire()
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._task = None
        if self._handing_over.locked():
            self._handing_over.release()

    async def add(self, message: Outgoing, writer: Writer = NOBODY) -> None:
        """Keep a message to be sent, durably; a known key is ignored."""
        if await self._store.add_outgoing(message, writer):
            self._news.set()

    async def _run(self) -> None:
        while True:
            self._news.clear()
            try:
                await self._send_due()
                rest_s = await self._rest_s()
                self.failure = ""
            except CarillonError as error:
                log.exception("The outgoing queue could not be worked on.")
                self.failure = f"mail waits: {error.message}"
                rest_s = FAILED_REST_S
            await self._sleep(rest_s)

    async def _rest_s(self) -> float | None:
        """Seconds until the next try is due; None when nothing is to be tried."""
        due = await self._store.next_due() if self._relay is not None else None
        return None if due is None else max(0.0, (due - self._clock.now()) / 1_000)

    async def _sleep(self, rest_s: float | None) -> None:
        """Until something new is queued, or for so long."""
        try:
            async with asyncio.timeout(rest_s):
                await self._news.wait()
        except TimeoutError:
            return

    async def _wait_for_relay(self) -> None:
        """Tell whoever wrote what is queued why it does not leave."""
        self.trouble = ""
        while messages := await self._store.untried():
            for message in messages:
                await self._report(message, Mark.WAITING, NO_RELAY)
                await self._store.move_outgoing(
                    message.key, "queued", attempts=0, next_at=message.next_at, reason=NO_RELAY
                )
        if await self._store.next_due() is not None:
            self.trouble = f"mail waits: {NO_RELAY}"

    async def _send_due(self) -> None:
        for message in await self._store.taken():
            await self._over(message, message.attempts, Mark.SENT, "")
        if self._relay is None:
            await self._wait_for_relay()
            return
        await self._store.forget_done(Instant(self._clock.now() - SENT_KEPT_MS))
        while messages := await self._store.due(self._clock.now()):
            for message in messages:
                await self._try(message, self._relay)

    async def _try(self, message: Outgoing, relay: Relay) -> None:
        attempts = message.attempts + 1
        try:
            composed = await self._compose(message)
        except StorageFailed:
            # Nothing is wrong with the message: it is tried again when the stores are back.
            raise
        except CarillonError as error:
            await self._over(message, attempts, Mark.FAILED, _unfit(error))
            return
        except Exception:
            # One message that our own mistake cannot compose must not hold up all others.
            log.exception("A message could not be composed.")
            await self._over(message, attempts, Mark.FAILED, "cannot be sent: a fault of ours")
            return
        try:
            async with self._handing_over:
                await hand_over(composed, relay)
                # From here on it is never handed over again, whatever fails before that is told.
                now = self._clock.now()
                await self._store.move_outgoing(
                    message.key, "taken", attempts=attempts, next_at=now
                )
        except (aiosmtplib.SMTPException, OSError, ssl.SSLError) as error:
            await self._not_sent(message, attempts, error)
            return
        self.trouble = ""
        await self._over(message, attempts, Mark.SENT, "")

    async def _not_sent(self, message: Outgoing, attempts: int, error: Exception) -> None:
        now = self._clock.now()
        reason = why_not_sent(error)
        if is_permanent(error) or now - message.created_at >= self._retry.give_up_ms:
            await self._over(message, attempts, Mark.FAILED, reason)
            return
        self.trouble = f"a message waits: {reason}"
        log.warning("A message was not sent, try %s: %s", attempts, reason)
        if attempts == 1:
            await self._report(message, Mark.WAITING, reason)
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
        raise PartlyRefused(
            {recipients.index(address): response for address, response in refused.items()}
        )


class PartlyRefused(aiosmtplib.SMTPException):
    """The relay took the message for some recipients only; it is not sent to these again.

    ``refused`` holds its answers by the place of the recipient, from 0.
    """

    def __init__(self, refused: Mapping[int, aiosmtplib.SMTPResponse]) -> None:
        super().__init__("not taken for all recipients")
        self.refused = refused


def is_permanent(error: Exception) -> bool:
    """Whether trying again cannot help: refused with a 5xx code, or sent to some already."""
    if isinstance(error, PartlyRefused):
        return True
    if isinstance(error, aiosmtplib.SMTPRecipientsRefused):
        return all(is_permanent(one) for one in error.recipients)
    return isinstance(error, aiosmtplib.SMTPResponseException) and 500 <= error.code < 600


def why_not_sent(error: Exception) -> str:
    """Why the relay did not take a message, for the agent who wrote it.

    It stands in the log in clear: it holds codes and words of ours, never an address and never
    what the relay said (PRIV-1).
    """
    match error:
        case PartlyRefused(refused=refused):
            place, answer = next(iter(refused.items()))
            return f"not taken for recipient {place + 1}: {_answer(answer.code, answer.message)}"
        case aiosmtplib.SMTPRecipientsRefused(recipients=[first, *_]):
            return _answer(first.code, first.message)
        case aiosmtplib.SMTPResponseException():
            return _answer(error.code, error.message)
        case ssl.SSLError():
            return "the relay's certificate or encryption is not accepted"
        case TimeoutError() | aiosmtplib.SMTPTimeoutError():
            return "the relay does not answer in time"
        case _:
            return "the relay cannot be reached"


def _answer(code: int, message: str) -> str:
    found = STATUS.search(message)
    status = found[0] if found is not None else ""
    # Without an enhanced code the plain one says whether trying again can help.
    reason = classify(status or f"{code // 100}.", message)
    return f"{code} {told(status, reason)}"


def _unfit(error: CarillonError) -> str:
    """Why a message can never leave; the wrong value itself is not repeated."""
    field = getattr(error, "field", "")
    return f"cannot be sent: {field or error.code}"
