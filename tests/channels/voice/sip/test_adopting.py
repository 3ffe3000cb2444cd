"""New trunks and telephones while calls are in hand: nothing is cut, strangers become known."""

from __future__ import annotations

import msgspec
import pytest

from channels.voice.sip.happenings import Confirmed
from channels.voice.sip.settings import Phone
from channels.voice.sip.trunks import Trunk
from router.model.errors import InvalidInput
from tests.channels.voice.sip.listening import LAB, PHONES, listening, settings_of
from tests.channels.voice.sip.world import PASSWORD, sound
from tests.support.loop import run


def test_a_trunk_and_a_telephone_come_and_go_while_a_call_goes_on() -> None:
    async def story() -> None:
        async with listening(settings_of(trunks=())) as ear:
            own = settings_of(trunks=(Trunk("self", f"sip:127.0.0.1:{ear.endpoint.port()}",
                                            networks=("127.0.0.1/32",)),))  # fmt: skip
            own = msgspec.structs.replace(own, listening=settings_of().listening)
            ear.endpoint.adopt(own)
            call = ear.endpoint.call_trunk(
                "200", sound("127.0.0.1"), trunks=["self"], listener=ear.told
            )
            await ear.until(lambda: ear.count(Confirmed) == 1)
            fewer = settings_of(trunks=(LAB,), phones=(*PHONES[:1], Phone("102", PASSWORD)))
            ear.endpoint.adopt(fewer)
            assert not call.ended, "a call in hand goes on when its trunk leaves"
            assert ear.endpoint.devices("101") == []
            call.hang_up()
            await ear.until_over(1)

    run(story())


def test_a_mistake_changes_nothing() -> None:
    async def story() -> None:
        async with listening() as ear:
            with pytest.raises(InvalidInput, match="two trunks"):
                ear.endpoint.adopt(settings_of(trunks=(LAB, LAB)))
            with pytest.raises(InvalidInput, match="generated"):
                ear.endpoint.adopt(settings_of(phones=(Phone("100", "short"),)))

    run(story())
