"""Attack 25: two hundred payloads in every place of the desk that shows strangers' words."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from html.parser import HTMLParser
from pathlib import Path

import msgspec
import pytest
from playwright.async_api import Page, expect
from typing_extensions import override

from channels.mail.cleaning import clean_html
from router.model.agent import Capacity
from router.model.catalogue import Catalogue
from router.model.commands import Accept, AddEntry
from router.model.content import Author, Content, MailHeaders
from router.model.ids import AgentId, InteractionId, SubjectId
from tests.agent_desktop.world import CHAT, MAIL, a_catalogue
from tests.journeys.desk.canary import ACTIVE, WATCH, Canary, canary
from tests.journeys.desk.house import House, house
from tests.journeys.desk.stage import DEADLINE_S, Stage, stage
from tests.journeys.desk.tour import settled
from tests.support import loop
from tests.support.payloads import xss_payloads

MIA = AgentId("mia")
ACTIVE_TAGS = frozenset({"script", "iframe", "object", "embed", "base", "form", "svg", "math"})


class Judge(HTMLParser):
    """What of a message's served HTML could act."""

    def __init__(self) -> None:
        super().__init__()
        self.faults: list[str] = []

    @override
    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ACTIVE_TAGS:
            self.faults.append(tag)
        for name, value in attrs:
            acts = re.match(r"\s*(javascript|vbscript|data:text)", value or "", re.IGNORECASE)
            if name.startswith("on") or acts:
                self.faults.append(f"{tag} {name}={value}")


def roomy() -> Catalogue:
    """Mia may have everything in hand at once, for as long as she likes."""
    return msgspec.structs.replace(
        a_catalogue(), capacity=Capacity(slots={MAIL: 5, CHAT: 250}, total=250), offer_ms={}
    )


async def judged(page: Page, watch: Canary, *routes: str) -> None:
    """Nothing came of the words on these pages, nor stands there that could still act."""
    for route in routes:
        await page.evaluate(f"location.hash = '#/{route}'")
        await page.wait_for_timeout(300)
        height = await page.evaluate("document.querySelector('.entries, .page')?.scrollHeight ?? 0")
        for down in range(0, min(height, 60_000), 3_000):
            await page.evaluate(f"document.querySelector('.entries, .page')?.scrollTo(0, {down})")
            await page.wait_for_timeout(20)
        assert await page.evaluate(ACTIVE) == [], route
    assert await page.evaluate("window.violations") == []
    assert watch.dialogs == []
    assert watch.hits == []


def attacked(tmp_path: Path, tell: Callable[[Stage, Canary], Awaitable[None]]) -> None:
    """Tell a story on a stage whose browser finds a canary wherever else it goes."""

    async def run() -> None:
        async with (
            asyncio.timeout(DEADLINE_S),
            canary(xss_payloads()) as watch,
            stage(tmp_path, flags=(watch.flag,), catalogue=roomy()) as made,
        ):
            await tell(made, watch)

    asyncio.run(run())


async def given(stage: Stage, page: Page, interaction_id: InteractionId) -> None:
    """Mia has taken it."""
    view = stage.centre.hub.agent(MIA)
    assert view is not None
    for offer in view.offers:
        await stage.centre.submit(Accept(offer, MIA))
    place = f"work/{interaction_id}"
    await page.evaluate(f"location.hash = '#/{place}'")
    await expect(page.locator(".entry").first).to_be_visible()


async def says(stage: Stage, to: InteractionId, content: Content, author: Author) -> None:
    """One more entry with these words, files and headers."""
    await stage.centre.submit(
        AddEntry(
            interaction_id=to,
            author=author,
            entry=await stage.centre.content(subject_of(stage, to), content),
            agent_id=MIA if author is Author.AGENT else None,
            note=author is Author.AGENT,
        )
    )


def subject_of(stage: Stage, interaction_id: InteractionId) -> SubjectId:
    view = stage.centre.hub.interaction(interaction_id)
    assert view is not None
    return view.subject


async def a_mail(stage: Stage, to: InteractionId, number: int, text: str, *, raw: bool) -> Content:
    """A mail whose every part is the payload; its HTML as the mail channel cleans it, or raw."""
    files, subject = stage.centre.files, subject_of(stage, to)
    html = text if raw else clean_html(text).html
    page = await files.put(subject, html.encode(), "message.html", "text/html")
    return Content(
        text=text,
        quoted=text,
        html_file="" if number % 4 == 3 else page.file_id,
        mail=MailHeaders(
            sender="eve@example.test", sender_name=text, to=(text,), cc=(text,), subject=text
        ),
        files=(await files.put(subject, b"x", text[:150], "text/plain"),),
        fields={text: text},
        notices=(text,),
    )


