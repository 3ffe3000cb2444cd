"""Telephones nobody here wrote, at a running centre: what they say, and what they heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np

from config.wiring import Centre
from router.model.ids import Medium
from tests.channels.voice.media.sounds import Samples, level_of, tone
from tests.support.baresip import baresip
from tests.support.centre import write_configuration
from tests.support.programs import LOOPBACK, Running

PASSWORD = "0123456789abcdefghijkl"
CALLER_HZ, AGENT_HZ = 1_000, 440
PATIENCE_S = 30.0

TO_THE_QUEUE = """
[flow.main]
start = "greeting"
[flow.main.node.greeting]
do = "enqueue"
say = "Welcome. One moment, please."
"""


def configured(folder: Path, *, more: str = "", flow: str = TO_THE_QUEUE) -> Path:
    """A centre that callers of this machine reach, with a telephone for Mia."""
    secret = folder.parent / "phone-password"
    secret.write_text(PASSWORD, encoding="ascii")
    secret.chmod(0o600)
    return write_configuration(
        folder,
        channels=f"""
[channels.voice]
listen = {{ udp = "127.0.0.1:0", tcp = "" }}
media = {{ nodes = 1 }}
[channels.voice.trunks.lab]
proxy = "sip:127.0.0.1:9"
networks = ["127.0.0.1/32"]
[channels.voice.phones.100]
agent = "mia"
password = "file:{secret}"
[channels.voice.entries."*"]
flow = "main"
{more}
""",
        flow=flow,
    )


def voice_of(centre: Centre) -> Any:
    """The voice channel of a running centre."""
    return centre.media.of(Medium("voice"))


@asynccontextmanager
async def a_phone(
    account: str, *commands: str, says_hz: int, heard: Path
) -> AsyncIterator[Running]:
    """baresip, started and ended without holding up the loop it is answered on."""
    loop = asyncio.get_running_loop()
    says = np.tile(tone(says_hz, 50), 1_200).astype("<i2").tobytes()
    with ExitStack() as opened:
        phone = await loop.run_in_executor(
            None,
            lambda: opened.enter_context(baresip(account, *commands, says=says, heard=heard)),
        )
        try:
            yield phone
        finally:
            await loop.run_in_executor(None, opened.close)


@asynccontextmanager
async def agents_phone(port: int, heard: Path) -> AsyncIterator[Running]:
    """Mia's telephone, registered; it answers by itself."""
    account = (
        f"<sip:100@{LOOPBACK}:{port};transport=udp>;auth_user=100;auth_pass={PASSWORD}"
        ";audio_codecs=PCMU/8000/1;regint=60;answermode=auto"
    )
    async with a_phone(account, says_hz=AGENT_HZ, heard=heard) as phone:
        yield phone


@asynccontextmanager
async def caller(
    port: int, heard: Path, number: str = "+4930111", dials: str = "200"
) -> AsyncIterator[Running]:
    """Somebody who calls the centre."""
    account = f"<sip:{number}@{LOOPBACK}>;regint=0;audio_codecs=PCMU/8000/1"
    dial = f"/dial sip:{dials}@{LOOPBACK}:{port}"
    async with a_phone(account, dial, says_hz=CALLER_HZ, heard=heard) as phone:
        yield phone


async def until(holds: Any, what: str = "") -> None:
    """Wait for what nobody tells."""
    loop = asyncio.get_running_loop()
    end_s = loop.time() + PATIENCE_S
    while not holds():
        assert loop.time() < end_s, what or "it did not happen"
        await asyncio.sleep(0.05)


def sound_in(folder: Path) -> Samples:
    """What a telephone has heard so far."""
    files = sorted(folder.glob("*-dec.wav"))
    if not files:
        return np.zeros(0, np.int16)
    # Its head is written at the end: what stands behind it is there before.
    return np.frombuffer(files[-1].read_bytes()[44:][: 2 * 8_000 * 120 & ~1], "<i2")


def heard_for(sound: Samples, hertz: int, least: float = 500.0) -> float:
    """For how many seconds a tone was heard."""
    size = 800
    frames = [sound[at : at + size] for at in range(0, len(sound) - size, size)]
    return sum(level_of(frame, hertz) > least for frame in frames) * size / 8_000
