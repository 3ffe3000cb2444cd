"""CFG-1: dangerous set-ups that ``carillon check`` refuses, each at its line (attack test 39)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest

from channels.api import ChannelSpec
from config.check import Loaded, load
from config.main import main
from router.model.ids import Medium
from router.model.secret import Secret
from tests.config.support import CENTRE, lines, write


class PostSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The settings of a medium as a channel declares them."""

    address: str = ""
    password: str = ""
    token: Secret | None = None
    origins: tuple[str, ...] = ()
    listen: str = ""
    size_bytes: Annotated[int, msgspec.Meta(le=25 * 1024 * 1024)] = 1_024
    poll_ms: Annotated[int, msgspec.Meta(ge=1_000)] = 60_000


def never_built(settings: Any, context: Any) -> Any:
    """A check builds no channel."""
    raise AssertionError("a check must not build a channel")


POST = ChannelSpec(name=Medium("mail"), settings=PostSettings, build=never_built)

SAFE = """
[site]
profile = "production"

[desk]
listen = "127.0.0.1:0"
origin = "https://desk.example.org"

[widget]
listen = "127.0.0.1:0"
origin = "https://chat.example.org"

[storage]
database = "postgresql://carillon@127.0.0.1/carillon"
password = "env:DATABASE"
keys = "postgresql://keys@127.0.0.1/keys"
keys_password = "env:KEYS"

[secrets]
key_encryption_key = "file:master.key"

[channels.mail]
address = "help@mail.example.org"
password = "env:MAIL"
"""

ENVIRONMENT = {"DATABASE": "k2Jd-93ja", "KEYS": "pq83-Aa91", "MAIL": "zz81-Qp04", "EMPTY": ""}


def checked(folder: Path, text: str, **environment: str) -> Loaded:
    """Check a production centre with this ``site.toml``."""
    write(folder, CENTRE | {"site.toml": text, "master.key": "0f9a27c1b7e5d3480f9a27c1b7e5d348"})
    given = ENVIRONMENT | environment
    return load(folder, environment=given, channels={Medium("mail"): POST})


def changed(old: str, new: str) -> str:
    """The safe set-up with one thing changed."""
    assert old in SAFE
    return SAFE.replace(old, new, 1)


def test_the_safe_set_up_is_accepted(tmp_path: Path) -> None:
    loaded = checked(tmp_path, SAFE)
    assert lines(loaded) == []
    assert loaded.settings is not None
    assert loaded.settings.channels["mail"].password == ENVIRONMENT["MAIL"]
    assert "k2Jd-93ja" in loaded.settings.storage.database_url


BEYOND = (
    "beyond this machine TLS is needed: set certificate and private_key_file,"
    " or trusted_proxies for a proxy that does it"
)
SECRET_FORM = 'name a secret by reference: "env:NAME", "file:PATH" or "cred:NAME"'

