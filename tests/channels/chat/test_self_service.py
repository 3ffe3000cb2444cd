"""A chat begins in a flow: asked by buttons, secrets kept nowhere, and nobody lost on the way."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from router.model.content import Author
from router.model.errors import StorageFailed
from router.model.events import Closed, Event, Queued, SelfServiceStepped
from router.model.ids import Position
from router.model.interaction import Outcome
from tests.channels.chat.centre import ChatCentre, chat_centre, settings
from tests.channels.chat.client import Client, Frame, once
from tests.channels.chat.flows import Shop
from tests.support.waiting import soon

FLOW = {"flow": "shop"}


async def asked(visitor: Client, text: str, times: int = 1) -> Frame:
    """The flow's message with these words, the so many-th of its kind."""
    while sum(item.get("text") == text for item in visitor.items) < times:
        await visitor.receive()
    return [item for item in visitor.items if item.get("text") == text][-1]


Story = Callable[[ChatCentre, Shop], Awaitable[None]]


def within(told: Callable[[], Awaitable[None]]) -> None:
    """Run it, in 30 seconds at most."""

    async def bounded() -> None:
        async with asyncio.timeout(30):
            await told()

    asyncio.run(bounded())


def tell(folder: Path, story: Story) -> None:
    """Run a story in a centre whose only site begins in the flow."""

    async def told() -> None:
        shop = Shop()
        async with chat_centre(folder, settings(**FLOW), shop=shop) as centre:
            await story(centre, shop)

    within(told)


def test_a_visitor_is_served_by_the_flow_and_no_agent_is_asked(tmp_path: Path) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            menu = await asked(visitor, "Orders or people?")
            assert menu["choices"] == [
                {"value": "1", "title": "My order"},
                {"value": "0", "title": "A person"},
                {"value": "9", "title": "9"},
            ]
            await visitor.wish("say", text="My order")
            await asked(visitor, "Your account?")
            await visitor.wish("say", text="4711")
            assert (await asked(visitor, "Your PIN?"))["secret"] is True
            await visitor.wish("say", text="0815", secret=True)
            await asked(visitor, "It is on its way.")
            await asked(visitor, "Orders or people?", 2)
            await visitor.wish("say", text="9")
            ended = await visitor.until_item("ended")
            assert ended["outcome"] == Outcome.SELF_SERVICE
        events = await centre.events()
        assert not any(isinstance(each, Queued) for each in events)
        assert [each.outcome for each in events if isinstance(each, Closed)] == ["self_service"]
        steps = [each for each in events if isinstance(each, SelfServiceStepped)]
        assert [(each.node, each.exit, each.kind) for each in steps][:3] == [
            ("menu", "1", "menu"),
            ("account", "next", "ask"),
            ("pin", "next", "ask"),
        ]

    tell(tmp_path, story)


def test_ivr_4_a_secret_is_in_no_entry_item_or_file(tmp_path: Path) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            early = await visitor.wish("say", text="9182", secret=True)
            assert (early["type"], early["code"]) == ("refused", "not_asked")
            await asked(visitor, "Orders or people?")
            for words, answer in (("order", "Your account?"), ("4711", "Your PIN?")):
                await visitor.wish("say", text=words)
                await asked(visitor, answer)
            same = once()
            # A widget that knows nothing of secrets is protected all the same.
            first = await visitor.wish("say", id=same, text="9182")
            again = await visitor.wish("say", id=same, text="9182")
            assert first["seq"] == again["seq"]
            await asked(visitor, "Your PIN?", 2)
            hidden = next(item for item in visitor.items if item.get("id") == same)
            assert hidden["secret"] is True
            assert "text" not in hidden
            assert [each.values["pin"] for each in shop.asked] == ["9182"]
            token = visitor.token
        async with centre.visitor(token=token) as visitor:
            await visitor.until("caught_up")
            assert "9182" not in repr(visitor.seen)
        said = [each.text for each in await centre.contents()]
        assert said == ["hello", "order", "4711"]

    tell(tmp_path, story)
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or b"9182" not in path.read_bytes(), path


