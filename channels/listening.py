"""Sockets that listen: bound in one place, so that a taken port is told in the same clear words.

A socket is bound first and served afterwards. So a new address is held before an old one is let
go, and what is served at one address can change without a moment in which nobody listens.
"""

import errno
import socket

from router.model.errors import CannotListen

BACKLOG = 512


def bound_socket(host: str, port: int, setting: str) -> socket.socket:
    """A TCP socket that listens there; port 0 takes a free one.

    ``setting`` is the configuration's field that named the address. Raises CannotListen with it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    made = socket.socket(family, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        made.bind((host, port))
        made.listen(BACKLOG)
    except OSError as error:
        made.close()
        raise CannotListen(f"{setting}: {_reason(host, port, error)}", field=setting) from error
    made.setblocking(False)  # noqa: FBT003 - the standard library's
    return made


def split_address(text: str) -> tuple[str, int]:
    """Host and port of ``"127.0.0.1:25"`` or ``"[::1]:25"``, which ``check`` has looked at."""
    host, _, port = text.rpartition(":")
    return host.strip("[]"), int(port)


def _reason(host: str, port: int, error: OSError) -> str:
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    if error.errno == errno.EADDRINUSE:
        return f"cannot listen on {place}: another program has this port"
    if error.errno == errno.EACCES:
        return f"cannot listen on {place}: ports below 1024 need a right this process has not"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"cannot listen on {place}: this machine has no such address"
    return f"cannot listen on {place}: {error.strerror}"