BAD = [
    (
        "desk beyond loopback without TLS or proxy",
        changed('listen = "127.0.0.1:0"', 'listen = "0.0.0.0:443"'),
        f"site.toml:5:1: desk.listen: {BEYOND}",
    ),
    (
        "widget beyond loopback without TLS or proxy",
        changed(
            'listen = "127.0.0.1:0"\norigin = "https://chat',
            'listen = "[::]:443"\norigin = "https://chat',
        ),
        f"site.toml:9:1: widget.listen: {BEYOND}",
    ),
    (
        "the lab open to the network",
        changed('"production"', '"lab"').replace("127.0.0.1:0", "0.0.0.0:8080", 1),
        "site.toml:5:1: desk.listen: the lab listens on this machine only, not on 0.0.0.0:8080;"
        ' set profile = "production" in [site]',
    ),
    (
        "a certificate without its key",
        changed("[desk]", "[desk]\ncertificate = 'site.toml'"),
        "site.toml:4:1: desk: certificate and private_key_file go together;"
        ' "private_key_file" is missing',
    ),
    (
        "a proxy network that is the whole world",
        changed("[desk]", "[desk]\ntrusted_proxies = ['0.0.0.0/0']"),
        "site.toml:5:20: desk.trusted_proxies[0]: believes the forwarded headers of"
        " the whole world",
    ),
    (
        "an origin that is not encrypted",
        changed("https://desk", "http://desk"),
        "site.toml:6:1: desk.origin: must be https:// (http:// only for this machine, in the lab)",
    ),
    (
        "an origin with a wildcard",
        changed("https://desk", "https://*"),
        "site.toml:6:1: desk.origin: an origin is one address, without *",
    ),
    (
        "no origin in production",
        changed('origin = "https://desk.example.org"\n', ""),
        'site.toml:4:1: desk: in production "origin" must say the address browsers use,'
        " as https://...",
    ),
    (
        "the widget on the desk's host",
        changed("https://chat", "https://desk"),
        "site.toml:10:1: widget.origin: desk.example.org is the desk's host too;"
        " the widget needs its own (CHAT-1)",
    ),
    (
        "desk and widget on one port",
        SAFE.replace("127.0.0.1:0", "127.0.0.1:8443"),
        "site.toml:9:1: widget.listen: 127.0.0.1:8443 is taken by the desk already",
    ),
    (
        "a mailbox on the log-in domain",
        changed("help@mail.example.org", "help@desk.example.org"),
        "site.toml:22:1: channels.mail.address: a mailbox must not live on desk.example.org,"
        " where people log in (MAIL-6)",
    ),
    (
        "a debugging switch, which there is not",
        changed("[desk]", "debug = true\n[desk]"),
        "site.toml:4:1: site.debug: unknown name; known: languages, name, profile, zone",
    ),
    (
        "a debug log in production",
        changed("[desk]", "[log]\nlevel = 'debug'\n[desk]"),
        "site.toml:5:1: log.level: debugging shows secrets; not in production",
    ),
    (
        "a token that can be guessed",
        changed("[desk]", "[metrics]\ntoken = 'env:MAIL'\n[desk]"),
        "site.toml:5:1: metrics.token: is shorter than 32 characters and can be guessed",
    ),
    (
        "passwords that can be guessed",
        changed("[desk]", "[users]\npassword_min_length = 8\n[desk]"),
        "site.toml:5:1: users.password_min_length: must be at least 12, not 8",
    ),
    (
        "a session longer than a day",
        changed("[desk]", "[users]\nsession_total = '25 h'\n[desk]"),
        "site.toml:5:1: users.session_total: must be at most 1 d, not 1 d 1 h",
    ),
    (
        "passwords under twelve characters",
        changed("[desk]", "[users]\npassword_min_length = 8\n[desk]"),
        "site.toml:5:1: users.password_min_length: must be at least 12, not 8",
    ),
    (
        "a secret in the text",
        changed('"env:MAIL"', '"zz81-Qp04"'),
        "site.toml:23:1: channels.mail.password: a secret must not stand in the configuration; "
        + SECRET_FORM,
    ),
    (
        "a password within a database URL",
        changed("carillon@127", "carillon:hunter2@127"),
        "site.toml:13:1: storage.database: has a password in it; take it out and set password ="
        ' "env:..."',
    ),
    (
        "a secret that is not there",
        changed("env:DATABASE", "env:DATABSE"),
        "site.toml:14:1: storage.password: the environment has no variable DATABSE",
    ),
    (
        "an empty secret",
        changed("env:DATABASE", "env:EMPTY"),
        "site.toml:14:1: storage.password: the secret env:EMPTY is empty",
    ),
    (
        "no key that wraps the others",
        changed('[secrets]\nkey_encryption_key = "file:master.key"\n', ""),
        "secrets.key_encryption_key: is missing: name the key that wraps all others,"
        ' as "file:..." or "cred:..."',
    ),
    (
        "the keys within the database they protect",
        changed("keys@127.0.0.1/keys", "keys@127.0.0.1/carillon"),
        "site.toml:15:1: storage.keys: the keys must not lie in the database they protect (DB-4)",
    ),
    (
        "a database over the network without verified TLS",
        changed("carillon@127.0.0.1/", "carillon@db.example.org/"),
        "site.toml:13:1: storage.database: beyond this machine add ?sslmode=verify-full (DB-2)",
    ),
    (
        "a store for several processes, which there is not",
        changed("[secrets]", 'redis = "rediss://cache.example.org"\n[secrets]'),
        "site.toml:18:1: storage.redis: unknown name;"
        " known: database, folder, keys, keys_password, password",
    ),
    (
        "a database of a kind we do not speak",
        changed("postgresql://", "mysql://"),
        'site.toml:13:1: storage.database: "mysql://" is not one of postgresql',
    ),
    (
        "a chat for every site",
        SAFE + 'origins = ["https://a.example", "https://*"]\n',
        "site.toml:24:33: channels.mail.origins[1]: an origin is one address, without *",
    ),
    (
        "a channel of the lab open to the network",
        SAFE.replace('"production"', '"lab"') + 'listen = "0.0.0.0:2525"\n',
        "site.toml:24:1: channels.mail.listen: the lab listens on this machine only,"
        " not on 0.0.0.0:2525",
    ),
    (
        "a bound over its ceiling",
        SAFE + 'size = "26 MiB"\n',
        "site.toml:24:1: channels.mail.size: must be at most 26214400, not 27262976",
    ),
    (
        "a password for an agent in the configuration",
        SAFE + '[agent.eve]\npassword = "env:MAIL"\n',
        "site.toml:25:1: agent.eve.password: unknown name;"
        " known: capacity, name, queues, skills, teams, weight",
    ),
]


