"""The composition at work, without containers: its configuration, its PostgreSQL, its question."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.test_containers import EXAMPLE, of
from tests.support.programs import Running, free_port, speaks, start
from tests.support.programs_postgres import PostgresServer

SECRETS = ("database-password", "key-encryption-key")


@pytest.fixture
def folder(postgres: PostgresServer, tmp_path: Path) -> Path:
    """The example's folder with this machine's places instead of the containers'."""
    url = postgres.create_database()
    [database] = re.findall(r"@/(\w+)\?", url)
    postgres.query(f'CREATE ROLE "{database}" LOGIN')
    postgres.query(f'ALTER DATABASE "{database}" OWNER TO "{database}"')
    (tmp_path / "data").mkdir(mode=0o700)
    copied = tmp_path / "centre"
    copied.mkdir(mode=0o700)
    for path in EXAMPLE.iterdir():
        text = path.read_text(encoding="utf-8")
        for theirs, ours in (
            ("0.0.0.0:8080", f"127.0.0.1:{free_port()}"),
            ("0.0.0.0:8081", f"127.0.0.1:{free_port()}"),
            ('folder = "/var/lib/carillon"', f'folder = "{tmp_path / "data"}"'),
            ("carillon@/carillon?", f"{database}@/{database}?"),
            ("/run/postgresql", str(Path(postgres.socket).parent)),
        ):
            text = text.replace(theirs, ours)
        (copied / path.name).write_text(text, encoding="utf-8")
    for name in SECRETS:
        (tmp_path / name).write_text("7pJw2Zr0mQv9sKx4bNf1tHy8cGd5aLe3\n")
        (tmp_path / name).chmod(0o640)
    return copied


def desk_port(folder: Path) -> int:
    text = (folder / "centre.toml").read_text(encoding="utf-8")
    found = re.search(r'\[desk\]\nlisten = "127\.0\.0\.1:(\d+)"', text)
    assert found is not None
    return int(found[1])


def ask(page: str, port: int) -> subprocess.CompletedProcess[str]:
    """What the image asks itself, of this centre and of this page."""
    [health] = of("HEALTHCHECK")
    command: list[str] = json.loads(health.partition("CMD ")[2])
    code = command[-1].replace(":8080/healthz", f":{port}/{page}")
    assert str(port) in code
    return subprocess.run(
        [sys.executable, *command[1:-1], code],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def started(folder: Path, log_folder: Path) -> Running:
    """The centre as the image starts it."""
    command = ["env", f"CARILLON_CONFIG={folder}", f"CREDENTIALS_DIRECTORY={folder.parent}"]
    command += [sys.executable, "-m", "config.main", "run"]
    log_folder.mkdir()
    port = desk_port(folder)
    return start(command, folder=log_folder, ready=lambda: speaks(port), deadline_s=60)


def test_a_centre_on_postgresql_is_well_stops_when_told_and_comes_back(
    folder: Path, tmp_path: Path
) -> None:
    port = desk_port(folder)
    for turn in ("first", "second"):
        centre = started(folder, tmp_path / turn)
        try:
            assert ask("healthz", port).returncode == 0, centre.said()
            assert ask("readyz", port).returncode == 0, centre.said()
        finally:
            centre.stop()
        assert centre.process.returncode == 0, centre.said()
    assert ask("healthz", port).returncode != 0