def test_who_wants_a_person_comes_to_the_agents_with_what_was_said(tmp_path: Path) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            for _ in range(2):
                await visitor.wish("say", text="where is my bicycle")
            await asked(visitor, "That was not one of the choices. Orders or people?", 2)
            await visitor.wish("say", text="a person")
            await asked(visitor, "One moment.")
            await visitor.until_item("waiting")
            await centre.ready()
            interaction_id = await centre.accept()
            view = centre.hub.interaction(interaction_id)
            assert view is not None
            assert view.attributes["asked"] == "shop"
            await centre.reply(interaction_id, "Mia here")
            await visitor.until_said("Mia here")
            await visitor.wish("say", text="at last")
        said = [each.text for each in await centre.contents()]
        assert said == [
            "hello",
            "where is my bicycle",
            "where is my bicycle",
            "a person",
            "at last",
        ]
        flow = [each.text for each in await centre.contents(Author.SYSTEM)]
        assert flow[0] == "Orders or people?"

    tell(tmp_path, story)


def test_a_reload_goes_on_where_the_flow_was(tmp_path: Path) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            token = visitor.token
        async with centre.visitor(token=token) as visitor:
            assert visitor.welcome["conversation"]["state"] == "served"
            menu = await asked(visitor, "Orders or people?")
            assert menu["choices"]
            await visitor.wish("say", text="order")
            await asked(visitor, "Your account?")

    tell(tmp_path, story)


def test_a_restart_of_the_centre_begins_the_flow_again_and_says_so(tmp_path: Path) -> None:
    async def told() -> None:
        shop = Shop()
        async with (
            chat_centre(tmp_path, settings(**FLOW), shop=shop) as centre,
            centre.visitor() as visitor,
        ):
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            await visitor.wish("say", text="order")
            await asked(visitor, "Your account?")
            token = visitor.token
        async with chat_centre(tmp_path, settings(**FLOW), shop=shop) as centre:
            await centre.channel.look()
            async with centre.visitor(token=token) as visitor:
                await asked(visitor, "Sorry, we were interrupted. Let us begin again.")
                await asked(visitor, "Orders or people?", 2)
                await visitor.wish("say", text="a person")
                await visitor.until_item("waiting")
                await centre.channel.look()
        async with chat_centre(tmp_path, settings(), shop=shop) as centre:
            await centre.channel.look()
            said = [each.text for each in await centre.contents(Author.SYSTEM)]
            assert said.count("Orders or people?") == 2

    within(told)


def test_who_was_in_a_flow_that_left_the_configuration_comes_to_the_agents(tmp_path: Path) -> None:
    async def told() -> None:
        async with (
            chat_centre(tmp_path, settings(**FLOW), shop=Shop()) as centre,
            centre.visitor() as visitor,
        ):
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            token = visitor.token
        async with (
            chat_centre(tmp_path, settings(), shop=Shop()) as centre,
            centre.visitor(token=token) as visitor,
        ):
            await centre.channel.look()
            await visitor.until_item("waiting")
            await visitor.wish("transcript", mail="ann@example.test")

    within(told)


@pytest.mark.parametrize("reason", ["left", "away"])
def test_where_a_visitor_leaves_the_flow_is_noted(tmp_path: Path, reason: str) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            if reason == "left":
                await visitor.wish("leave")
        if reason == "away":
            await soon(lambda: all(not room.listeners for room in centre.channel._parts.rooms))
            centre.clock.pass_ms(121_000)
            await centre.channel.look()
        events = await centre.events()
        steps = [each for each in events if isinstance(each, SelfServiceStepped)]
        assert [(each.node, each.exit) for each in steps] == [("menu", "")]
        closed = next(each for each in events if isinstance(each, Closed))
        assert (closed.outcome, closed.reason) == (Outcome.SELF_SERVICE, reason)

    tell(tmp_path, story)


def test_a_log_that_takes_nothing_for_a_while_only_interrupts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def story(centre: ChatCentre, shop: Shop) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("hello")
            await asked(visitor, "Orders or people?")
            append = centre.log.append
            failed = 0

            async def fail_once(events: Sequence[Event], epoch: int) -> Position:
                nonlocal failed
                if any(isinstance(each, SelfServiceStepped) for each in events) and not failed:
                    failed += 1
                    raise StorageFailed("the disk is full")
                return await append(events, epoch)

            monkeypatch.setattr(centre.log, "append", fail_once)
            await visitor.wish("say", text="order")
            await soon(lambda: failed == 1)
            await centre.channel.look()
            await asked(visitor, "Orders or people?", 2)

    tell(tmp_path, story)
