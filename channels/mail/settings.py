"""The settings of the mail channel: ``[channels.mail]`` of the configuration."""

import ipaddress
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from channels.mail.signing import SigningKey, mistake_of
from channels.mail.smtp_server import SmtpLimits
from channels.mail.templates import (
    ACKNOWLEDGEMENT_FACTS,
    REPLY_FACTS,
    SIGNATURE_FACTS,
    mistakes,
)
from router.model.ids import DAY_MS
from router.model.secret import Secret

Name = Annotated[str, Meta(min_length=1, max_length=253)]
Signature = Annotated[str, Meta(max_length=4_000)]
Port = Annotated[int, Meta(ge=0, le=65_535)]
Security = Literal["tls", "starttls", "none"]
"""``none`` is for loopback only (MAIL-7: everything else is encrypted, host checked)."""


class Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all settings share."""


class Poll(Plain, frozen=True, kw_only=True):
    """An existing mailbox that is emptied or read regularly.

    ``keep`` leaves the messages on the server: IMAP remembers the last UID per UIDVALIDITY, POP3
    the unique ids it has seen. Without it a message is deleted when it is durable here.
    ``trust`` is the name by which the mailbox's own server signs Authentication-Results: what it
    found out about senders is believed then.
    """

    protocol: Literal["imap", "pop3"] = "imap"
    host: Name
    port: Port = 0
    security: Security = "tls"
    user: Name
    password: Secret
    folder: Name = "INBOX"
    keep: bool = True
    every_ms: Annotated[int, Meta(ge=5_000, le=3_600_000)] = 60_000
    messages: Annotated[int, Meta(ge=1, le=1_000)] = 1_000
    trust: Annotated[str, Meta(max_length=253)] = ""

    @property
    def effective_port(self) -> int:
        """The port, or the standard one of protocol and security."""
        if self.port:
            return self.port
        if self.protocol == "imap":
            return 993 if self.security == "tls" else 143
        return 995 if self.security == "tls" else 110


class Signatures(Plain, frozen=True, kw_only=True):
    """Templates of signatures: the agent's own counts, else the queue's, else the mailbox's."""

    agent: dict[str, Signature] = {}
    queue: dict[str, Signature] = {}


class Mailbox(Plain, frozen=True, kw_only=True):
    """An address of ours: what arrives for it becomes interactions, and replies come from it.

    ``signature``, ``reply`` (which makes an answer of the agent's words and the signature) and
    the acknowledgement's two texts are Jinja2 templates, see ``channels.mail.templates``.
    ``topics`` turns words of subject and text into a coarse attribute that rules can use: the
    first topic one of whose words occurs is the interaction's ``topic``.
    """

    address: Annotated[str, Meta(min_length=3, max_length=254)]
    aliases: tuple[str, ...] = ()
    name: Annotated[str, Meta(max_length=200)] = ""
    signature: Signature = ""
    reply: Annotated[str, Meta(max_length=20_000)] = ""
    acknowledge: bool = False
    acknowledgement: Annotated[str, Meta(max_length=20_000)] = ""
    acknowledgement_subject: Annotated[str, Meta(max_length=200)] = ""
    language: Annotated[str, Meta(max_length=20)] = "en"
    topics: dict[str, tuple[Annotated[str, Meta(min_length=2, max_length=100)], ...]] = {}
    poll: Poll | None = None


class Relay(Plain, frozen=True, kw_only=True):
    """Where outgoing mail is handed over."""

    host: Name
    port: Port = 587
    security: Security = "starttls"
    user: str = ""
    password: Secret | None = None
    timeout_ms: Annotated[int, Meta(ge=1_000, le=300_000)] = 30_000


class Front(Plain, frozen=True, kw_only=True):
    """A mail server in front of ours: ``networks`` it connects from, ``name`` as it calls itself
    in Authentication-Results. What it found out about senders is believed, and only it."""

    name: Name
    networks: Annotated[tuple[str, ...], Meta(min_length=1, max_length=50)]

    def holds(self, source: str) -> bool:
        """Whether a connection comes from there."""
        try:
            address = ipaddress.ip_address(source)
        except ValueError:
            return False
        mapped = getattr(address, "ipv4_mapped", None) or address
        return any(mapped in ipaddress.ip_network(network) for network in self.networks)


class Incoming(Plain, frozen=True, kw_only=True):
    """Our own SMTP server; without a certificate it offers no STARTTLS."""

    listen: str = "127.0.0.1:2525"
    certificate: str = ""
    private_key_file: str = ""
    front: Front | None = None
    limits: SmtpLimits = SmtpLimits()


