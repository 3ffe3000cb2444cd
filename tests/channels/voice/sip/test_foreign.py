"""Programs nobody here wrote: a telephone that registers and calls, scanners, and a flood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path

from channels.voice.sip.happenings import Answered, Changed, Confirmed
from channels.voice.sip.trunks import Trunk
from tests.channels.voice.sip.listening import LAB, Ear, listening, settings_of, until
from tests.channels.voice.sip.test_phones_and_trunks import join
from tests.channels.voice.sip.world import EMPTY, PASSWORD, sound
from tests.support.baresip import baresip
from tests.support.loop import run
from tests.support.programs import LOOPBACK, Running, free_port, where
from tests.support.sipp import sipp


def account(ear: Ear, *more: str) -> str:
    words = [
        f"<sip:100@{LOOPBACK}:{ear.endpoint.port()};transport=udp>",
        "auth_user=100",
        f"auth_pass={PASSWORD}",
        "audio_codecs=PCMU/8000/1",
        *more,
    ]
    return ";".join(words)


def test_a_telephone_registers_calls_and_is_called() -> None:
    """baresip proves itself by MD5, which is allowed here by name; its calls are its account's."""

    async def story() -> None:
        async with listening(settings_of(trunks=(), algorithms=("MD5",))) as ear:
            line = account(ear, "regint=60", "answermode=auto")
            target = f"/dial sip:200@{LOOPBACK}:{ear.endpoint.port()}"
            async with a_telephone(line, target) as phone:
                await until(lambda: bool(ear.endpoint.devices("100")))
                await ear.until(lambda: ear.count(Confirmed) == 1)
                assert (ear.calls[0].peer.name, ear.calls[0].dialled) == ("100", "200")
                ear.calls[0].hang_up()
                call = ear.endpoint.call_phone("100", sound(LOOPBACK), listener=ear.told)
                await ear.until(lambda: ear.count(Answered) == 1)
                call.reinvite(sound(LOOPBACK, "sendonly", version=2))
                await ear.until(lambda: ear.count(Changed) == 1)
                call.hang_up()
                await ear.until_over(2)
                assert phone.alive(), phone.said()

    run(story())


@asynccontextmanager
async def a_telephone(line: str, *commands: str) -> AsyncIterator[Running]:
    """baresip, started and ended without holding up the loop we answer it on."""
    loop = asyncio.get_running_loop()
    with ExitStack() as opened:
        phone = await loop.run_in_executor(
            None, lambda: opened.enter_context(baresip(line, *commands))
        )
        try:
            yield phone
        finally:
            await loop.run_in_executor(None, opened.close)


async def output_of(program: str, *arguments: str, folder: Path) -> str:
    process = await asyncio.create_subprocess_exec(
        where(program),
        *arguments,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
    )
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    return output.decode("utf-8", "replace")


def test_attack_1_a_scanner_finds_nobody(tmp_path: Path) -> None:
    """SIP-5: svmap gets no answer to OPTIONS, and no word about what we are."""

    async def story() -> None:
        async with listening(settings_of(trunks=())) as ear:
            port = str(ear.endpoint.port())
            said = await output_of("svmap", "-p", port, LOOPBACK, folder=tmp_path)
            assert "found nothing" in said, said
            assert ear.endpoint.gate.counts["scanned"] >= 1
            for method in ("INVITE", "REGISTER"):
                said = await output_of("svmap", "-p", port, "-m", method, LOOPBACK, folder=tmp_path)
                assert "arillon" not in said, said
            assert not ear.calls
            assert ear.endpoint.core.in_hand == EMPTY

    run(story())


def test_attack_2_no_extension_is_named(tmp_path: Path) -> None:
    """SIP-5: svwar cannot tell the phones 100 and 101 from numbers nobody has."""

    async def story() -> None:
        async with listening(settings_of(trunks=())) as ear:
            port = str(ear.endpoint.port())
            for method in ("REGISTER", "INVITE"):
                said = await output_of(
                    "svwar", "-p", port, "-m", method, "-e", "95-110", LOOPBACK, folder=tmp_path
                )
                assert "| 100 " not in said, said
                assert "| 101 " not in said, said
            assert not ear.calls

    run(story())


