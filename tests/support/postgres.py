"""A real PostgreSQL server of our own: in a temporary folder, reached by a unix socket alone."""

import os
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

START_S = 60


def programs() -> Path:
    """The folder of the newest installed PostgreSQL's programs."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/postgres"),
        key=lambda path: int(path.parts[-3]),
    )
    if found:
        return found[-1].parent
    on_path = shutil.which("postgres")
    if on_path is None:
        raise RuntimeError("PostgreSQL is not installed: run `make setup`")
    return Path(on_path).resolve().parent


class PostgresServer:
    """A running server. Each test takes a database of its own with ``create_database``."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._programs = programs()

    def url(self, database: str = "postgres") -> str:
        """The address of a database, by the unix socket."""
        return f"postgresql://postgres@/{database}?host={self._folder}"

    @property
    def socket(self) -> str:
        """The path of the unix socket it listens on."""
        return str(self._folder / ".s.PGSQL.5432")

    def create_database(self) -> str:
        """Make an empty database; its address."""
        name = f"test_{secrets.token_hex(6)}"
        self._run("createdb", "-h", str(self._folder), "-U", "postgres", name)
        return self.url(name)

    def drop_connections(self) -> None:
        """Cut every client connection, as a failing network or a restart would."""
        self._run(
            *("psql", "-h", str(self._folder), "-U", "postgres", "-q", "-c"),
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()",
        )

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        options = f"-k {self._folder} -c listen_addresses= -c fsync=off -c max_connections=50"
        log = str(self._folder / "log")
        self._run("pg_ctl", "start", "-w", "-D", self._data, "-l", log, "-o", options)

    def stop(self, mode: str = "fast") -> None:
        """Stop it: ``fast`` in order, ``immediate`` as a crash."""
        self._run("pg_ctl", "stop", "-w", "-D", self._data, "-m", mode)

    def make(self) -> None:
        """Lay out the server's files."""
        self._run("initdb", "-D", self._data, "-U", "postgres", "-A", "trust", "--no-sync")

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command: Sequence[str] = (str(self._programs / program), *arguments)
        if os.geteuid() == 0:
            # The server refuses to run as root.
            command = ("runuser", "-u", "postgres", "--", *command)
        subprocess.run(  # noqa: S603 - our own arguments, no shell
            command, check=True, timeout=START_S, stdout=subprocess.DEVNULL, cwd=self._folder
        )


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A server that runs within the ``with`` and leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="carillon-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = PostgresServer(folder)
        server.make()
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
