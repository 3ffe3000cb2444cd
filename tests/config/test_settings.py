"""Settings: addresses, URLs with their passwords, and what the defaults promise."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.settings_types import (
    DeskSettings,
    Listen,
    StorageSettings,
    WidgetSettings,
    parse_listen,
)
from router.model.secret import Secret
from tests.config.support import CENTRE, check, lines


@pytest.mark.parametrize(
    ("text", "host", "port", "loopback"),
    [
        ("127.0.0.1:8080", "127.0.0.1", 8080, True),
        ("localhost:0", "localhost", 0, True),
        ("[::1]:8080", "::1", 8080, True),
        ("0.0.0.0:443", "0.0.0.0", 443, False),  # noqa: S104 - read, never bound
        ("[::]:443", "::", 443, False),
    ],
)
def test_an_address_to_listen_on_is_read_and_written(
    text: str, host: str, port: int, loopback: bool
) -> None:
    listen = parse_listen(text)
    assert (listen.host, listen.port, listen.loopback) == (host, port, loopback)
    assert str(listen) == text


@pytest.mark.parametrize("value", [8080, "8080", ":8080", "host:x", "1.2.3.4:70000", "a.b:80"])
def test_what_is_no_address_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"address|no IP"):
        parse_listen(value)


def test_an_origin_follows_from_the_listener_where_none_is_named() -> None:
    assert DeskSettings().public_origin == "http://127.0.0.1:8080"
    assert WidgetSettings(origin="https://chat.example.org/").public_origin == (
        "https://chat.example.org"
    )
    secure = DeskSettings(listen=Listen("::1", 8443), certificate=Path("a"))
    assert secure.public_origin == "https://[::1]:8443"
    assert secure.public_host == "::1"


def test_sqlite_files_lie_in_the_folder_and_the_keys_apart() -> None:
    storage = StorageSettings(folder=Path("/var/lib/carillon"))
    assert storage.log_url == "sqlite:////var/lib/carillon/log.db"
    assert storage.database_url == "sqlite:////var/lib/carillon/carillon.db"
    assert storage.customers_url == "sqlite:////var/lib/carillon/customers.db"
    assert storage.history_url == "sqlite:////var/lib/carillon/history.db"
    assert storage.keys_url == "sqlite:////var/lib/carillon/keys/keys.db"


def test_a_password_joins_its_url_quoted() -> None:
    storage = StorageSettings(
        database="postgresql://carillon@db.example/centre?sslmode=verify-full",
        password=Secret("env:P", "a/b@c:d"),
    )
    user = "carillon:a%2Fb%40c%3Ad"
    expected = f"postgresql://{user}@db.example/centre?sslmode=verify-full"
    assert storage.log_url == storage.database_url == storage.history_url == expected


def test_relative_paths_start_at_the_configurations_folder(tmp_path: Path) -> None:
    loaded = check(tmp_path, CENTRE | {"site.toml": '[storage]\nfolder = "state"\n'})
    assert lines(loaded) == []
    assert loaded.settings is not None
    assert loaded.settings.storage.folder == tmp_path / "state"
