"""The mail channel: an SMTP server, readers of existing mailboxes, an outgoing queue."""

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from twisted.internet import ssl

from channels.api import ChannelContext, OutgoingMail
from channels.listening import bound_socket, split_address
from channels.mail import imap_client, pop3_client
from channels.mail.arriving import MAIL, Arrivals, Taken
from channels.mail.joining import why_no_auto_reply
from channels.mail.outgoing import OutgoingMail as Sender
from channels.mail.parsing import Site
from channels.mail.reaching import on
from channels.mail.reply_tokens import ReplyTokens
from channels.mail.replying import Replies
from channels.mail.resolving import SystemResolver
from channels.mail.settings import Incoming, Mailbox, MailSettings, Poll, name_server
from channels.mail.smtp_server import Envelope, MailReceiverFactory
from channels.mail.store import MailStore
from channels.mail.worker import ParserPool
from router.model.effects import Deliver, Effect
from router.model.errors import CarillonError, InvalidInput, StorageFailed
from router.model.ids import DAY_MS, Instant, InteractionId, Medium, Position

log = logging.getLogger(__name__)
READERS = {"imap": imap_client.read_mailbox, "pop3": pop3_client.read_mailbox}


class MailChannel:
    """Mail in both directions, for the mailboxes of its settings."""

    def __init__(self, settings: MailSettings, context: ChannelContext) -> None:
        self._context = context
        self._settings = settings
        self._store = MailStore(context.database_url)
        tokens = ReplyTokens([context.secrets.key("mail reply tokens")])
        self._pool = ParserPool()
        self._arrivals = Arrivals(
            context, settings, self._store, self._pool, tokens, _resolver(settings)
        )
        self._replies = Replies(context, settings, self._store, tokens, self._arrivals)
        self._sender = Sender(
            self._store, context.clock, settings.retry, self._replies.compose, self._replies.report
        )
        self._port: Any = None
        self._polls: dict[str, asyncio.Task[None]] = {}
        self._reading: dict[str, asyncio.Lock] = {}
        self._forgetting: asyncio.Task[None] | None = None
        self._trouble: dict[str, str] = {}

    # -- life

    @property
    def medium(self) -> Medium:
        """Mail."""
        return MAIL

    async def start(self) -> None:
        """Open the listener, begin to read mailboxes and to send.

        Raises CannotListen, StorageFailed.
        """
        await self._store.open()
        self._know_ourselves()
        await self._pool.start()
        self._sender.start(self._settings.relay)
        self._port = self._opened(self._settings)
        self._begin_polls()
        self._forgetting = asyncio.create_task(self._forget_daily(), name="old mail threads")

    async def stop(self) -> None:
        """Take no more; what is in hand is finished within 5 s or tried again later."""
        if self._forgetting is not None:
            self._forgetting.cancel()
            await asyncio.gather(self._forgetting, return_exceptions=True)
        await self._end_polls()
        await self._close_port()
        await self._sender.stop()
        await self._pool.stop()
        await self._store.close()

    async def reconfigure(self, settings: MailSettings) -> None:
        """Take new settings. The listener is opened anew only when its own settings changed.

        The new one listens before the old one stops; where it cannot (CannotListen), nothing
        has changed.
        """
        former = self._settings
        if (former.incoming, former.host) != (settings.incoming, settings.host):
            opened = self._opened(settings)
            await self._close_port()
            self._port = opened
        self._settings = settings
        self._arrivals.settings = self._replies.settings = settings
        self._arrivals.resolver = _resolver(settings)
        self._know_ourselves()
        self._sender.reconfigure(settings.relay, settings.retry)
        await self._end_polls()
        self._begin_polls()

    async def retire(self) -> None:
        """Take no more mail by SMTP nor from mailboxes; answers are still sent."""
        await self._end_polls()
        await self._close_port()

    async def busy(self) -> bool:
        """Whether a message waits for the relay."""
        return await self._store.next_due() is not None

    def health(self) -> Mapping[str, str]:
        """What is not well."""
        found = dict(self._trouble)
        trouble = self._sender.failure or self._sender.trouble
        if trouble:
            found["outgoing"] = trouble
        return found

    @property
    def smtp_port(self) -> int:
        """The port of the listener, for those who asked for any; 0 when there is none."""
        return int(self._port.getHost().port) if self._port is not None else 0

    def _know_ourselves(self) -> None:
        addresses = [
            address.lower()
            for mailbox in self._settings.mailboxes.values()
            for address in (mailbox.address, *mailbox.aliases)
        ]
        self._pool.site = Site(self._replies.loop_mark, tuple(addresses))

    # -- in

    def _opened(self, settings: MailSettings) -> Any:
        """A listener for these settings, None where there is to be none. Raises CannotListen."""
        incoming = settings.incoming
        if incoming is None:
            return None
        # Imported late: importing the reactor earlier would install another one.
        from twisted.internet import reactor

        factory = MailReceiverFactory(
            host=settings.host,
            owns=lambda address: self._arrivals.mailbox_of(address) is not None,
            deliver=self._delivered,
            clock=self._context.clock,
            limits=incoming.limits,
            tls=_tls(incoming),
        )
        former = self._settings.incoming
        if self._port is not None and former is not None and former.listen == incoming.listen:
            listening = socket.socket(fileno=os.dup(self._port.fileno()))
        else:
            listening = bound_socket(
                *split_address(incoming.listen), "channels.mail.incoming.listen"
            )
        adopting: Any = reactor
        with listening:
            return adopting.adoptStreamPort(listening.fileno(), listening.family, factory)

    async def _close_port(self) -> None:
        port, self._port = self._port, None
        if port is not None:
            with contextlib.suppress(Exception):
                await on(port.stopListening())

    async def _delivered(self, envelope: Envelope, raw: bytes) -> None:
        taken = await self._arrivals.take(raw, self._mailboxes(envelope.recipients), envelope)
        for one in taken:
            await self._acknowledge(one, envelope.sender)

    def _mailboxes(self, recipients: Sequence[str]) -> Sequence[Mailbox]:
        """The mailboxes of these addresses, each once. InvalidInput when there is none at all."""
        found = {
            mailbox.address: mailbox
            for address in recipients
            if (mailbox := self._arrivals.mailbox_of(address)) is not None
        }
        if not found:
            # The configuration changed between the address and the message.
            raise InvalidInput("no such mailbox here any more", field="recipient")
        return list(found.values())

    async def _acknowledge(self, taken: Taken, envelope_sender: str | None) -> None:
        """Answer automatically where this is wished and allowed, once."""
        mailbox = taken.mailbox
        if not (mailbox.acknowledge and taken.new):
            return
        now = self._context.clock.now()
        refusal = why_no_auto_reply(
            taken.mail, taken.authentication, envelope_sender=envelope_sender
        )
        sender = taken.mail.headers.sender
        if refusal or not await self._store.may_acknowledge(
            self._arrivals.digest(sender),
            mailbox.address,
            now,
            self._settings.acknowledgements_an_hour,
        ):
            log.info("No automatic answer: %s", refusal or "answered before")
            return
        await self._sender.add(
            await self._replies.acknowledgement(
                mailbox, sender, taken.interaction_id, taken.subject
            )
        )

    # -- what is kept for so long

    async def forget_old(self) -> None:
        """Forget which mails belong to interactions that are long over. Raises StorageFailed."""
        floor = self._context.floor
        before = Instant(self._context.clock.now() - self._settings.threads_kept_ms)
        gone = 1
        while gone:
            gone = await self._store.forget_threads(
                before, lambda found: floor.interaction(InteractionId(found)) is not None
            )

    async def _forget_daily(self) -> None:
        while True:
            try:
                await self.forget_old()
            except StorageFailed as error:
                log.warning("Old mail threads stay until tomorrow: %s", error.message)
            await asyncio.sleep(DAY_MS / 1_000)

    # -- reading mailboxes

    def _begin_polls(self) -> None:
        for name, mailbox in self._settings.mailboxes.items():
            if mailbox.poll is not None:
                self._polls[name] = asyncio.create_task(
                    self._read_regularly(name, mailbox, mailbox.poll), name=f"mailbox {name}"
                )

    async def _end_polls(self) -> None:
        tasks = list(self._polls.values())
        self._polls.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read_regularly(self, name: str, mailbox: Mailbox, poll: Poll) -> None:
        while True:
            try:
                await self.read_once(name, mailbox, poll)
                self._trouble.pop(f"mailbox {name}", None)
            except CarillonError as error:
                self._trouble[f"mailbox {name}"] = error.message
                log.warning("Mailbox %s could not be read: %s", name, error.message)
            await asyncio.sleep(poll.every_ms / 1_000)

    async def read_once(self, name: str, mailbox: Mailbox, poll: Poll) -> None:
        """Take every new message of the mailbox. Raises StorageFailed when it cannot be read.

        One reads at a time: another one would find messages gone that it was about to read.
        """
        async with self._reading.setdefault(name, asyncio.Lock()):
            await self._read(name, mailbox, poll)

    async def _read(self, name: str, mailbox: Mailbox, poll: Poll) -> None:
        validity = await self._store.validity(name)
        known = await self._store.polled(name, validity)

        async def take(valid: str, unique_id: str, raw: bytes) -> None:
            for one in await self._arrivals.take(raw, [mailbox], None):
                await self._acknowledge(one, None)
            await self._store.add_polled(name, valid, unique_id)

        found, present = await READERS[poll.protocol](poll, known, validity, take)
        await self._store.keep_polled(name, found, present)

    # -- out

    async def perform(self, effect: Effect, position: Position) -> None:
        """Keep an agent's words for sending; other effects need nothing of a mail."""
        if isinstance(effect, Deliver):
            await self._replies.get_to_know(effect)
            await self._sender.add(self._replies.ordered(effect), self._replies.writer(effect))

    async def notify(self, mail: OutgoingMail) -> None:
        """Send a notification that answers no case, once per key."""
        await self._sender.add(await self._replies.notification(mail))


def _resolver(settings: MailSettings) -> SystemResolver:
    return SystemResolver([name_server(each) for each in settings.nameservers])


def _tls(incoming: Incoming) -> Any:
    if not incoming.certificate:
        return None
    try:
        make: Any = ssl.DefaultOpenSSLContextFactory
        return make(incoming.private_key_file, incoming.certificate)
    except Exception as error:
        raise StorageFailed(f"the certificate of the mail server: {error}") from error
