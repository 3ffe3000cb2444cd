"""The process that forks a fresh worker for every mail. Started by ``worker.ParserPool``.

It imports everything once, gives up network and rights, and then forks: a worker starts within
milliseconds and dies after one mail. It reads no byte of any mail itself.
"""

import os
import select
import signal
import socket
import sys
import time

import msgspec

from channels.mail.charsets import preload_codecs
from channels.mail.parsing import parse_mail
from channels.mail.sandbox import Bounds, confine, isolate
from channels.mail.signatures import verify_signatures
from channels.mail.worker_protocol import Reply, Request, answer

_SAMPLE = (
    b"From: =?utf-8?Q?A?= <a@example.org>\r\nTo: b@example.org\r\nDate: Mon, 1 Jan 2024 00:00:00 "
    b"+0000\r\nDKIM-Signature: v=1; a=rsa-sha256; d=example.org; s=s; h=from; bh=AAAA; b=AAAA\r\n"
    b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n'
    b"<p>a<a href=https://example.org>b</a></p>\r\n--b\r\nContent-Type: text/plain; charset=x\r\n"
    b"\r\n\xe4\xf6 On 1 May 2024 10:00, B wrote:\r\n> c\r\n--b--\r\n"
)
_GRACE_S = 2
_MESSAGE = 64


def work(request: Request, raw: bytes) -> Reply:
    """Do what a request asks for. Runs in the worker."""
    if request.keys is not None:
        return Reply(signatures=verify_signatures(raw, request.keys))
    mail = parse_mail(
        raw,
        limits=request.limits,
        site=request.site,
        depth=request.depth,
        envelope_sender=request.envelope_sender,
    )
    return Reply(mail=mail)


def warm_up() -> None:
    """Import and use everything once: a confined worker can open no file."""
    preload_codecs()
    parse_mail(_SAMPLE)
    verify_signatures(_SAMPLE, {"s._domainkey.example.org": "v=DKIM1; p=AAAA"})


class _Workers:
    """The workers that run, and when each must be gone."""

    def __init__(self) -> None:
        self.deadlines: dict[int, float] = {}

    def start(self, descriptor: int, bounds: Bounds) -> None:
        child = os.fork()
        if child == 0:
            _be_worker(descriptor, bounds)
        self.deadlines[child] = time.monotonic() + bounds.wall_s + _GRACE_S

    def reap(self) -> None:
        for child, deadline in list(self.deadlines.items()):
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)
            if os.waitpid(child, os.WNOHANG)[0] == child:
                del self.deadlines[child]

    def kill_all(self) -> None:
        for child in self.deadlines:
            os.kill(child, signal.SIGKILL)
        for child in self.deadlines:
            os.waitpid(child, 0)


def _be_worker(descriptor: int, bounds: Bounds) -> None:
    """Serve one request and end; never returns to the loop of the parent."""
    code = 1
    try:
        number = confine(bounds, descriptor)
        answer(socket.socket(fileno=number), work)
        code = 0
    finally:
        os._exit(code)


def serve(control: socket.socket) -> None:
    """Fork a worker for every descriptor that comes over ``control``, until that is closed."""
    workers = _Workers()
    poller = select.poll()
    poller.register(control, select.POLLIN)
    while True:
        ready = poller.poll(100 if workers.deadlines else None)
        workers.reap()
        if not ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, _MESSAGE, 1)
        if not message:
            break
        for descriptor in descriptors:
            workers.start(descriptor, msgspec.msgpack.decode(message, type=Bounds))
            os.close(descriptor)
    workers.kill_all()


def main() -> None:
    """Run as ``python -m channels.mail.worker_parent DESCRIPTOR``."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    control = socket.socket(fileno=int(sys.argv[1]))
    warm_up()
    control.send(msgspec.msgpack.encode(isolate()))
    serve(control)


if __name__ == "__main__":
    main()
