"""Web chat: a widget that any site embeds, over websockets, resumed by sequence number.

A visitor's words take this way::

    visitor (one socket) -> conversations (rules, masks, seals) -> Inbox
    effects (what the hub orders) -> store (numbered items) -> room -> visitor

``pages`` serves the widget's files and file transfer; ``channel`` starts and ends it all.
"""

from channels.api import ChannelSpec
from channels.chat.channel import build
from channels.chat.settings import ChatSettings, check, flows
from router.model.ids import Medium

CHANNEL = ChannelSpec(
    name=Medium("chat"), settings=ChatSettings, build=build, check=check, flows=flows
)
