"""A real Redis server of our own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.programs import (
    LOOPBACK,
    Running,
    free_port,
    own_folder,
    running,
    speaks,
    where,
)


@dataclass(frozen=True)
class RedisServer:
    """A running Redis that keeps nothing on disk, as the centre must expect of it."""

    port: int
    program: Running

    @property
    def url(self) -> str:
        """The address as redis-py takes it."""
        return f"redis://{LOOPBACK}:{self.port}/0"


@contextlib.contextmanager
def redis_server() -> Iterator[RedisServer]:
    """A Redis on a free loopback port."""
    port = free_port()
    with own_folder("redis") as folder:
        options = ["--port", str(port), "--bind", LOOPBACK, "--dir", str(folder)]
        options += ["--save", "", "--appendonly", "no", "--daemonize", "no"]
        command = [where("redis-server"), *options]

        with running(
            command, folder=folder, ready=lambda: speaks(port, b"+PONG", hello=b"PING\r\n")
        ) as program:
            yield RedisServer(port, program)
