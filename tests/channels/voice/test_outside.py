"""Numbers outside: dialled, consulted, joined, called back; and self-service's way out."""

import asyncio
from pathlib import Path

import pytest

from router.model.agent import Presence
from router.model.commands import SetPresence, Unpark, WrapUp
from router.model.errors import Refused
from router.model.events import AttributesSet, Closed, Parked, SelfServiceStepped
from router.model.ids import AgentId, QueueName
from router.model.interaction import Outcome
from router.telephones import CallKind, CallPhase
from tests.channels.voice.town import STRAIGHT, caller, handset, town
from tests.channels.voice.town import until as until_true
from tests.support import loop
from tests.support.centre import accept_next, make_ready, until

MIA = AgentId("mia")
GENERAL = QueueName("general")
ALLOWED = """
[channels.voice.dialling]
home = "+49"
allowed = ["+49"]
caller_ids = { general = "+4930999" }
"""
INTO = '[channels.voice.entries."*"]\nflow = "main"\n'


def test_an_agent_dials_a_number_and_both_hear_each_other(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            handset(1_300) as far,
            town(tmp_path, STRAIGHT + ALLOWED, proxy=far.endpoint.port()) as place,
        ):
            place.handsets.append(far)
            mia = place.page("mia")
            await make_ready(place.centre, "mia")
            telephones = place.voice.telephones
            for number, code in (("0900 12345", "not_allowed"), ("+33 1234567", "not_allowed")):
                with pytest.raises(Refused) as refused:
                    await telephones.dial(MIA, number, GENERAL)
                assert refused.value.code == code
            far.answers = False
            one = await telephones.dial(MIA, "030 1234567", GENERAL)
            await until_true(lambda: bool(far.calls))
            assert (far.call.dialled, far.call.caller.user) == ("+49301234567", "+4930999")
            assert mia.state.kind is CallKind.OUTGOING
            await until_true(lambda: mia.state.phase is CallPhase.DIALLING)
            far.lift()
            await until_true(lambda: mia.state.phase is CallPhase.TALKING)
            await until_true(lambda: far.hears(440))
            assert await mia.hears(1_300)
            far.call.hang_up()
            await until_true(lambda: mia.state.phase is CallPhase.ENDED)
            await place.centre.hub.submit(WrapUp(one, MIA))
            closed = (await until(place.centre, lambda r: isinstance(r.event, Closed))).event
            assert isinstance(closed, Closed)
            assert closed.outcome is Outcome.HANDLED
            far.status = 486
            await place.centre.hub.submit(SetPresence(MIA, Presence.READY))
            await telephones.dial(MIA, "030 1234567", GENERAL)
            await until_true(lambda: mia.state.reason == "busy")
            await until_true(lambda: place.voice.calls == 0)

    loop.run(story())


def test_a_number_is_consulted_gathered_and_given_the_call(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            handset(1_300) as far,
            town(tmp_path, STRAIGHT + ALLOWED, proxy=far.endpoint.port()) as place,
            caller(place) as customer,
        ):
            place.handsets.append(far)
            mia = place.page("mia")
            telephones = place.voice.telephones
            await make_ready(place.centre, "mia")
            customer.dial()
            one = (await accept_next(place.centre, "mia")).interaction_id
            await until_true(lambda: customer.hears(440))
            await telephones.consult_number(MIA, one, "030 1234567")
            await until_true(lambda: far.hears(440))
            assert not far.hears(1_000)
            await until_true(customer.hears_music)
            await telephones.gather(MIA, one, together=True)
            await until_true(lambda: far.hears(1_000) and customer.hears(1_300))
            await telephones.transfer_to_number(MIA, one, "030 1234567")
            await until_true(lambda: mia.state.phase is CallPhase.ENDED)
            await until_true(lambda: far.hears(1_000) and not far.hears(440))
            assert not far.over
            customer.call.hang_up()
            await until_true(lambda: far.over)
            await until_true(lambda: place.voice.calls == 0)

    loop.run(story())


