"""A real PostgreSQL server of our own, reached by a unix socket alone: no port, no password."""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
from collections.abc import Iterator
from pathlib import Path

from tests.support.programs import ProgramFailed, Running, as_user, own_folder, run, start, where

USER = "postgres"
FAST = signal.SIGINT
CRASH = signal.SIGQUIT


def programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3])
    )
    return found[-1].parent if found else Path(where("postgres")).resolve().parent


class PostgresServer:
    """A server in a folder of its own. Each test takes a database with `create_database`."""

    def __init__(self, folder: Path, *, durable: bool = False) -> None:
        """Name the folder; with `durable`, PostgreSQL's own care for the disk is kept."""
        self._folder = folder
        self._programs = programs()
        self._durable = durable
        self._program: Running | None = None

    def url(self, database: str = USER) -> str:
        """The address of a database, by the unix socket."""
        return f"postgresql://{USER}@/{database}?host={self._folder}"

    @property
    def socket(self) -> str:
        """The path of the unix socket it listens on."""
        return str(self._folder / ".s.PGSQL.5432")

    def create_database(self) -> str:
        """Make an empty database; its address."""
        name = f"test_{secrets.token_hex(6)}"
        self._run("createdb", "-h", str(self._folder), "-U", USER, name)
        return self.url(name)

    def drop_connections(self) -> None:
        """Cut every client connection, as a failing network or a restart would."""
        self.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
        )

    def query(self, sql: str, url: str | None = None) -> str:
        """What psql, a program that is not ours, answers: rows as lines, columns cut by `|`."""
        return self._run("psql", "-X", "-q", "-A", "-t", "-d", url or self.url(), "-c", sql)

    def ask_password(self, role: str) -> None:
        """Before it is started: let it want this role's password (SCRAM), and trust all others."""
        rules = self._data / "pg_hba.conf"
        rules.write_text(f"local all {role} scram-sha-256\n" + rules.read_text())

    def make(self) -> None:
        """Lay out the server's files."""
        options = ["-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        self._run("initdb", "-D", str(self._data), *options)

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            ProgramFailed: with its log, when it does not.
        """
        settings = {
            "listen_addresses": "",
            "unix_socket_directories": str(self._folder),
            "port": "5432",
            "max_connections": "100",
            "shared_buffers": "32MB",
            "dynamic_shared_memory_type": "mmap",
            **({} if self._durable else {"fsync": "off", "full_page_writes": "off"}),
        }
        options = [word for pair in settings.items() for word in ("-c", "=".join(pair))]
        command = [str(self._programs / "postgres"), "-D", str(self._data), *options]
        self._program = start(
            [*as_user(USER), *command], folder=self._folder, ready=self._ready, stop_signal=FAST
        )

    def stop(self, mode: str = "fast") -> None:
        """Stop it: `fast` in order, `immediate` as a crash; harmless when it is not running."""
        if self._program is None:
            return
        if mode == "immediate" and self._program.alive():
            os.kill(self._server_pid(), CRASH)
        self._program.stop()
        self._program = None

    def _server_pid(self) -> int:
        return int((self._data / "postmaster.pid").read_text().split()[0])

    def _ready(self) -> bool:
        try:
            self._run("pg_isready", "-q", "-h", str(self._folder))
        except ProgramFailed:
            return False
        return True

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> str:
        return run([*as_user(USER), str(self._programs / program), *arguments], deadline_s=60)


@contextlib.contextmanager
def postgres_server(*, durable: bool = False, guarded: str = "") -> Iterator[PostgresServer]:
    """A server that runs within the `with` and leaves nothing behind."""
    with own_folder("pg", owner=USER) as folder:
        server = PostgresServer(folder, durable=durable)
        server.make()
        if guarded:
            server.ask_password(guarded)
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
