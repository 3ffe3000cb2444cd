"""Writing configuration files so that a crash leaves the old ones or the new ones.

One file is exchanged by a rename. Several files are exchanged by way of a plan that is durable
before the first rename and finished at the next start if the process died in between.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from router.model.errors import InvalidInput, StorageFailed
from router.storage.durable_files import sync_folder, write_durably

PLAN_NAME = ".carillon-exchange.json"
_MODE = 0o600


class _Plan(msgspec.Struct, frozen=True):
    """What is to stand in each file; None is a file that goes."""

    texts: dict[str, str | None]


def exchange(folder: Path, texts: Mapping[str, str | None]) -> None:
    """Write these files of a folder (None removes one): all of them, also over a crash.

    Raises StorageFailed; then nothing has changed, or ``finish`` at the next start goes on.
    """
    for name in texts:
        _checked(name)
    try:
        if len(texts) > 1:
            plan = msgspec.json.encode(_Plan(dict(texts)))
            write_durably(folder / PLAN_NAME, plan)
        _carry_out(folder, texts)
    except OSError as error:
        raise StorageFailed(f"{folder} cannot be written: {error.strerror or error}") from error


def finish(folder: Path) -> bool:
    """Go on with an exchange that a crash cut off; whether there was one.

    Raises StorageFailed when it cannot be finished either.
    """
    plan = folder / PLAN_NAME
    try:
        if not plan.exists():
            return False
        texts = msgspec.json.decode(plan.read_bytes(), type=_Plan).texts
        for name in texts:
            _checked(name)
        _carry_out(folder, texts)
    except (OSError, msgspec.MsgspecError) as error:
        raise StorageFailed(f"{plan} cannot be carried out: {error}") from error
    return True


def _carry_out(folder: Path, texts: Mapping[str, str | None]) -> None:
    for name, text in texts.items():
        path = folder / name
        if text is not None:
            write_durably(path, text.encode(), mode=_mode_of(path))
        else:
            path.unlink(missing_ok=True)
    (folder / PLAN_NAME).unlink(missing_ok=True)
    sync_folder(folder)


def _mode_of(path: Path) -> int:
    """A file keeps who may read it; a new one is the owner's alone."""
    try:
        return os.stat(path).st_mode & 0o755
    except FileNotFoundError:
        return _MODE


def _checked(name: str) -> None:
    """A name of the configuration: ``x.toml`` or ``channels/x.toml``, and nothing outside."""
    path = Path(name)
    inside = len(path.parts) == 1 or (len(path.parts) == 2 and path.parts[0] == "channels")
    if path.is_absolute() or ".." in path.parts or not inside or path.suffix != ".toml":
        raise InvalidInput(f"{name!r} is no file of a configuration", field="file")
