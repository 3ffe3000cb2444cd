"""SIPp against the endpoint on real sockets: calls in number, held, cancelled, on a bad network."""

from __future__ import annotations

from pathlib import Path

import pytest

from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import (
    CallEvent,
    Ended,
    Reoffered,
    TransferAsked,
)
from tests.channels.voice.sip.listening import listening
from tests.support.loop import run
from tests.support.lossy import lossy_relay
from tests.support.sipp import sipp

SCENARIOS = Path(__file__).with_name("scenarios")


def calls(count: int, rate: int) -> list[str]:
    return ["-m", str(count), "-r", str(rate), "-l", str(count), "-d", "0"]


@pytest.mark.parametrize(("transport", "count"), [("UDP", 1_000), ("TCP", 200)])
def test_calls_in_number_are_taken_and_none_fails(
    transport: str, count: int, tmp_path: Path
) -> None:
    async def story() -> None:
        async with listening() as ear:
            port = ear.endpoint.port(transport)
            outcome = await sipp(
                f"127.0.0.1:{port}",
                *calls(count, 100),
                "-t",
                "u1" if transport == "UDP" else "t1",
                scenario="uac",
                folder=tmp_path,
            )
            assert (outcome.successful, outcome.failed) == (count, 0), outcome.said
            await ear.until_over(count)
            assert ear.endpoint.core.in_hand["calls"] == 0

    run(story())


def test_calls_are_held_and_cancelled(tmp_path: Path) -> None:
    async def story() -> None:
        async with listening() as ear:
            to = f"127.0.0.1:{ear.endpoint.port()}"
            outcome = await sipp(
                to, *calls(50, 50), scenario=SCENARIOS / "hold.xml", folder=tmp_path
            )
            assert (outcome.successful, outcome.failed) == (50, 0), outcome.said
            await ear.until_over(50)
            assert ear.count(Reoffered) == 50
            ear.on_call = lambda call: call.ring()
            outcome = await sipp(
                to, *calls(50, 50), scenario=SCENARIOS / "cancel.xml", folder=tmp_path
            )
            assert (outcome.successful, outcome.failed) == (50, 0), outcome.said
            await ear.until_over(100)
            assert ear.events.count(Ended(487, "Cancelled", "them")) == 50

    run(story())


def test_a_caller_is_transferred_and_hears_how_it_goes(tmp_path: Path) -> None:
    async def story() -> None:
        async with listening() as ear:

            def transfer(call: Call, event: CallEvent) -> None:
                if isinstance(event, TransferAsked):
                    assert event.target.user == "300"
                    call.take_transfer()
                    call.report_transfer(200)

            ear.on_event = transfer
            to = f"127.0.0.1:{ear.endpoint.port()}"
            scenario = SCENARIOS / "transfer.xml"
            outcome = await sipp(to, *calls(50, 50), scenario=scenario, folder=tmp_path)
            assert (outcome.successful, outcome.failed) == (50, 0), outcome.said
            await ear.until_over(50)
            assert ear.count(TransferAsked) == 50

    run(story())


def test_no_call_fails_where_every_twentieth_datagram_is_lost(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            listening() as ear,
            lossy_relay(ear.endpoint.port(), loss=0.05) as relay,
        ):
            outcome = await sipp(
                f"127.0.0.1:{relay.port}", *calls(200, 25), scenario="uac", folder=tmp_path
            )
            assert (outcome.successful, outcome.failed) == (200, 0), outcome.said
            assert relay.lost >= 20
            await ear.until_over(200)

    run(story())