def test_a_blind_transfer_that_nobody_answers_comes_back(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            handset(1_300) as far,
            town(tmp_path, STRAIGHT + ALLOWED, proxy=far.endpoint.port()) as place,
            caller(place) as customer,
        ):
            place.handsets.append(far)
            far.status = 486
            mia = place.page("mia")
            await make_ready(place.centre, "mia")
            customer.dial()
            one = (await accept_next(place.centre, "mia")).interaction_id
            await until_true(lambda: customer.hears(440))
            await place.voice.telephones.transfer_to_number(MIA, one, "030 1234567")
            await until_true(lambda: mia.state.reason == "busy")
            await until_true(lambda: customer.hears(440), "the customer is theirs again")
            far.status = 0
            await place.voice.telephones.transfer_to_number(MIA, one, "030 1234567")
            await until_true(lambda: mia.state.phase is CallPhase.ENDED)
            await until_true(lambda: far.hears(1_000) and customer.hears(1_300))
            far.call.hang_up()
            await until_true(lambda: customer.over)

    loop.run(story())


FLOW = """
[flow.main]
start = "menu"
[flow.main.node.menu]
do = "menu"
say = "One or two."
keys = { 1 = "out", 2 = "back" }
otherwise = "agents"
[flow.main.node.out]
do = "transfer"
number = "030 1234567"
busy = "agents"
failed = "agents"
[flow.main.node.back]
do = "callback"
queue = "general"
otherwise = "agents"
[flow.main.node.agents]
do = "enqueue"
"""


def test_self_service_sends_a_caller_on_and_is_noted_step_by_step(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            handset(1_300) as far,
            town(tmp_path, INTO + ALLOWED, proxy=far.endpoint.port(), flow=FLOW) as place,
            caller(place) as customer,
        ):
            place.handsets.append(far)
            customer.dial()
            await until_true(lambda: customer.phone.to[1] != 9)
            await asyncio.sleep(0.3)
            customer.phone.press("1")
            await until_true(lambda: far.hears(1_000) and customer.hears(1_300))
            closed = (await until(place.centre, lambda r: isinstance(r.event, Closed))).event
            assert isinstance(closed, Closed)
            assert (closed.outcome, closed.reason) == (Outcome.SELF_SERVICE, "transferred")
            stepped = (
                await until(place.centre, lambda r: isinstance(r.event, SelfServiceStepped))
            ).event
            assert isinstance(stepped, SelfServiceStepped)
            assert (stepped.node, stepped.exit) == ("menu", "1")
            customer.call.hang_up()
            await until_true(lambda: far.over)
            await until_true(lambda: place.voice.calls == 0)

    loop.run(story())


def test_a_callback_keeps_its_place_and_is_tried_again(tmp_path: Path) -> None:
    async def story() -> None:
        async with (
            handset(1_300) as far,
            town(tmp_path, INTO + ALLOWED, proxy=far.endpoint.port(), flow=FLOW) as place,
            caller(place) as customer,
        ):
            place.handsets.append(far)
            mia = place.page("mia")
            customer.dial(caller="+49301112222")
            await until_true(lambda: customer.phone.to[1] != 9)
            await asyncio.sleep(0.3)
            customer.phone.press("2")
            await asyncio.sleep(0.3)
            customer.phone.press("1")
            await until_true(lambda: customer.over, "the centre hangs up, and calls back")
            marked = (
                await until(
                    place.centre,
                    lambda r: (
                        isinstance(r.event, AttributesSet) and "callback" in r.event.attributes
                    ),
                )
            ).event
            assert isinstance(marked, AttributesSet)
            waiting = place.centre.hub.waiting(GENERAL)
            assert [each.interaction_id for each in waiting] == [marked.interaction_id]
            far.status = 486
            await make_ready(place.centre, "mia")
            await accept_next(place.centre, "mia")
            await until_true(lambda: bool(far.calls))
            assert far.call.dialled == "+49301112222"
            parked = (await until(place.centre, lambda r: isinstance(r.event, Parked))).event
            assert isinstance(parked, Parked)
            assert mia.state.reason == "busy"
            far.status = 0
            await place.centre.hub.submit(Unpark(parked.interaction_id, MIA))
            await until_true(lambda: len(far.calls) > 1)
            await until_true(lambda: far.hears(440))
            assert await mia.hears(1_300)
            far.call.hang_up()
            await until_true(lambda: mia.state.phase is CallPhase.ENDED)

    loop.run(story())
