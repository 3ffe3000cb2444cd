"""Who may command a node (RTP-9): our own user over a socket of the machine, or a program with a
certificate of our own authority over TLS 1.3. Both are let in by threads of their own.
"""

import contextlib
import os
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from pathlib import Path

HANDSHAKE_S = 3.0
BACKLOG = 16

Welcome = Callable[[socket.socket], None]


def listen_at_path(path: Path) -> socket.socket:
    """A socket only our user can reach: its folder has 0700, itself 0600."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    with contextlib.suppress(FileNotFoundError):
        path.unlink()
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(str(path))
    path.chmod(0o600)
    made.listen(BACKLOG)
    return made


def listen_at_address(host: str, port: int) -> socket.socket:
    """A TCP socket for programs of other machines."""
    return socket.create_server((host, port), backlog=BACKLOG)


def is_our_user(line: socket.socket) -> bool:
    """Whether the other end of a machine's socket runs as our user."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(user == os.geteuid())


def server_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """TLS 1.3 both ways: the other end must show a certificate of this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    return context


def client_context(certificate: Path, key: Path, authority: Path) -> ssl.SSLContext:
    """The main process's side of the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.load_cert_chain(certificate, key)
    context.load_verify_locations(authority)
    return context


class Gate:
    """Lets in at one listening socket, and hands on lines that do not block any more."""

    def __init__(
        self, listener: socket.socket, welcome: Welcome, context: ssl.SSLContext | None = None
    ) -> None:
        self._listener, self._welcome, self._context = listener, welcome, context
        self.refused = 0
        self._thread = threading.Thread(target=self._run, name="gate", daemon=True)

    def start(self) -> None:
        """Begin to let in."""
        self._thread.start()

    def stop(self) -> None:
        """Let nobody in any more."""
        with contextlib.suppress(OSError):
            # Closing alone would not wake the thread.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _run(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            admitted = self._admitted(line)
            if admitted is None:
                self.refused += 1
                line.close()
                continue
            admitted.settimeout(0)
            self._welcome(admitted)

    def _admitted(self, line: socket.socket) -> socket.socket | None:
        if self._context is None:
            return line if is_our_user(line) else None
        line.settimeout(HANDSHAKE_S)
        try:
            return self._context.wrap_socket(line, server_side=True)
        except (OSError, ValueError):
            return None
