"""Secrets by reference, and the type that does not show them (CFG-2)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from config.references import SecretReader
from router.model.secret import Secret
from tests.config.support import write


def test_a_secret_comes_from_the_environment_a_file_or_a_credential(tmp_path: Path) -> None:
    write(tmp_path, {"a.key": "from-a-file\n", "run/imap": "from-a-manager\n"})
    os.chmod(tmp_path / "run" / "imap", 0o440)
    environment = {"IMAP": "from-outside", "CREDENTIALS_DIRECTORY": str(tmp_path / "run")}
    reader = SecretReader(tmp_path, environment)
    assert reader.read("env:IMAP").reveal() == "from-outside"
    assert reader.read("file:a.key").reveal() == "from-a-file"
    assert reader.read("cred:imap").reveal() == "from-a-manager"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        (5, "name a secret by reference"),
        ("hunter2", "must not stand in the configuration"),
        ("vault:x", "must not stand in the configuration"),
        ("env:", "must not stand in the configuration"),
        ("env:NOBODY", "no variable NOBODY"),
        ("file:nowhere", "cannot be read: No such file"),
        ("file:.", "is not a file"),
        ("file:long", "longer than 64 KiB"),
        ("file:odd", "is not UTF-8 text"),
        ("cred:x", "CREDENTIALS_DIRECTORY is not set"),
    ],
)
def test_what_is_no_secret_is_refused_with_the_reason(
    tmp_path: Path, reference: object, reason: str
) -> None:
    write(tmp_path, {"long": "x" * 70_000})
    (tmp_path / "odd").write_bytes(b"\xff\xfe")
    os.chmod(tmp_path / "odd", 0o600)
    with pytest.raises(ValueError, match=reason) as refused:
        SecretReader(tmp_path, {}).read(reference)
    assert "hunter2" not in str(refused.value)


def test_a_credential_cannot_lead_out_of_its_folder(tmp_path: Path) -> None:
    write(tmp_path, {"outside": "x1"})
    reader = SecretReader(tmp_path, {"CREDENTIALS_DIRECTORY": str(tmp_path / "run")})
    with pytest.raises(ValueError, match="has no path"):
        reader.read("cred:../outside")


def test_a_pipe_in_place_of_a_secret_does_not_make_the_check_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(ValueError, match="is not a file"):
        SecretReader(tmp_path, {}).read("file:pipe")


def test_a_secret_shows_where_it_is_from_and_never_what_it_is() -> None:
    secret = Secret("env:IMAP", "hunter2")
    assert repr(secret) == str(secret) == f"{secret}" == "Secret(env:IMAP)"
    assert secret == Secret("file:x", "hunter2")
    assert secret != Secret("env:IMAP", "hunter3")
    assert secret != "hunter2"
    assert len({secret, Secret("file:x", "hunter2")}) == 1