def test_attack_25_no_word_of_a_chat_a_note_a_name_or_a_card_becomes_markup(tmp_path: Path) -> None:
    words = xss_payloads()
    assert len(words) >= 199

    async def tell(stage: Stage, watch: Canary) -> None:
        page = await stage.open("mia", spy=WATCH)
        watch.watch(page)
        chat = await stage.centre.arrive(text="hello", sender="first@example.test")
        await page.get_by_role("button", name="Go ready").click()
        await expect(page.locator("[data-offer]")).to_be_visible()
        await given(stage, page, chat)
        for text in words:
            await says(stage, chat, Content(text=text), Author.CUSTOMER)
            await says(stage, chat, Content(text=text), Author.AGENT)
        # Everybody's name, first words and attributes are in the list, in offers and in titles.
        for number, text in enumerate(words):
            await stage.centre.arrive(
                text=text, name=text[:200], sender=f"c{number}@example.test", topic=text[:200]
            )
        for _ in range(3):
            await given(stage, page, chat)
        # Two hundred chats take their time to be drawn on a busy machine.
        await expect(page.locator(".work-row")).to_have_count(len(words) + 1, timeout=60_000)
        shown = await page.locator(".entry-customer .entry-text").all_inner_texts()
        assert len(shown) >= len(words)
        card = await stage.centre.customers.card(subject_of(stage, chat))
        fields = {text[:60]: text[:1_000] for text in words[:40]}
        changed = msgspec.structs.replace(
            card,
            name=words[0][:200],
            tier=words[1][:60],
            language=words[2][:20],
            fields=fields,
            notes=words[3],
        )
        await stage.centre.customers.change(changed, "mia")
        await judged(page, watch, f"work/{chat}", "work", "day", "board", f"timeline/{chat}")

    attacked(tmp_path, tell)


@pytest.mark.parametrize("raw", [False, True], ids=["cleaned", "behind a hole in the cleaner"])
def test_attack_25_no_part_of_a_mail_becomes_markup(tmp_path: Path, raw: bool) -> None:
    words = xss_payloads()

    async def tell(stage: Stage, watch: Canary) -> None:
        page = await stage.ready("mia", spy=WATCH)
        watch.watch(page)
        mail = await stage.centre.arrive(MAIL, text="hello", sender="eve@example.test")
        await expect(page.locator("[data-offer]")).to_be_visible()
        await given(stage, page, mail)
        for number, text in enumerate(words):
            content = await a_mail(stage, mail, number, text, raw=raw)
            await says(stage, mail, content, Author.CUSTOMER)
        await page.reload()
        await expect(page.locator("iframe").last).to_be_visible()
        while await (older := page.get_by_role("button", name="Older")).count():
            known = await page.locator(".entry").count()
            await older.click()
            while await page.locator(".entry").count() == known and await older.count():
                await page.wait_for_timeout(20)
        frames = await page.locator("iframe").evaluate_all("all => all.map((each) => each.src)")
        assert len(frames) >= len(words) * 3 // 4
        for each in frames if not raw else ():
            judge = Judge()
            judge.feed(await (await page.request.get(each)).text())
            assert judge.faults == [], each
        await judged(page, watch, f"work/{mail}", f"timeline/{mail}")

    attacked(tmp_path, tell)


def test_attack_25_no_title_of_the_configuration_becomes_markup(tmp_path: Path) -> None:
    """Board, report, set-up and pickers show what an administrator or an import wrote."""
    words = [text[:100] for text in xss_payloads() if text.isprintable()]
    assert len(words) >= 150
    hostile = "".join(
        f"[queue.q{number}]\ntitle = {{ en = {json.dumps(text)} }}\n"
        f"[agent.a{number}]\nname = {json.dumps(text)}\nqueues = ['q{number}']\n"
        for number, text in enumerate(words)
    )

    async def run() -> None:
        async with (
            asyncio.timeout(DEADLINE_S),
            canary(xss_payloads()) as watch,
            house(tmp_path, watch.flag, hostile=hostile) as made,
        ):
            await look_around(made, watch)

    async def look_around(made: House, watch: Canary) -> None:
        page = await made.open("max", spy=WATCH)
        watch.watch(page)
        await page.evaluate("location.hash = '#/board'")
        await expect(page.locator(".grid tbody tr").nth(2 * len(words))).to_be_attached()
        await judged(page, watch, "board", "reports", "config")
        await page.locator(".config-names button", has_text="q1").first.click()
        await settled(page)
        await judged(page, watch, "config")

    loop.run(run())
