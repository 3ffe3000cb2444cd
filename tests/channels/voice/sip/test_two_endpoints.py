"""Two endpoints call each other over UDP, TCP and TLS; large messages find their way."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import Answered, Ended
from channels.voice.sip.settings import SipSettings
from channels.voice.sip.trunks import Trunk
from channels.voice.sip.wire.carrier import Listening
from tests.channels.voice.sip.listening import LAB, Ear, listening, settings_of
from tests.channels.voice.sip.test_wire import GOOD, stream, until_good
from tests.channels.voice.sip.world import sound
from tests.support.certificates import make_certificates
from tests.support.loop import run


def trunk_to(other: Ear, transport: str = "UDP", *, host: str = "127.0.0.1", **more: Any) -> Trunk:
    port = other.endpoint.port(transport)
    suffix = "" if transport == "UDP" else f";transport={transport.lower()}"
    return Trunk("out", f"sip:{host}:{port}{suffix}", networks=("127.0.0.1/32",), **more)


async def called(ear: Ear, **more: Any) -> Call:
    """A call by the trunk ``out``, once it is answered or over."""
    call = ear.endpoint.call_trunk(
        "200", sound("127.0.0.1"), trunks=["out"], listener=ear.told, **more
    )
    await ear.until(lambda: ear.count(Answered) + ear.count(Ended) > 0)
    return call


@pytest.mark.parametrize("transport", ["UDP", "TCP"])
def test_two_endpoints_call_each_other(transport: str) -> None:
    async def story() -> None:
        async with listening() as far:
            settings = settings_of(trunks=(trunk_to(far, transport, caller_id="+4930"),))
            async with listening(settings) as near:
                call = await called(near)
                assert near.count(Answered) == 1
                assert far.calls[0].caller.user == "+4930"
                assert far.calls[0].invite.via.transport == transport
                far.calls[0].hang_up()
                await near.until_over()
                assert call.ended

    run(story())


def test_a_large_request_leaves_udp_for_tcp_and_comes_back_where_there_is_none() -> None:
    """RFC 3261, 18.1.1."""

    async def story() -> None:
        for tcp_port, transport in ((0, "TCP"), (None, "UDP")):
            far_settings = settings_of(listening=Listening(udp_port=0, tcp_port=tcp_port))
            if tcp_port == 0:
                port = await a_free_pair()
                far_settings = settings_of(listening=Listening(udp_port=port, tcp_port=port))
            async with listening(far_settings) as far:
                await padded_call(far, transport)

    run(story())


async def padded_call(far: Ear, transport: str) -> None:
    async with listening(settings_of(trunks=(trunk_to(far),))) as near:
        call = await called(near, headers={"x-padding": "x" * 1_500})
        assert near.count(Answered) == 1
        assert far.calls[0].invite.via.transport == transport
        call.hang_up()
        await far.until_over()


async def a_free_pair() -> int:
    """A port that is free for UDP and TCP alike."""
    while True:
        with socket.socket() as tcp, socket.socket(type=socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", 0))
            port = int(tcp.getsockname()[1])
            try:
                udp.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


def test_sip_9_tls_is_used_and_the_certificate_is_checked(tmp_path: Path) -> None:
    right = make_certificates(tmp_path)
    (tmp_path / "other").mkdir()
    wrong = make_certificates(tmp_path / "other", issuer="Somebody else")

    def tls_settings(authority: Path, *trunks: Trunk) -> SipSettings:
        where = Listening(udp_port=0, tcp_port=0, tls_port=0, authority_file=str(authority))
        return msgspec.structs.replace(
            settings_of(trunks=trunks or (LAB,), listening=where),
            certificate_file=str(right.certificate),
            key_file=str(right.key),
        )

    async def story() -> None:
        async with listening(tls_settings(right.authority)) as far:
            trunk = trunk_to(far, "TLS")
            for authority, answered in ((right.authority, 1), (wrong.authority, 0)):
                async with listening(tls_settings(authority, trunk)) as near:
                    call = await called(near)
                    assert near.count(Answered) == answered
                    assert near.count(Ended) == 1 - answered
                    call.hang_up()
            old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            old.load_verify_locations(right.authority)
            async with stream(far.endpoint.port("TLS"), old) as line:
                assert line.writer.get_extra_info("ssl_object").version() == "TLSv1.3"
                line.writer.write(GOOD)
                assert await until_good(line.next_message) == []

    run(story())