class Retry(Plain, frozen=True, kw_only=True):
    """How long an undelivered message is tried again: rests double from first to last."""

    first_ms: Annotated[int, Meta(ge=1_000, le=3_600_000)] = 60_000
    last_ms: Annotated[int, Meta(ge=1_000, le=86_400_000)] = 4 * 3_600_000
    give_up_ms: Annotated[int, Meta(ge=60_000, le=7 * 86_400_000)] = 2 * 86_400_000


class MailSettings(Plain, frozen=True, kw_only=True):
    """Everything about mail. ``nameservers`` (addresses, with or without a port) are asked about
    senders instead of the machine's own. ``dkim`` is by the domain that signs. Which mails belong
    to an interaction is known for ``threads_kept_ms`` after its last message."""

    host: Name = "mail.localhost"
    mailboxes: dict[str, Mailbox] = {}
    signatures: Signatures = Signatures()
    incoming: Incoming | None = Incoming()
    relay: Relay | None = None
    dkim: dict[str, SigningKey] = {}
    retry: Retry = Retry()
    acknowledgements_an_hour: Annotated[int, Meta(ge=0, le=1_000)] = 100
    threads_kept_ms: Annotated[int, Meta(ge=30 * DAY_MS, le=3_650 * DAY_MS)] = 730 * DAY_MS
    check_senders: bool = True
    nameservers: Annotated[tuple[str, ...], Meta(max_length=5)] = ()


def check(settings: MailSettings) -> list[tuple[str, str]]:
    """Mistakes that no single field shows, each with its dotted field."""
    found: list[tuple[str, str]] = []
    owners: dict[str, str] = {}
    for name, mailbox in settings.mailboxes.items():
        for address in (mailbox.address, *mailbox.aliases):
            plain = address.lower()
            if plain.count("@") != 1 or plain.startswith("@") or plain.endswith("@"):
                found.append((f"mailboxes.{name}.address", f"{address!r} is no mail address"))
            if owners.setdefault(plain, name) != name:
                found.append(
                    (f"mailboxes.{name}.address", f"{address!r} is {owners[plain]}'s already")
                )
        poll = mailbox.poll
        if poll is not None and poll.security == "none" and not _is_loopback(poll.host):
            found.append((f"mailboxes.{name}.poll.security", "only this machine without TLS"))
    found.extend(_check_templates(settings))
    relay = settings.relay
    if relay is not None and relay.security == "none" and not _is_loopback(relay.host):
        found.append(("relay.security", "only this machine without TLS"))
    if settings.incoming is not None:
        port = settings.incoming.listen.rpartition(":")[2]
        if not port.isdecimal() or int(port) > 65_535:
            found.append(("incoming.listen", 'write an address and a port: "127.0.0.1:2525"'))
        front = settings.incoming.front
        for network in front.networks if front is not None else ():
            if not _is_network(network):
                message = f"{network!r} is no network such as 10.0.0.5 or 10.0.0.0/24"
                found.append(("incoming.front.networks", message))
    found.extend(
        (f'dkim."{domain}".private_key', message)
        for domain, key in settings.dkim.items()
        if (message := mistake_of(key))
    )
    for server in settings.nameservers:
        try:
            name_server(server)
        except ValueError:
            found.append(("nameservers", f"{server!r} is no address of a name server"))
    return found


def name_server(text: str) -> tuple[str, int]:
    """Address and port of ``"10.0.0.2"``, ``"10.0.0.2:5353"`` or ``"[::1]:5353"``; ValueError."""
    host, colon, port = text.rpartition(":")
    if not colon or (":" in host and not host.startswith("[")):
        host, port = text, "53"
    address = str(ipaddress.ip_address(host.strip("[]")))
    if not port.isdecimal() or not 0 < int(port) < 65_536:
        raise ValueError(text)
    return address, int(port)


def _is_network(text: str) -> bool:
    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return True


def _check_templates(settings: MailSettings) -> list[tuple[str, str]]:
    """Templates that Jinja2 does not understand or that speak of what is not there."""
    sources: list[tuple[str, str, Mapping[str, object]]] = []
    for kind, texts in (
        ("agent", settings.signatures.agent),
        ("queue", settings.signatures.queue),
    ):
        sources += [
            (f"signatures.{kind}.{name}", text, SIGNATURE_FACTS) for name, text in texts.items()
        ]
    for name, mailbox in settings.mailboxes.items():
        place = f"mailboxes.{name}"
        sources += [
            (f"{place}.signature", mailbox.signature, SIGNATURE_FACTS),
            (f"{place}.reply", mailbox.reply, REPLY_FACTS),
            (f"{place}.acknowledgement", mailbox.acknowledgement, ACKNOWLEDGEMENT_FACTS),
            (
                f"{place}.acknowledgement_subject",
                mailbox.acknowledgement_subject,
                ACKNOWLEDGEMENT_FACTS,
            ),
        ]
    return [(place, words) for place, text, facts in sources for words in mistakes(text, facts)]


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