def test_attack_3_the_right_password_is_not_guessed(tmp_path: Path) -> None:
    """SIP-4: svcrack has the right word in its list and hears nothing any more when it is there."""
    words = tmp_path / "words"
    words.write_text("".join(f"wrong{number}\n" for number in range(60)) + PASSWORD + "\n")

    async def story() -> None:
        async with listening(settings_of(trunks=(), algorithms=("MD5",))) as ear:
            port = str(ear.endpoint.port())
            process = asyncio.create_task(
                output_of(
                    "svcrack", "-p", port, "-u", "100", "-d", str(words), LOOPBACK, folder=tmp_path
                )
            )
            said = await process
            assert PASSWORD not in said, said
            assert ear.endpoint.devices("100") == []

    run(story())


def test_attack_5_good_calls_are_taken_during_a_flood(tmp_path: Path) -> None:
    """SIP-3: strangers ask 400 times a second; a trunk's calls all succeed, nothing is kept."""

    async def story() -> None:
        trunk = Trunk("lab", "sip:127.0.0.1:9", networks=("127.0.0.1/32",))
        async with listening(settings_of(trunks=(trunk,))) as ear:
            flood = asyncio.create_task(flooding(ear.endpoint.port()))
            outcome = await sipp(
                f"127.0.0.1:{ear.endpoint.port()}",
                "-m",
                "40",
                "-r",
                "10",
                "-d",
                "0",
                scenario="uac",
                folder=tmp_path,
            )
            sent = await flood
            assert (outcome.successful, outcome.failed) == (40, 0), outcome.said
            assert len(ear.calls) == 40
            assert sent >= 1_000
            assert ear.endpoint.gate.counts["silenced"] >= sent // 2
            await ear.until_over(40)
            assert ear.endpoint.core.in_hand["calls"] == 0

    run(story())


async def flooding(port: int) -> int:
    """Requests of a stranger (another loopback address), 400 a second for 4 s."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        asyncio.DatagramProtocol, local_addr=("127.0.0.66", 0), remote_addr=(LOOPBACK, port)
    )
    sent = 0
    for _ in range(400):
        for method in (b"INVITE", b"REGISTER", b"OPTIONS", b"MESSAGE"):
            sent += 1
            transport.sendto(
                b"%s sip:1@h SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66;branch=z9hG4bK%d\r\n"
                b"From: <sip:x@h>;tag=1\r\nTo: <sip:1@h>\r\nCall-ID: %d\r\nCSeq: 1 %s\r\n\r\n"
                % (method, sent, sent, method)
            )
        await asyncio.sleep(0.01)
    transport.close()
    return sent


def test_sipp_on_both_sides_of_two_joined_calls(tmp_path: Path) -> None:
    """A back-to-back user agent between a SIPp that calls and a SIPp that answers."""

    async def story() -> None:
        port = free_port()
        trunk = Trunk(
            "out",
            f"sip:{LOOPBACK}:{port}",
            networks=("192.0.2.1/32",),
            calls_a_second=1_000,
            max_calls=1_000,
        )
        async with listening(settings_of(trunks=(LAB, trunk))) as middle:
            join(middle)
            (tmp_path / "uas").mkdir()
            far = asyncio.create_task(
                sipp("-p", str(port), "-m", "100", scenario="uas", folder=tmp_path / "uas")
            )
            near = await sipp(
                f"{LOOPBACK}:{middle.endpoint.port()}",
                "-m",
                "100",
                "-r",
                "25",
                "-d",
                "100",
                scenario="uac",
                folder=tmp_path,
            )
            assert (near.successful, near.failed) == (100, 0), near.said
            answered = await far
            assert (answered.successful, answered.failed) == (100, 0), answered.said
            assert middle.endpoint.core.in_hand["calls"] == 0

    run(story())