@pytest.mark.parametrize(("text", "expected"), [each[1:] for each in BAD], ids=[b[0] for b in BAD])
def test_cfg_1_a_dangerous_set_up_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    loaded = checked(tmp_path, text)
    assert any(line.endswith(expected) for line in lines(loaded)), lines(loaded)
    assert loaded.settings is None


@pytest.mark.parametrize(
    "word", ["changeme", "secret", "password", "CHANGE-ME", "xxxxxxxx", "1234"]
)
def test_cfg_1_a_secret_out_of_an_example_is_refused(tmp_path: Path, word: str) -> None:
    expected = (
        "site.toml:23:1: channels.mail.password: the secret env:MAIL is one that stands in"
        " examples; make your own"
    )
    assert lines(checked(tmp_path, SAFE, MAIL=word)) == [expected]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666])
def test_cfg_1_a_secret_file_that_others_can_use_is_refused(tmp_path: Path, mode: int) -> None:
    checked(tmp_path, SAFE)
    os.chmod(tmp_path / "master.key", mode)
    loaded = load(tmp_path, environment=ENVIRONMENT, channels={Medium("mail"): POST})
    assert lines(loaded) == [
        f"site.toml:19:1: secrets.key_encryption_key: {tmp_path / 'master.key'} has mode"
        f" {mode:04o}: others may use it; chmod 600"
    ]


def test_cfg_1_a_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    checked(tmp_path, SAFE)
    write(tmp_path, {"master.key": "k2Jd-93ja"})
    loaded = load(tmp_path, environment=ENVIRONMENT, channels={Medium("mail"): POST})
    assert lines(loaded) == [
        "site.toml:19:1: secrets.key_encryption_key: is shorter than 32 characters and can be"
        " guessed"
    ]


def test_cfg_1_a_private_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    text = changed("[desk]", "[desk]\ncertificate = 'site.toml'\nprivate_key_file = 'tls.key'")
    write(tmp_path, {"tls.key": "k"})
    os.chmod(tmp_path / "tls.key", 0o640)
    assert lines(checked(tmp_path, text)) == [
        f"site.toml:6:1: desk.private_key_file: {tmp_path / 'tls.key'} has mode 0640:"
        " others may use it; chmod 600"
    ]


def test_cfg_1_a_configuration_that_everybody_can_write_is_refused(tmp_path: Path) -> None:
    checked(tmp_path, SAFE)
    os.chmod(tmp_path / "rules.toml", 0o602)  # noqa: S103 - the very thing that must be refused
    loaded = load(tmp_path, environment=ENVIRONMENT, channels={Medium("mail"): POST})
    assert lines(loaded) == [f"{tmp_path}: rules.toml can be written by everybody; chmod o-w"]


def test_cfg_1_the_command_leaves_with_code_1_and_names_the_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, CENTRE | {"site.toml": '[desk]\nlisten = "0.0.0.0:80"\n'})
    assert main(["check", "--folder", str(tmp_path)]) == 1
    assert "mistake  site.toml:2:1: desk.listen:" in capsys.readouterr().out


def test_cfg_2_no_secret_is_in_any_output(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither a finding nor the settings themselves show a value."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    loaded = checked(tmp_path, SAFE)
    assert loaded.settings is not None
    assert ENVIRONMENT["DATABASE"] not in repr(loaded.settings.storage)
    assert "Secret(env:DATABASE)" in repr(loaded.settings.storage)
    write(tmp_path, {"site.toml": changed('"env:MAIL"', '"zz81-Qp04"')})
    main(["check", "--json", "--folder", str(tmp_path)])
    out = capsys.readouterr()
    assert "channels.mail" in out.out
    assert not any(value in out.out + out.err for value in ENVIRONMENT.values() if value)


def test_cfg_3_a_configuration_cannot_make_an_account(tmp_path: Path) -> None:
    """Accounts are made by ``carillon user`` alone; an agent in the text is not a log-in."""
    loaded = checked(tmp_path, SAFE + '[users.admin]\npassword = "env:MAIL"\n')
    assert any("users.admin: unknown name" in line for line in lines(loaded))
