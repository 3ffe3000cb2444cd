"""The one path through everything: a mail and a chat, queued, offered, answered, counted, kept.

Real programs at every end: ``carillon run`` on SQLite, s-nail that sends, a Postfix that keeps the
reply, Chromium for the agent and for the visitor of a foreign page. The centre is killed with
SIGKILL after each thing it acknowledged.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, expect

from tests.journeys.centre.program import Program
from tests.journeys.chat.host import Host, host_site
from tests.journeys.chat.stage import bubbles, button
from tests.journeys.desk.stage import FIELD, OFFER
from tests.support.browser import async_chromium
from tests.support.programs_clients import send_with_mail_program
from tests.support.programs_postfix import PostfixServer, postfix_server
from tests.support.proxy import ChaosProxy, chaos_proxy

DEADLINE_S = 200.0
PATIENCE_MS = 30_000
HELP = "help@carillon.test"
CUSTOMER = "ana@example.test"
QUESTION = "Where is my invoice 88?"
MAILED = "It left today, with the second post."
ASKED = "Is the shop open on Sunday?"
CHATTED = "From ten to four."

CHANNELS = """
[channels.mail]
host = "mail.carillon.test"
check_senders = false
relay = {{ host = "127.0.0.1", port = {relay}, security = "none" }}
incoming = {{ listen = "127.0.0.1:SMTP" }}
retry = {{ first = "1 s" }}

[channels.mail.mailboxes.help]
address = "help@carillon.test"
name = "Help desk"

