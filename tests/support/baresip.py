"""baresip: a telephone nobody here wrote, without a sound card."""

from __future__ import annotations

import contextlib
import wave
from collections.abc import Iterator
from pathlib import Path

from tests.support.programs import LOOPBACK, Running, own_folder, running

MODULES = ("g711.so", "aufile.so")
APPLICATIONS = ("account.so", "menu.so")


@contextlib.contextmanager
def baresip(
    account: str, *commands: str, ready_words: str = "", port: int = 0
) -> Iterator[Running]:
    """The telephone of one account line; `commands` are given to it once it has started.

    It is ready when it has printed `ready_words`.
    """
    with own_folder("baresip") as folder:
        _configure(folder, account, port)
        order: list[str] = ["baresip", "-f", str(folder)]
        for command in commands:
            order += ["-e", command]
        log = folder / "baresip.log"

        def ready() -> bool:
            return ready_words in log.read_text(encoding="utf-8", errors="replace")

        with running(order, folder=folder, ready=ready) as program:
            yield program


def _configure(folder: Path, account: str, port: int) -> None:
    lines = [
        "poll_method epoll",
        f"sip_listen {LOOPBACK}:{port}",
        f"audio_source aufile,{folder / 'said.wav'}",
        "rtp_ports 20000-29998",
        "module_path /usr/lib/baresip/modules",
        *(f"module {name}" for name in MODULES),
        "module_tmp uuid.so",
        *(f"module_app {name}" for name in APPLICATIONS),
    ]
    with wave.open(str(folder / "said.wav"), "wb") as said:
        said.setnchannels(1)
        said.setsampwidth(2)
        said.setframerate(8_000)
        said.writeframes(bytes(2 * 8_000 * 30))
    (folder / "config").write_text("\n".join(lines) + "\n", encoding="ascii")
    (folder / "accounts").write_text(account + "\n", encoding="ascii")
    (folder / "contacts").write_text("", encoding="ascii")
