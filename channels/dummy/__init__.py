"""A medium without wires, for tests, simulation and demonstration, and the smallest example of
what a folder of ``channels`` owes: ``docs/develop/add-a-channel.md`` walks through it."""

from channels.api import ChannelSpec
from channels.dummy.channel import build
from channels.dummy.settings import DummySettings
from router.model.ids import Medium

CHANNEL = ChannelSpec(name=Medium("dummy"), settings=DummySettings, build=build)
