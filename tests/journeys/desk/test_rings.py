"""Acceptance 33 and 34: every stop of the Tab key is seen, in its ring and over everything else."""

from pathlib import Path

from playwright.async_api import Page, expect

from tests.journeys.desk.house import House, live
from tests.journeys.desk.tour import THEMES, begin, wear

# Focus set by a script after a key counts as set by the keyboard: the same ring is drawn.
RINGS = """
async () => {
  const canvas = new OffscreenCanvas(1, 1);
  const brush = canvas.getContext("2d", { willReadFrequently: true });
  const rgb = (colours) => {
    brush.clearRect(0, 0, 1, 1);
    for (const each of colours) { brush.fillStyle = each; brush.fillRect(0, 0, 1, 1); }
    return brush.getImageData(0, 0, 1, 1).data;
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((each) => each / 255)
    .map((each) => (each <= 0.04045 ? each / 12.92 : ((each + 0.055) / 1.055) ** 2.4))
    .reduce((sum, each, at) => sum + each * [0.2126, 0.7152, 0.0722][at], 0);
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const grounds = (element) => {
    const found = [];
    for (let at = element; at !== null; at = at.parentElement) {
      found.unshift(getComputedStyle(at).backgroundColor);
    }
    return ["white", ...found];
  };
  const stops = [...document.querySelectorAll(
    "a[href], button, input, select, textarea, summary, [tabindex]")]
    .filter((each) => each.tabIndex >= 0 && each.checkVisibility({ visibilityProperty: true }));
  const wrong = [];
  for (const stop of stops) {
    stop.focus();
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    if (document.activeElement !== stop) continue;
    const style = getComputedStyle(stop);
    const what = stop.outerHTML.slice(0, 100);
    if (!stop.matches(":focus-visible")) { wrong.push(`no ring: ${what}`); continue; }
    if (!(parseFloat(style.outlineWidth) >= 2) || style.outlineStyle === "none") {
      wrong.push(`thin ring: ${what}`);
      continue;
    }
    const inside = parseFloat(style.outlineOffset) < 0;
    const ground = grounds(inside ? stop : stop.parentElement);
    const ratio = contrast(rgb([...ground, style.outlineColor]), rgb(ground));
    if (ratio < 3) wrong.push(`ring of ${ratio.toFixed(2)}: ${what}`);
    const box = stop.getBoundingClientRect();
    const within = (at, most) => Math.min(Math.max(at, 1), most - 2);
    const open = (across, down) => {
      const x = within(box.x + box.width * across, innerWidth);
      const top = document.elementFromPoint(x, within(box.y + down, innerHeight));
      return top === null || stop.contains(top) || top.contains(stop)
        || top.closest("label")?.contains(stop) || top.closest("label")?.htmlFor === stop.id;
    };
    // An offer may lie upon a part of a whole page that has focus, never upon a control.
    const seen = open(0.5, Math.min(box.height / 2, 10))
      || (box.height > innerHeight / 2 && open(0.02, 10) && open(0.98, box.height - 10));
    if (!seen) wrong.push(`covered: ${what}`);
  }
  return [stops.length, wrong];
}
"""


async def rings(page: Page) -> tuple[int, list[str]]:
    """How many stops a page has, and what is wrong with their rings."""
    await page.keyboard.press("Tab")
    stops, wrong = await page.evaluate(RINGS)
    return stops, wrong


def test_33_every_stop_of_every_page_has_a_ring_of_three_to_one_and_lies_open(
    tmp_path: Path,
) -> None:
    async def tell(house: House) -> None:
        tour = await begin(house)
        found = []
        stops = dict.fromkeys(THEMES, 0)
        async for stop in tour.stops(sections=3):
            for theme in THEMES:
                await wear(stop.page, theme)
                number, wrong = await rings(stop.page)
                stops[theme] += number
                found += [f"{stop.name} {theme}: {each}" for each in wrong]
        assert found == []
        assert all(number > 200 for number in stops.values()), stops

    live(tmp_path, tell)


def test_33_and_34_tab_goes_from_the_skip_links_through_all_parts_in_their_order(
    tmp_path: Path,
) -> None:
    async def tell(house: House) -> None:
        page = (await begin(house)).agent
        await page.evaluate("location.hash = '#/work'")
        await page.locator(".work-row").last.click()
        await expect(page.locator(".entry").first).to_be_visible()
        await page.reload()
        await expect(page.locator(".entry").first).to_be_visible()
        await page.keyboard.press("Tab")
        assert (
            await page.evaluate("document.activeElement.textContent") == "Skip to the conversation"
        )
        seen: list[str] = []
        for _ in range(80):
            await page.keyboard.press("Tab")
            part = await page.evaluate(
                "document.activeElement.closest('[data-region]')?.dataset.region ?? ''"
            )
            if part and (not seen or seen[-1] != part):
                seen.append(part)
            if await page.evaluate("document.activeElement === document.body"):
                break
        assert seen == ["status", "offers", "rail", "work", "conversation", "composer", "side"]
        await page.locator("#presence").focus()
        regions = []
        for _ in range(7):
            await page.keyboard.press("F6")
            regions.append(
                await page.evaluate(
                    "document.activeElement.closest('[data-region]').dataset.region"
                )
            )
        assert regions == [*seen[1:], "status"]

    live(tmp_path, tell)
