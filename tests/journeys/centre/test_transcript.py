"""MAIL-6: a chat is mailed to an address that was proved by a code, through a real mail server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from playwright.async_api import expect

from tests.journeys.centre.test_first_light import PATIENCE_MS, Light, first_light
from tests.journeys.chat.stage import button
from tests.support.programs_postfix import PostfixServer, postfix_server

LI = "li@example.test"
DEADLINE_S = 150.0


async def a_chat_is_asked_for(light: Light, postfix: PostfixServer) -> None:
    page = await light.page(light.host.origin)
    await button(page).click()
    await page.get_by_label("Message").fill("Is 5 < 6 & so on?\nYours, Li")
    await page.get_by_role("button", name="Start chat").click()
    await page.get_by_label("Your message").wait_for()
    await page.get_by_role("button", name="More").click()
    await page.get_by_role("button", name="Send me this chat by mail").click()
    await page.get_by_label("Mail address").fill(LI)
    await page.get_by_role("button", name="Send me a code").click()
    await asyncio.to_thread(postfix.wait_for_mail, LI)
    (first,) = postfix.delivered(LI)
    found = re.search(r"\b\d{6}\b", first.get_content())
    assert found is not None
    await page.get_by_label("Code", exact=True).fill(found[0])
    await page.get_by_role("button", name="Send the chat").click()
    await expect(page.get_by_label("Code", exact=True)).to_be_hidden(timeout=PATIENCE_MS)
    await asyncio.to_thread(postfix.wait_for_mail, LI, 2)


def test_mail_6_a_visitor_gets_the_chat_by_mail_after_the_code_came_back(tmp_path: Path) -> None:
    async def story(postfix: PostfixServer) -> None:
        async with asyncio.timeout(DEADLINE_S), first_light(tmp_path, postfix) as light:
            await a_chat_is_asked_for(light, postfix)

    with postfix_server(addresses=[LI]) as postfix:
        asyncio.run(story(postfix))
        _, transcript = postfix.delivered(LI)
        assert "You: Is 5 < 6 & so on?" in transcript.get_content()
        assert transcript["From"].addresses[0].addr_spec == "help@carillon.test"
