"""Mail programs nobody here wrote, that write to our servers."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.programs import LOOPBACK, START_S, ProgramFailed, run, where


@dataclass(frozen=True)
class Talk:
    """One conversation swaks had: its exit code and every line said, `<~` theirs and `~>` ours.

    The codes are swaks's own: 0 all went well, 2 no connection, 24 the recipient was refused,
    26 the message was refused, 28 authentication failed, 29 TLS failed.
    """

    code: int
    lines: str


def swaks(port: int, sender: str, recipient: str, *options: str, deadline_s: float = 60) -> Talk:
    """Send one message by SMTP with exactly these options of swaks.

    Raises:
        ProgramFailed: when the conversation does not end in time.
    """
    command = [where("swaks"), "--server", LOOPBACK, "--port", str(port)]
    command += ["--from", sender, "--to", recipient, *options]
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=deadline_s,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise ProgramFailed(f"swaks was still talking after {deadline_s:.0f} s") from late
    return Talk(done.returncode, done.stdout)


def send_with_mail_program(
    port: int,
    sender: str,
    recipients: Sequence[str],
    subject: str,
    text: str,
    *,
    attachments: Sequence[Path] = (),
) -> None:
    """Write and send a message as a person does at a terminal, with s-nail.

    Raises:
        ProgramFailed: with what it printed, when it could not hand the message over.
    """
    command = [where("s-nail"), "-:/", "-S", "v15-compat", "-S", "sendwait"]
    command += ["-S", f"mta=smtp://{LOOPBACK}:{port}", "-S", "smtp-auth=none"]
    command += ["-S", "ttycharset=utf-8", "-S", "sendcharsets=utf-8", "-S", "hostname=client.test"]
    command += ["-r", sender, "-s", subject]
    command += [word for path in attachments for word in ("-a", str(path))]
    run([*command, *recipients], deadline_s=START_S, text=text)


_VERIFY = """
use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS::Resolver;
Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(
  nameservers => ["127.0.0.1"], port => $ARGV[0], recurse => 1));
my $reader = Mail::DKIM::Verifier->new();
binmode STDIN; local $/; $reader->PRINT(<STDIN>); $reader->CLOSE;
print $reader->result_detail, " ", $reader->signature->domain;
"""


def dkim_verdict(raw: bytes, names: int, *, deadline_s: float = 60) -> str:
    """What Perl's Mail::DKIM says of a message, and of which domain's signature.

    ``names`` is the port of a name server on loopback.

    Raises:
        ProgramFailed: when it does not end well, or not in time.
    """
    program = [where("perl"), "-e", _VERIFY, str(names)]
    try:
        done = subprocess.run(
            program, input=raw, capture_output=True, timeout=deadline_s, check=True
        )
    except subprocess.SubprocessError as error:
        raise ProgramFailed(f"Mail::DKIM said nothing: {error}") from error
    return done.stdout.decode()
