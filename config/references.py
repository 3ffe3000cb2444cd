"""Secrets by reference: ``env:NAME``, ``file:PATH`` or ``cred:NAME``, never in the text (CFG-2)."""

import os
import re
import stat
from collections.abc import Mapping
from pathlib import Path

from router.model.secret import Secret

SECRET_MAX_BYTES = 64 * 1024
"""A secret is a password, a token or a key; a longer file was named by mistake."""

_FORM = 'name a secret by reference: "env:NAME", "file:PATH" or "cred:NAME"'
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_EXAMPLE = re.compile(
    r"change[-_ ]?me|changeit|example|secret|password|passw0rd|letmein|admin|test|demo|carillon"
    r"|insert.*here|your[-_ ].*|x{4,}|\*{3,}|1234\d*|<.*>|todo|replace[-_ ]?me|s3cret|qwerty",
    re.IGNORECASE,
)


class SecretReader:
    """Reads secrets for one configuration folder. Relative ``file:`` paths start there."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = environment

    def read(self, reference: object) -> Secret:
        """The secret a reference names.

        Raises ValueError with a sentence (never with the value) when it is no reference, names
        nothing, others than the owner may read the file, or the value is one of an example.
        """
        if not isinstance(reference, str):
            raise ValueError(_FORM)
        kind, colon, name = reference.partition(":")
        if not colon or kind not in {"env", "file", "cred"} or not name:
            raise ValueError(f"a secret must not stand in the configuration; {_FORM}")
        if kind == "env":
            value = self._from_environment(name)
        elif kind == "file":
            value = read_private_text(self._folder / Path(name).expanduser())
        else:
            value = self._from_credentials(name)
        value = value.rstrip("\r\n")
        if not value:
            raise ValueError(f"the secret {reference} is empty")
        if _EXAMPLE.fullmatch(value):
            raise ValueError(
                f"the secret {reference} is one that stands in examples; make your own"
            )
        return Secret(reference, value)

    def _from_environment(self, name: str) -> str:
        value = self._environment.get(name)
        if value is None:
            raise ValueError(f"the environment has no variable {name}")
        return value

    def _from_credentials(self, name: str) -> str:
        """A systemd credential: the service manager puts it into a folder of its own."""
        folder = self._environment.get("CREDENTIALS_DIRECTORY")
        if folder is None:
            raise ValueError("CREDENTIALS_DIRECTORY is not set; cred: needs a service manager")
        if "/" in name or name in {".", ".."}:
            raise ValueError("the name of a credential has no path")
        return read_private_text(Path(folder) / name, group_may_read=True)


def read_private_text(path: Path, *, group_may_read: bool = False) -> str:
    """The text of a file that only its owner may read or write.

    Raises ValueError with a sentence when it is missing, not a plain file, readable or writable
    by others, longer than 64 KiB or not UTF-8. The mode is taken from the opened file, so that
    it cannot be exchanged between the question and the reading.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError(f"{path} is not a file")
        forbidden = _OTHERS & ~stat.S_IRGRP if group_may_read else _OTHERS
        if status.st_mode & forbidden:
            mode = stat.S_IMODE(status.st_mode)
            raise ValueError(f"{path} has mode {mode:04o}: others may use it; chmod 600")
        with open(descriptor, "rb", closefd=False) as stream:
            content = stream.read(SECRET_MAX_BYTES + 1)
    finally:
        os.close(descriptor)
    if len(content) > SECRET_MAX_BYTES:
        raise ValueError(f"{path} is longer than 64 KiB")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise ValueError(f"{path} is not UTF-8 text") from None
