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
    account: str,
    *commands: str,
    ready_words: str = "",
    port: int = 0,
    host: str = LOOPBACK,
    says: bytes = b"",
    heard: Path | None = None,
) -> Iterator[Running]:
    """The telephone of one account line; `commands` are given to it once it has started.

    It is ready when it has printed `ready_words`. It says `says` (16-bit samples, 8 kHz), over and
    over, and writes what it hears to WAV files in the folder `heard`.
    """
    if heard is not None:
        heard.mkdir(exist_ok=True)
    with own_folder("baresip") as folder:
        _configure(folder, account, f"{host}:{port}", says, heard)
        order: list[str] = ["baresip", "-f", str(folder)]
        for command in commands:
            order += ["-e", command]
        log = folder / "baresip.log"

        def ready() -> bool:
            return ready_words in log.read_text(encoding="utf-8", errors="replace")

        with running(order, folder=folder, ready=ready) as program:
            yield program


def _configure(folder: Path, account: str, address: str, says: bytes, heard: Path | None) -> None:
    lines = [
        "poll_method epoll",
        f"sip_listen {address}",
        f"audio_source aufile,{folder / 'said.wav'}",
        *([f"snd_path {heard}", "module sndfile.so"] if heard is not None else []),
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
        said.writeframes(says or bytes(2 * 8_000 * 30))
    (folder / "config").write_text("\n".join(lines) + "\n", encoding="ascii")
    (folder / "accounts").write_text(account + "\n", encoding="ascii")
    (folder / "contacts").write_text("", encoding="ascii")
