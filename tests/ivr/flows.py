"""Flows for these tests, written as a configuration writes them."""

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from ivr.conversation import Conversation, Went, play
from ivr.flow import AnyLookUp, Flow
from ivr.session import Known, World
from router.conditions import Variables
from router.model.ids import Instant
from router.model.secret import Secret
from router.rules import clock_values

BEGAN = Instant(1_795_600_000_000)

BANK = """
[main]
languages = ["en", "zh-CN"]
start = "language"
on_fault = "agent"

[main.node.language]
do = "language"
say = { en = "For English press 1.", zh-CN = "中文请按 2。" }
keys = { 1 = "en", 2 = "zh-CN" }
next = "hours"

[main.node.hours]
do = "hours"
calendar = "office"
open = "menu"
closed = "closed"

[main.node.closed]
do = "voicemail"
say = { en = "We are closed. Leave a message.", zh-CN = "现在已下班,请留言。" }
queue = "general"
otherwise = "bye"

[main.node.menu]
do = "menu"
say = { en = "Balance 1, orders 2, back call 3, agent 0.", zh-CN = "余额 1,订单 2,回电 3,人工 0。" }
keys = { 1 = "who", 2 = "order", 3 = "back", 0 = "agent" }
words = { 1 = { en = "balance | my balance", zh-CN = "余额" } }
otherwise = "agent"

[main.node.who]
do = "ask"
say = { en = "Your account number?", zh-CN = "请输入账号。" }
into = "account"
digits_min = 4
digits_max = 8
confirm = true
next = "pin"
otherwise = "agent"

[main.node.pin]
do = "ask"
say = { en = "Your PIN?", zh-CN = "请输入密码。" }
into = "pin"
mask = "pin"
digits_min = 4
digits_max = 4
next = "balance"
otherwise = "agent"

[main.node.balance]
do = "look_up"
source = "balance"
values = { account = "{account}", pin = "{pin}" }
account = "{account}"
found = "tell"
not_found = "pin"
failed = "agent"
locked = "bye"

[main.node.tell]
do = "say"
say = { en = "You have {balance:amount} euro.", zh-CN = "您的余额是 {balance:amount} 欧元。" }
next = "rich"

[main.node.rich]
do = "branch"
cases = [{ when = "value.balance > 1000.0", to = "gold" }]
otherwise = "menu"

[main.node.gold]
do = "set"
values = { tier = "gold" }
next = "agent"

[main.node.order]
do = "subflow"
flow = "orders"
exits_to = { done = "menu" }
otherwise = "agent"

[main.node.back]
do = "callback"
queue = "general"
otherwise = "agent"

[main.node.agent]
do = "enqueue"
say = { en = "One moment.", zh-CN = "请稍候。" }
attributes = { reason = "bank" }

[main.node.bye]
do = "hang_up"
say = { en = "Good-bye.", zh-CN = "再见。" }

[orders]
languages = ["en", "zh-CN"]
start = "number"

[orders.node.number]
do = "ask"
say = { en = "Order number?", zh-CN = "订单号?" }
into = "order"
next = "status"
otherwise = "lost"

[orders.node.status]
do = "look_up"
source = "order"
values = { order = "{order}" }
found = "say"
not_found = "lost"
failed = "lost"

[orders.node.say]
do = "say"
say = { en = "It is {status}.", zh-CN = "状态:{status}。" }
next = "done"

[orders.node.done]
do = "return"

[orders.node.lost]
do = "return"
exit = "lost"
"""


def look_ups_of(tables: Mapping[str, Any]) -> dict[str, AnyLookUp]:
    """The look-ups of parsed tables."""
    return msgspec.convert(tables, dict[str, AnyLookUp])


LOOK_UPS = look_ups_of(
    {
        "balance": {
            "by": "sql",
            "database": Secret("env:BANK", "sqlite://"),
            "statement": "select balance from account where number = :account and pin = :pin",
            "take": ["balance"],
        },
        "order": {
            "by": "http",
            "url": "https://shop.example/orders/{order}",
            "take": {"status": "status"},
        },
    }
)


def flows_of(text: str) -> dict[str, Flow]:
    """The flows of a text."""
    return flows_from(tomllib.loads(text))


def flows_from(tables: Mapping[str, Any]) -> dict[str, Flow]:
    """The flows of parsed tables."""
    return msgspec.convert(tables, dict[str, Flow])


def world_of(text: str, *, open_now: bool = True) -> World:
    """A world with these flows, open or closed all day."""
    return World(flows_of(text), lambda name, now: open_now, holds)


def holds(condition: str, known: Known, now: Instant) -> bool:
    """The conditions of a site in Berlin, as the router evaluates them."""
    values = {**known, "clock": clock_values(now, "Europe/Berlin")}
    return Variables(values).holds(condition, "a branch")


def talk(world: World, *lines: str, flow: str = "main", **more: Any) -> Went:
    """Play these lines."""
    return play(Conversation(name="a test", flow=flow, lines=lines, **more), world, BEGAN)


def assert_talk(world: World, *lines: str, **more: Any) -> Went:
    """Play these lines; each must hold."""
    went = talk(world, *lines, **more)
    assert went.failed_line < 0, (
        f"line {went.failed_line + 1} ({lines[went.failed_line]}): {went.message}"
    )
    return went
