"""The program as a newcomer starts it: what it prints, and what it says when it cannot start."""

from __future__ import annotations

import asyncio
import smtplib
from pathlib import Path

import httpx
import pytest

from tests.support.process import Ended, free_ports, program

DEADLINE_S = 120


def test_an_empty_folder_is_a_working_centre_with_addresses_and_log_ins(tmp_path: Path) -> None:
    async def tell() -> None:
        async with (
            asyncio.timeout(DEADLINE_S),
            program(tmp_path / "centre", "--ports", str(free_ports())) as centre,
        ):
            desk = centre.address("desk")
            async with httpx.AsyncClient(
                base_url=desk, headers={"Origin": desk, "X-Carillon": "1"}
            ) as http:
                for user, password in centre.passwords.items():
                    entry = {"user": user, "password": password}
                    answer = await http.post("/api/v1/session", json=entry)
                    assert answer.status_code == 200, user
                    http.cookies.clear()
                chat = await http.get(centre.address("chat"))
                assert chat.status_code == 200
            roles = [line.split()[2] for line in centre.lines if line.startswith("    ")]
            assert roles == ["agent", "agent", "supervisor", "manager", "administrator"]
            host, _, port = centre.address("mail").removeprefix("smtp://").rpartition(":")
            await asyncio.to_thread(_talk, host, int(port))
            assert await centre.stop() == 0

    asyncio.run(tell())


def _talk(host: str, port: int) -> None:
    with smtplib.SMTP(host, port, timeout=20) as mail:
        assert mail.helo("customers.example")[0] == 250
        assert mail.mail("anna@customers.example")[0] == 250
        assert mail.rcpt("help@mail.localhost")[0] == 250


def test_a_second_centre_in_the_folder_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    async def tell() -> None:
        folder = tmp_path / "centre"
        async with (
            asyncio.timeout(DEADLINE_S),
            program(folder, "--ports", str(free_ports())) as first,
        ):
            with pytest.raises(Ended) as caught:
                async with program(folder, "--ports", str(free_ports())):
                    pass
            assert caught.value.code == 1
            said = caught.value.said
            assert f"a centre runs in {folder / 'data'} already (process {first.pid})" in said
            assert "--folder" in said
            assert "Traceback" not in said
            async with httpx.AsyncClient() as http:
                assert (await http.get(f"{first.address('desk')}/readyz")).status_code == 200
            first.kill()
            await first.ended()
        async with program(folder, "--ports", str(free_ports())) as again:
            assert any("log-ins were shown" in line for line in again.lines)

    asyncio.run(tell())


@pytest.mark.parametrize(("taken", "setting"), [(0, "desk"), (2, "mail")])
def test_a_taken_port_is_named_with_its_setting_and_the_way_out(
    tmp_path: Path, taken: int, setting: str
) -> None:
    async def tell() -> None:
        ports = free_ports()
        busy = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", ports + taken)
        async with asyncio.timeout(DEADLINE_S), busy:
            with pytest.raises(Ended) as caught:
                async with program(tmp_path / "centre", "--ports", str(ports)):
                    pass
        field = "channels.mail.incoming.listen" if setting == "mail" else f"{setting}.listen"
        said = caught.value.said
        assert f"{field}: cannot listen on 127.0.0.1:{ports + taken}" in said
        assert "another program has this port" in said
        assert f'[{field.rpartition(".")[0]}] listen = "127.0.0.1:9000"' in said
        assert 'make run ARGS="--ports 9000"' in said
        assert "Traceback" not in said
        assert caught.value.code == 1

    asyncio.run(tell())


def test_a_demonstration_is_for_the_lab_only(tmp_path: Path) -> None:
    async def tell() -> None:
        folder = tmp_path / "centre"
        folder.mkdir(mode=0o700)
        key = folder / "key"
        key.write_text("0f9a27c1b7e5d3480f9a27c1b7e5d348", encoding="ascii")
        key.chmod(0o600)
        (folder / "site.toml").write_text(
            '[site]\nprofile = "production"\n'
            '[desk]\nlisten = "127.0.0.1:0"\norigin = "https://desk.example.org"\n'
            '[widget]\nlisten = "127.0.0.1:0"\norigin = "https://chat.example.org"\n'
            '[secrets]\nkey_encryption_key = "file:key"\n[channels]\n'
            '[queue.main]\n[rules]\ndefault_queue = "main"\n',
            encoding="utf-8",
        )
        with pytest.raises(Ended) as caught:
            async with program(folder, "--demo"):
                pass
        assert "--demo is for the lab profile only" in caught.value.said
        assert "Traceback" not in caught.value.said

    asyncio.run(tell())
