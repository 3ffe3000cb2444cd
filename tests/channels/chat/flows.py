"""A flow for chats, and what a centre needs to run it."""

import tomllib

import msgspec

from ivr.asks import Found, LookUp
from ivr.flow import Flow
from ivr.ports import FlowPorts
from ivr.prompts import Utterance
from ivr.session import Known, World
from router.conditions import Variables
from router.model.ids import Instant

SHOP = """
[shop]
languages = ["en", "zh-CN"]
start = "menu"

[shop.node.menu]
do = "menu"
say = { en = "Orders or people?", zh-CN = "订单还是人工?" }
keys = { 1 = "account", 0 = "people", 9 = "bye" }
words = { 1 = { en = "My order | order", zh-CN = "订单" }, 0 = { en = "A person", zh-CN = "人工" } }
otherwise = "people"

[shop.node.account]
do = "ask"
say = { en = "Your account?", zh-CN = "账号?" }
into = "account"
next = "pin"
otherwise = "people"

[shop.node.pin]
do = "ask"
say = { en = "Your PIN?", zh-CN = "密码?" }
into = "pin"
mask = "pin"
digits_min = 4
digits_max = 4
next = "order"
otherwise = "people"

[shop.node.order]
do = "look_up"
source = "order"
values = { account = "{account}", pin = "{pin}" }
account = "{account}"
found = "tell"
not_found = "pin"
failed = "people"

[shop.node.tell]
do = "say"
say = { en = "It is {status}.", zh-CN = "状态:{status}。" }
next = "menu"

[shop.node.people]
do = "enqueue"
say = { en = "One moment.", zh-CN = "请稍候。" }
attributes = { asked = "shop" }

[shop.node.bye]
do = "hang_up"
say = { en = "Good-bye.", zh-CN = "再见。" }
"""


def holds(condition: str, known: Known, _now: Instant) -> bool:
    return Variables(dict(known)).holds(condition, "a branch")


class Shop:
    """The flows in force, and the company's own system: account 4711 has the PIN 0815."""

    def __init__(self) -> None:
        self.flows = msgspec.convert(tomllib.loads(SHOP), dict[str, Flow])
        self.asked: list[LookUp] = []

    def ports(self) -> FlowPorts:
        return FlowPorts(world=self._world, answer=self._answer, files=self._files)

    def _world(self) -> World:
        return World(self.flows, lambda _calendar, _now: True, holds)

    async def _answer(self, ask: LookUp) -> Found:
        self.asked.append(ask)
        right = ask.values == {"account": "4711", "pin": "0815"}
        return Found("found", {"status": "on its way"}) if right else Found("not_found")

    async def _files(self, _utterance: Utterance) -> tuple[()]:
        return ()
