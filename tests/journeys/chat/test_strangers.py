"""Attack 25 at the widget: nothing that is typed, configured or said there becomes markup."""

from pathlib import Path
from typing import Any

from playwright.async_api import Dialog, Page, expect

from channels.chat.settings import Choice, Field
from tests.journeys.chat.stage import Stage, bubbles, play
from tests.support.payloads import xss_payloads

NAME_MAX = 254
VISITS = 4
PART_MAX = 1_400
ALERTED = "() => { window.alerted = []; window.alert = (text) => window.alerted.push(text); }"

# The widget's own parts stand in its shadow root: a script, a handler or an address that runs.
ACTIVE = r"""
() => [...document.querySelector("carillon-chat").shadowRoot.querySelectorAll("*")]
  .filter((each) => /^(script|object|embed|base|meta|iframe|math|applet)$/i.test(each.tagName)
    || [...each.attributes].some((attribute) => /^on/i.test(attribute.name)
      || (/^(href|src|action|formaction|srcdoc|xlink:href|data)$/i.test(attribute.name)
        && /^\s*(javascript|data|vbscript):/i.test(attribute.value))))
  .map((each) => each.outerHTML.slice(0, 200))
"""


def hostile_site(words: list[str]) -> dict[str, Any]:
    """A site whose every title is a payload: configuration is words, too."""
    texts = iter(words)
    return {
        "title": {"en": next(texts)},
        "greeting": {"en": next(texts)},
        "hours": {"en": next(texts)},
        "topics": (Choice("a", {"en": next(texts)}), Choice("b", {"en": next(texts)})),
        "fields": (
            Field("car", {"en": next(texts)}),
            Field("kind", {"en": next(texts)}, kind="choice", choices=(Choice("x", {"en": "X"}),)),
        ),
    }


def parts(words: list[str]) -> list[str]:
    """The words in as few messages as the widget takes."""
    found = [""]
    for text in words:
        if len(found[-1]) + len(text) > PART_MAX:
            found.append("")
        found[-1] += f"{text}\n"
    return found


async def judged(page: Page) -> None:
    """Nothing on the page runs, and nothing has run."""
    assert await page.evaluate(ACTIVE) == []
    assert await page.evaluate("window.alerted") == []


async def visited(stage: Stage, words: list[str], number: int) -> None:
    """Somebody whose name, answers and words are payloads begins a chat and comes back to it."""
    page = await stage.page(context=await stage.person())
    dialogs: list[str] = []

    async def dismissed(dialog: Dialog) -> None:
        dialogs.append(f"{dialog.type} {dialog.message}")
        await dialog.dismiss()

    page.on("dialog", dismissed)
    await page.evaluate(ALERTED)
    await page.locator("carillon-chat button.o").click()
    await page.locator("#q-own-car").wait_for()
    await page.get_by_label("Name (if you like)").fill(words[number][:NAME_MAX])
    await page.locator("#q-own-car").fill(words[-1 - number][:NAME_MAX])
    first, *more = parts(words[number::VISITS])
    await page.get_by_label("Message").fill(first)
    await judged(page)
    await page.get_by_role("button", name="Start chat").click()
    await page.get_by_label("Your message").wait_for()
    for part in more:
        before = await bubbles(page).count()
        await page.get_by_label("Your message").fill(part)
        await page.keyboard.press("Enter")
        await expect(bubbles(page)).not_to_have_count(before)
    # Whoever leaves with unsent words is asked first.
    await expect(page.locator(".log .bubble.out")).to_have_count(0)
    await judged(page)
    await page.reload()
    await page.evaluate(ALERTED)
    await expect(bubbles(page)).not_to_have_count(0)
    await judged(page)
    assert dialogs == []


def test_attack_25_no_name_field_title_or_message_of_the_widget_becomes_markup(
    tmp_path: Path,
) -> None:
    words = [text for text in xss_payloads() if len(text) < PART_MAX and "\0" not in text]
    assert len(words) >= 180

    async def story(stage: Stage) -> None:
        for number in range(VISITS):
            await visited(stage, words, number)
        contents = await stage.centre.contents()
        assert len(contents) >= VISITS
        said = "\n".join(content.text for content in contents)
        assert sum(words[number].strip() in said for number in range(len(words))) >= 150

    play(tmp_path, story, **hostile_site([text for text in words if len(text) < 120][:7]))
