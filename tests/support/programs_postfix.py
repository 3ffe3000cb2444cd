"""A real Postfix of our own: it takes mail from anyone on loopback, keeps some and passes on some.

Its master process starts only as root; where the tests run as somebody else they say so.
"""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.programs import (
    LOOPBACK,
    ProgramFailed,
    Running,
    free_port,
    own_folder,
    run,
    running,
    speaks,
    wait_until,
    where,
)

DAEMONS = "/usr/lib/postfix/sbin"
KEEPER_OF_MAIL = "nobody"
"""The user that owns delivered mail."""

OLD = 1_000_000_000

SERVICES = """\
{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""
"""Debian's own list of services, without chroot, and with our port."""


@dataclass(frozen=True)
class PostfixServer:
    """A running Postfix: where it listens, where it keeps mail and what it logs."""

    port: int
    folder: Path
    program: Running

    def log(self) -> str:
        """Everything it has logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    def delivered(self, address: str) -> list[EmailMessage]:
        """The messages delivered to one of its own addresses so far, oldest first."""
        mailbox = self.folder / "mail" / address / "new"
        paths = sorted(mailbox.iterdir()) if mailbox.is_dir() else []
        return [message_from_bytes(path.read_bytes(), policy=policy.default) for path in paths]

    def wait_for_mail(self, address: str, count: int = 1, deadline_s: float = 30) -> None:
        """Wait until `count` messages were delivered to one of its own addresses.

        Raises:
            ProgramFailed: with Postfix's log, when they were not.
        """
        try:
            wait_until(
                lambda: len(self.delivered(address)) >= count,
                f"{count} messages for {address}",
                deadline_s,
            )
        except ProgramFailed as late:
            raise ProgramFailed(f"{late}\n{self.log()}") from late

    def queued(self) -> str:
        """What `postqueue -p` tells about mail that waits, as Postfix words it."""
        return run([where("postqueue"), "-c", str(self.folder / "etc"), "-p"])

    def flush(self) -> None:
        """Try again now to pass on what waits."""
        run([where("postqueue"), "-c", str(self.folder / "etc"), "-f"])


def _lay_out_queue(queue: Path) -> None:
    """Make the folders `postfix check` would make, which takes it two seconds."""
    owner = pwd.getpwnam("postfix").pw_uid
    shared = grp.getgrnam("postdrop").gr_gid
    private = "active bounce corrupt defer deferred flush hold incoming private saved trace"
    for name in private.split():
        (queue / name).mkdir(mode=0o700)
        os.chown(queue / name, owner, 0)
    for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
        (queue / name).mkdir()
        os.chown(queue / name, owner, shared)
        (queue / name).chmod(mode)
    (queue / "pid").mkdir()


def _settings(
    folder: Path,
    addresses: Sequence[str],
    routes: Mapping[str, int],
    certificates: Certificates | None,
    extra: Mapping[str, str],
) -> dict[str, str]:
    owner = pwd.getpwnam(KEEPER_OF_MAIL)
    domains = sorted({address.rpartition("@")[2] for address in addresses})
    passed_on = [f"{{ {domain} = smtp:[{LOOPBACK}]:{port} }}" for domain, port in routes.items()]
    boxes = [f"{{ {address} = {address}/ }}" for address in addresses]
    settings = {
        "compatibility_level": "3.6",
        "queue_directory": str(folder / "queue"),
        "data_directory": str(folder / "data"),
        "command_directory": "/usr/sbin",
        "daemon_directory": DAEMONS,
        "mail_owner": "postfix",
        "setgid_group": "postdrop",
        "myhostname": "postfix.test",
        "mydestination": "",
        "mynetworks": "127.0.0.0/8",
        "inet_interfaces": LOOPBACK,
        "inet_protocols": "ipv4",
        "maillog_file": str(folder / "mail.log"),
        "maillog_file_prefixes": str(folder),
        "default_database_type": "hash",
        "alias_maps": "",
        "alias_database": "",
        "local_recipient_maps": "",
        # Nothing leaves this machine: what has no route is refused at once.
        "default_transport": "error:no route from the tests",
        "relay_domains": " ".join(routes),
        "transport_maps": "inline:{" + ", ".join(passed_on) + "}" if routes else "",
        "virtual_mailbox_domains": " ".join(domains),
        "virtual_mailbox_maps": "inline:{" + ", ".join(boxes) + "}" if boxes else "",
        "virtual_mailbox_base": str(folder / "mail"),
        "virtual_uid_maps": f"static:{owner.pw_uid}",
        "virtual_gid_maps": f"static:{owner.pw_gid}",
        "virtual_minimum_uid": "1",
        "smtp_dns_support_level": "disabled",
        "smtpd_relay_restrictions": "permit_mynetworks, reject_unauth_destination",
        "smtpd_peername_lookup": "no",
        # A refusal for the moment is tried again within seconds, not within minutes.
        "queue_run_delay": "2s",
        "minimal_backoff_time": "2s",
        "maximal_backoff_time": "4s",
        "biff": "no",
        "smtp_tls_security_level": "may",
    }
    if certificates is not None:
        settings["smtpd_tls_security_level"] = "may"
        settings["smtpd_tls_cert_file"] = str(certificates.certificate)
        settings["smtpd_tls_key_file"] = str(certificates.key)
        settings["smtp_tls_CAfile"] = str(certificates.authority)
    return {**settings, **extra}


@contextlib.contextmanager
def postfix_server(
    *,
    addresses: Sequence[str] = (),
    routes: Mapping[str, int] | None = None,
    certificates: Certificates | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[PostfixServer]:
    """A Postfix on a free loopback port.

    Args:
        addresses: it keeps mail for these, see `PostfixServer.delivered`.
        routes: domain -> loopback port of the SMTP server that mail for it is passed on to.
        certificates: offer STARTTLS with these.
        settings: laid over what is written to main.cf.

    Raises:
        ProgramFailed: without root, or with Postfix's log when it does not start.
    """
    if os.geteuid() != 0:
        raise ProgramFailed("Postfix starts only as root: run the tests as root, in a container")
    port = free_port()
    with own_folder("postfix") as folder:
        for name in ("etc", "queue", "data", "mail"):
            (folder / name).mkdir()
        os.chown(folder / "data", pwd.getpwnam("postfix").pw_uid, -1)
        os.chown(folder / "mail", pwd.getpwnam(KEEPER_OF_MAIL).pw_uid, -1)
        lines = _settings(folder, addresses, routes or {}, certificates, settings or {}).items()
        main = "".join(f"{name} = {value}\n" for name, value in lines)
        services = SERVICES.format(port=f"{LOOPBACK}:{port}")
        for name, text in (("main.cf", main), ("master.cf", services)):
            (folder / "etc" / name).write_text(text, encoding="utf-8")
            # Postfix waits two seconds before it trusts a file that was written just now.
            os.utime(folder / "etc" / name, (OLD, OLD))
        _lay_out_queue(folder / "queue")
        command = [f"{DAEMONS}/master", "-c", str(folder / "etc"), "-d"]
        with running(command, folder=folder, ready=lambda: speaks(port, b"220 ")) as program:
            yield PostfixServer(port, folder, program)
