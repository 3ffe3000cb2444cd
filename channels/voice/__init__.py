"""Voice: callers by SIP, their sound, and telephones in browsers.

A call takes this way::

    sip (INVITE) -> arriving (interaction, self-service) -> Inbox
    effects (what the hub orders) -> performing -> conversation -> nodes (who hears whom)
    agents: ringing (pages and SIP telephones), telephones (what the desk asks for)

``sip`` is the signalling: a stack of its own, whose machines know neither sockets nor clocks.
``media`` are the processes of the sound, ``webrtc`` what browsers need. ``channel`` starts and ends
it all.
"""

from typing import Any


def __getattr__(name: str) -> Any:
    """``CHANNEL``, made when it is asked for.

    Media nodes are processes that import this package for ``media`` alone: they are to be small,
    and must not have Twisted's reactor in them.
    """
    if name != "CHANNEL":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from channels.api import ChannelSpec
    from channels.voice.channel import build
    from channels.voice.settings import VoiceSettings
    from channels.voice.settings_checks import check, flows
    from router.model.ids import Medium

    return ChannelSpec(
        name=Medium("voice"), settings=VoiceSettings, build=build, check=check, flows=flows
    )
