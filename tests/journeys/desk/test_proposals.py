"""A supervisor proposes, a manager decides, and the audit shows both, with what was changed."""

import re
from pathlib import Path

from playwright.async_api import Locator, Page, expect

from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import settled


async def at(house: House, user: str, place: str) -> Page:
    """Somebody is signed in and at a place."""
    page = await house.open(user)
    await page.evaluate("(place) => { location.hash = `#/${place}`; }", place)
    await settled(page)
    return page


async def said(page: Page, words: str) -> None:
    """The page has said this."""
    notice = page.locator("[data-strip=notice]").filter(has_text=words)
    await expect(notice.first).to_be_visible()


def came(place: Page | Locator) -> Locator:
    """The line of a difference that brings the new skill."""
    return place.locator(".difference-in").filter(has_text="+[skill.french]")


async def suggest(page: Page, skill: str, why: str, number: int) -> None:
    """Propose a new skill at the page of the configuration."""
    await page.locator(".config-sections").get_by_role("button", name="Skills").click()
    await page.get_by_label("Name of a new one").fill(skill)
    await page.get_by_role("button", name="Make it").click()
    card = page.get_by_role("region", name=skill)
    await card.get_by_role("button", name="Propose").click()
    await said(page, "Say why first")
    await card.get_by_label("Why").fill(why)
    await expect(card.get_by_role("button", name="Save", exact=True)).to_have_count(0)
    await card.get_by_role("button", name="Propose").click()
    await said(page, f"Proposal {number} waits for a decision")


def test_a_supervisor_proposes_a_manager_publishes_and_the_audit_shows_it(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        sam = await at(house, "sam", "config")
        await expect(sam.locator("#config-tab-history")).to_have_count(0)
        await suggest(sam, "french", "Lyon opens", 1)
        await suggest(sam, "latin", "Rome opens", 2)
        manager = await at(house, "max", "config")
        await manager.locator("#config-tab-proposals").click()
        latin = manager.locator("li.card").filter(has_text="skill.latin")
        await latin.get_by_label("Why").fill("nobody speaks it")
        await latin.get_by_role("button", name="Reject").click()
        await expect(latin).to_have_count(0)
        card = manager.locator("li.card").filter(has_text="skill.french")
        await expect(card).to_contain_text("Lyon opens")
        publish = card.get_by_role("button", name="Publish")
        await expect(publish).to_have_attribute("aria-disabled", "true")
        await card.get_by_role("button", name="What changed: proposal 1").press("Enter")
        await expect(came(card)).to_be_visible()
        await publish.press("Enter")
        await said(manager, "Proposal 1 is in force")
        texts = [path.read_text(encoding="utf-8") for path in house.folder.rglob("*.toml")]
        assert any("[skill.french]" in text for text in texts)
        await expect(manager.get_by_text("No proposal waits for a decision.")).to_be_visible()
        await manager.get_by_label("Show").select_option("all")
        await expect(card).to_contain_text("published")
        await expect(latin).to_contain_text("nobody speaks it")
        await sam.locator("#config-tab-proposals").click()
        await expect(sam.get_by_text("No proposal waits")).to_be_visible()
        await audited(house, manager)

    live(tmp_path, tell)


async def audited(house: House, page: Page) -> None:
    """The audit names both, shows the difference, answers questions, and notices a forgery."""
    await page.evaluate("location.hash = '#/audit'")
    await settled(page)
    await expect(page.locator("[data-verdict=holds]")).to_contain_text("none was changed")
    rows = page.locator(".audit-table tbody tr")
    published = rows.filter(has_text="changed the set-up")
    await expect(published).to_contain_text("skill.french")
    await published.get_by_role("button").press("Enter")
    await expect(came(page)).to_be_visible()
    await page.get_by_label("Who").fill("sam")
    await page.get_by_label("Who").press("Enter")
    await expect(rows).to_have_count(2)
    await expect(rows.first).to_contain_text("proposed a change")
    await page.get_by_label("Kind").select_option("users")
    await expect(page.get_by_text("No line answers that")).to_be_visible()
    file = house.site.centre.settings.storage.audit_file
    words = file.read_text(encoding="utf-8")
    file.write_text(words.replace("Lyon opens", "Lyon closes", 1), encoding="utf-8")
    await page.get_by_role("button", name="Refresh").click()
    await expect(page.locator("[data-verdict=broken]")).to_contain_text(
        re.compile(r"Line \d+ is not as it was written")
    )
    file.write_text(words, encoding="utf-8")


def test_a_page_that_loses_the_server_says_so_and_reads_again_by_itself(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await at(house, "ada", "audit")
        await expect(page.locator("[data-verdict]")).to_be_visible()
        await page.context.set_offline(True)
        await page.get_by_role("button", name="Refresh").click()
        lost = page.locator("[data-strip=reconnecting]")
        await expect(lost.first).to_contain_text("it is tried again")
        await page.context.set_offline(False)
        await expect(lost).to_have_count(0)
        await expect(page.locator("[data-verdict=holds]")).to_be_visible()

    live(tmp_path, tell)


def test_who_may_not_read_the_audit_finds_no_way_to_it(tmp_path: Path) -> None:
    async def tell(house: House) -> None:
        page = await house.open("sam")
        places = page.get_by_role("navigation")
        await expect(places.get_by_text("Set-up")).to_be_visible()
        await expect(places.get_by_text("Audit")).to_have_count(0)
        await page.evaluate("location.hash = '#/audit'")
        await expect(page.get_by_role("button", name="Try again").first).to_be_visible()
        await expect(page.get_by_text("You may not do that.").first).to_be_visible()

    live(tmp_path, tell)
