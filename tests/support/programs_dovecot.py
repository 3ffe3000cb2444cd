"""A real Dovecot of our own: mailboxes that are read by IMAP and POP3."""

from __future__ import annotations

import contextlib
import imaplib
import os
import pwd
from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.certificates import Certificates
from tests.support.programs import LOOPBACK, Running, free_port, own_folder, running, speaks, where

KEEPER_OF_MAIL = "nobody"
OTHER_LOOPBACK = "127.0.0.2"

CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/mail.log
protocols = imap pop3
listen = {host}
auth_mechanisms = plain login
auth_verbose = yes
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
first_valid_uid = 1
mail_location = maildir:{folder}/mail/%u
mail_fsync = never
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={owner} gid={group} home={folder}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {pop3}
  }}
  inet_listener pop3s {{
    port = {pop3s}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


@dataclass(frozen=True)
class DovecotServer:
    """A running Dovecot and the ports it answers on; a port is 0 where it does not."""

    host: str
    imap_port: int
    pop3_port: int
    imaps_port: int
    pop3s_port: int
    users: Mapping[str, str]
    folder: Path
    program: Running

    def log(self) -> str:
        """Everything it has logged so far."""
        path = self.folder / "mail.log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    @contextlib.contextmanager
    def client(self, user: str) -> Iterator[imaplib.IMAP4]:
        """A logged-in IMAP client that is not ours."""
        with imaplib.IMAP4(self.host, self.imap_port, timeout=10) as client:
            client.login(user, self.users[user])
            yield client

    def deliver(self, user: str, message: bytes, mailbox: str = "INBOX") -> None:
        """Put a message into a user's mailbox, as it would lie there after delivery.

        Raises:
            AssertionError: when Dovecot does not take it.
        """
        with self.client(user) as client:
            kind, answer = client.append(mailbox, "", "", message)
            assert kind == "OK", answer

    def messages(self, user: str, mailbox: str = "INBOX") -> list[bytes]:
        """The messages a user's mailbox holds, oldest first."""
        with self.client(user) as client:
            client.select(mailbox, readonly=True)
            _, found = client.search(None, "ALL")
            numbers = found[0].split() if found and found[0] else []
            texts = [client.fetch(number, "(BODY.PEEK[])")[1][0] for number in numbers]
            return [text[1] for text in texts if isinstance(text, tuple)]


def _passwords(users: Mapping[str, str]) -> str:
    """The file of users; in Base64, so that a password may contain a colon."""
    coded = {name: b64encode(password.encode()).decode() for name, password in users.items()}
    return "".join(f"{name}:{{PLAIN.B64}}{text}::::::\n" for name, text in coded.items())


def _tls(certificates: Certificates | None, required: bool) -> str:
    if certificates is None:
        return "ssl = no\ndisable_plaintext_auth = no\n"
    files = f"ssl_cert = <{certificates.certificate}\nssl_key = <{certificates.key}\n"
    if required:
        return f"ssl = required\ndisable_plaintext_auth = yes\n{files}"
    return f"ssl = yes\ndisable_plaintext_auth = no\n{files}"


@contextlib.contextmanager
def dovecot_server(
    users: Mapping[str, str],
    *,
    certificates: Certificates | None = None,
    tls_required: bool = False,
    settings: Sequence[str] = (),
) -> Iterator[DovecotServer]:
    """A Dovecot on free loopback ports.

    Args:
        users: name -> password.
        certificates: offer TLS, both by STARTTLS and from the first byte.
        tls_required: take no password before TLS; it then listens on 127.0.0.2, because Dovecot
            holds a line between two equal addresses to be secure.
        settings: lines added to its configuration.

    Raises:
        ProgramFailed: with its log, when it does not start.
    """
    root = os.geteuid() == 0
    host = OTHER_LOOPBACK if tls_required else LOOPBACK
    me = pwd.getpwuid(os.geteuid())
    owner = pwd.getpwnam(KEEPER_OF_MAIL) if root else me
    imap, pop3 = free_port(), free_port()
    imaps, pop3s = (free_port(), free_port()) if certificates else (0, 0)
    with own_folder("dovecot") as folder:
        for name in ("run", "state", "mail"):
            (folder / name).mkdir()
        os.chown(folder / "mail", owner.pw_uid, owner.pw_gid)
        (folder / "users").write_text(_passwords(users), encoding="ascii")
        configuration = CONFIGURATION.format(
            folder=folder,
            host=host,
            internal="dovecot" if root else me.pw_name,
            internal_group="dovecot" if root else "",
            login="dovenull" if root else me.pw_name,
            owner=owner.pw_uid,
            group=owner.pw_gid,
            imap=imap,
            imaps=imaps,
            pop3=pop3,
            pop3s=pop3s,
        )
        text = configuration + _tls(certificates, tls_required) + "\n".join(settings) + "\n"
        (folder / "dovecot.conf").write_text(text, encoding="utf-8")
        command = [where("dovecot"), "-F", "-c", str(folder / "dovecot.conf")]
        with running(
            command,
            folder=folder,
            ready=lambda: speaks(imap, b"* OK", host=host) and speaks(pop3, b"+OK", host=host),
        ) as program:
            yield DovecotServer(host, imap, pop3, imaps, pop3s, users, folder, program)
