"""Pages stay plugged in while the voice channel is added, changed and taken away."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.check import load
from config.switchboard import VOICE, Switchboard
from router.model.errors import Refused
from router.model.ids import AgentId
from router.telephones import CallId, Device
from tests.channels.voice.town import Page
from tests.support import loop
from tests.support.centre import running_centre, write_configuration

MIA = AgentId("mia")
VOICE_CHANNEL = """
[channels.voice]
listen = { udp = "127.0.0.1:0", tcp = "" }
media = { nodes = 1 }
entries = { "*" = {} }
"""


def test_a_page_is_found_by_a_voice_channel_that_comes_later(tmp_path: Path) -> None:
    async def story() -> None:
        folder = write_configuration(tmp_path / "centre", channels="[channels.dummy]\n")
        async with running_centre(folder) as centre:
            switchboard = Switchboard(centre.media)
            page = Page(440)
            switchboard.plug_in(MIA, page)
            assert switchboard.calls(MIA) == ()
            with pytest.raises(Refused) as refused:
                await switchboard.mute(MIA, CallId("one"), on=True)
            assert refused.value.code == "no_voice"
            write_configuration(folder, channels=VOICE_CHANNEL)
            loaded = load(folder)
            assert loaded.settings is not None, loaded.mistakes
            await centre.adopt(loaded.settings)
            assert switchboard.devices(MIA) == (Device.BROWSER,)
            with pytest.raises(Refused) as refused:
                await switchboard.choose(MIA, Device.PHONE)
            assert refused.value.code == "no_phone"
            write_configuration(folder, channels=VOICE_CHANNEL.replace("nodes = 1", "nodes = 2"))
            loaded = load(folder)
            assert loaded.settings is not None, loaded.mistakes
            with pytest.raises(Refused, match="media"):
                await centre.adopt(loaded.settings)
            more = VOICE_CHANNEL.replace('"*" = {}', '"200" = {}')
            write_configuration(folder, channels=more)
            loaded = load(folder)
            assert loaded.settings is not None, loaded.mistakes
            await centre.adopt(loaded.settings)
            switchboard.unplug(MIA, page)
            assert switchboard.devices(MIA) == ()
            assert centre.media.of(VOICE) is not None

    loop.run(story())