[channels.chat.sites.k_7f]
origins = ["{site}"]
"""


class Light:
    """Everything that takes part."""

    def __init__(
        self, centre: Program, postfix: PostfixServer, relay: ChaosProxy, host: Host, web: Browser
    ) -> None:
        self.centre = centre
        self.postfix = postfix
        self.relay = relay
        self.host = host
        self._web = web

    async def page(self, address: str) -> Page:
        """A page in a browser profile of its own."""
        context = await self._web.new_context(
            viewport={"width": 1440, "height": 900}, locale="en-US"
        )
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        await page.goto(address)
        return page

    async def signed_in(self, user: str) -> Page:
        """Somebody at the desk, with the password that the first start showed."""
        page = await self.page(self.centre.desk)
        await page.get_by_label("Name").fill(user)
        await page.get_by_label("Password", exact=True).fill(self.centre.passwords[user])
        await page.get_by_role("button", name="Sign in").click()
        await expect(page.get_by_role("banner")).to_be_visible(timeout=PATIENCE_MS)
        return page

    async def accept(self, desk: Page, words: str) -> str:
        """Take what rings, once the desk is back; the id of the interaction."""
        await expect(desk.get_by_role("banner")).to_contain_text("Online", timeout=PATIENCE_MS)
        # What rang when the centre was killed is shown as withdrawn, beside the new ring.
        rings = desk.locator(OFFER).filter(has=desk.get_by_role("button", name="Accept"))
        await expect(rings).to_have_count(1, timeout=PATIENCE_MS)
        await desk.keyboard.press("F2")
        await expect(desk.locator(".entry-text").first).to_contain_text(words, timeout=PATIENCE_MS)
        place: str = await desk.evaluate("location.hash")
        return place.rpartition("/")[2]

    async def answer(self, desk: Page, words: str) -> None:
        """Write and send: the field is emptied when the centre has taken the words."""
        await desk.locator(FIELD).fill(words)
        await desk.locator(FIELD).press("Control+Enter")
        await expect(desk.locator(".entry-agent .entry-text")).to_contain_text(words)
        await expect(desk.locator(FIELD)).to_have_value("")

    async def finish(self, desk: Page) -> None:
        """End the conversation, with the wrap-up it asks for."""
        await desk.get_by_role("button", name="End", exact=True).click()
        outcome = desk.get_by_label("Outcome")
        await outcome.select_option(label="Solved")
        await desk.get_by_role("button", name="Done").click()

    async def read(self, desk: Page, path: str, **query: str | float | bool) -> Any:
        """What the API says to the person of this page."""
        response = await desk.request.get(f"{self.centre.desk}/api/v1/{path}", params=query)
        assert response.ok, await response.text()
        return await response.json()


@asynccontextmanager
async def first_light(folder: Path, postfix: PostfixServer) -> AsyncIterator[Light]:
    """The stage; the way to the relay goes through a line that can be frozen."""
    async with (
        chaos_proxy(postfix.port) as relay,
        host_site() as host,
        async_chromium() as web,
    ):
        centre = Program(folder, CHANNELS.format(relay=relay.port, site=host.origin))
        host.widget = centre.widget
        try:
            await centre.start()
            yield Light(centre, postfix, relay, host, web)
        finally:
            await asyncio.to_thread(centre.stop)


async def a_mail_is_answered_over_two_kills(light: Light, desk: Page) -> str:
    """Killed once the mail is acknowledged, and again once the answer is, before it left."""
    await asyncio.to_thread(
        send_with_mail_program, light.centre.smtp_port, CUSTOMER, [HELP], QUESTION, "Please look."
    )
    await light.centre.kill_and_start()
    await desk.get_by_role("button", name="Go ready").click()
    made = await light.accept(desk, "Please look.")
    light.relay.freeze()
    await light.answer(desk, MAILED)
    await light.centre.kill()
    light.relay.cut()
    light.relay.thaw()
    assert light.postfix.delivered(CUSTOMER) == []
    await light.centre.start()
    await asyncio.to_thread(light.postfix.wait_for_mail, CUSTOMER)
    await expect(desk.locator(".entry-agent .entry-text")).to_have_count(1, timeout=PATIENCE_MS)
    return made


async def a_chat_is_answered_over_two_kills(light: Light, desk: Page) -> str:
    """Killed once the visitor's words are acknowledged, and again once the agent's are."""
    visitor = await light.page(light.host.origin)
    await button(visitor).click()
    await visitor.get_by_label("Message").fill(ASKED)
    await visitor.get_by_role("button", name="Start chat").click()
    await visitor.get_by_label("Your message").wait_for()
    await light.centre.kill_and_start()
    made = await light.accept(desk, ASKED)
    await light.answer(desk, CHATTED)
    await light.centre.kill_and_start()
    await expect(bubbles(visitor)).to_have_text([ASKED, CHATTED], timeout=PATIENCE_MS)
    await visitor.get_by_label("Your message").fill("Thank you")
    await visitor.keyboard.press("Enter")
    await expect(desk.get_by_role("log").get_by_text("Thank you")).to_be_visible(
        timeout=PATIENCE_MS
    )
    return made


async def counted_and_kept(light: Light, mail: str, chat: str) -> None:
    """The manager reads the same in the report and in the timelines: two, and nothing twice."""
    manager = await light.signed_in("max")
    day_ms = 24 * 3_600_000
    now: int = await manager.evaluate("Date.now()")
    report = await light.read(
        manager,
        "reports/queue-by-interval",
        **{"from": str(now - day_ms), "to": str(now + day_ms), "split": "true"},
    )
    figures = {row["medium"]: row["figures"] for row in report["rows"] if row["figures"]["offered"]}
    counts = ("offered", "answered", "abandoned", "flowed_out")
    assert {medium: [row[name] for name in counts] for medium, row in figures.items()} == {
        "mail": [1, 1, 0, 0],
        "chat": [1, 1, 0, 0],
    }
    for made, said in ((mail, ["Please look.", MAILED]), (chat, [ASKED, CHATTED, "Thank you"])):
        kept = await light.read(manager, f"interactions/{made}")
        assert [entry["text"].strip() for entry in kept["entries"]] == said
        assert kept["entries"][1]["mark"] in ("sent", "delivered", "seen")
        assert [one["kind"] for one in kept["segments"]].count("talking") == 1
        offers = [one for one in kept["decisions"] if one["kind"] == "offered"]
        assert {one["agent_id"] for one in offers} == {"mia"}
        assert all(one["why"] for one in offers)


def in_the_thread(letters: Sequence[EmailMessage]) -> None:
    """One reply, and a mail program would show it below the question."""
    (reply,) = letters
    assert reply["Subject"] == f"Re: {QUESTION}"
    assert reply["From"].addresses[0].addr_spec == HELP
    assert reply["In-Reply-To"]
    assert reply["In-Reply-To"] in reply["References"]
    assert MAILED in reply.get_content()


def test_a_mail_and_a_chat_go_all_the_way_though_the_centre_is_killed_after_each_word(
    tmp_path: Path,
) -> None:
    async def story(postfix: PostfixServer) -> None:
        async with asyncio.timeout(DEADLINE_S), first_light(tmp_path, postfix) as light:
            desk = await light.signed_in("mia")
            mail = await a_mail_is_answered_over_two_kills(light, desk)
            await light.finish(desk)
            chat = await a_chat_is_answered_over_two_kills(light, desk)
            await light.finish(desk)
            await light.centre.kill_and_start()
            await counted_and_kept(light, mail, chat)

    with postfix_server(addresses=[CUSTOMER]) as postfix:
        asyncio.run(story(postfix))
        in_the_thread(postfix.delivered(CUSTOMER))
