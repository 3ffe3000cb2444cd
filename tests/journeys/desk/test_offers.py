"""Acceptance 3 to 14: what rings, who may be interrupted, and how it ends."""

import asyncio
import statistics
from collections.abc import Callable
from pathlib import Path
from statistics import median

import msgspec
from playwright.async_api import Page, expect

from router.model.agent import Capacity
from tests.agent_desktop.world import CHAT, MAIL, a_catalogue
from tests.journeys.desk.stage import FIELD, OFFER, REMEMBER_ALERTS, SPY_ON_SOUND, Stage, play

SPY_ON_FRAMES = """
(() => {
  const Real = WebSocket;
  window.paints = [];
  window.asked = [];
  const get = window.fetch;
  window.fetch = (...args) => {
    window.asked.push([performance.now(), String(args[0])]);
    return get(...args);
  };
  window.WebSocket = class extends Real {
    constructor(...args) {
      super(...args);
      this.addEventListener("message", (event) => {
        const frame = JSON.parse(event.data);
        if (frame.type !== "push" || frame.kind !== "offered") return;
        const at = performance.now();
        const look = () => {
          const card = document.querySelector(`[data-offer="${frame.offer.offer_id}"]`);
          if (card === null || !card.textContent.includes(frame.offer.customer.name)) {
            return requestAnimationFrame(look);
          }
          const asked = window.asked.filter(([when]) => when >= at).map(([, what]) => what);
          // A task after the frame's callbacks: by then it has been laid out and painted.
          const painted = new MessageChannel();
          painted.port1.onmessage = () => window.paints.push([performance.now() - at, asked]);
          painted.port2.postMessage(null);
        };
        look();
      });
    }
  };
})();
"""

QUICK = msgspec.structs.replace(a_catalogue(), offer_ms={"chat": 6_000, "mail": 6_000})


ROOMY = msgspec.structs.replace(a_catalogue(), capacity=Capacity(slots={MAIL: 2, CHAT: 10}))
PROMISED_MS = 100
FAILS_AT = 3
"""Other work on the machine of a test is no fault of the page: three times the figure is."""


def test_03_an_offer_stands_complete_within_100_ms_of_its_frame(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """40 offers with 6 items in hand and 500 messages open; no request before they are painted."""

    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia", spy=SPY_ON_FRAMES)
        in_hand = [
            await stage.taken(page, sender=f"b{number}@x.example", name=f"Busy {number}")
            for number in range(6)
        ]
        for number in range(500):
            await stage.centre.says(in_hand[-1], f"message {number}")
        await expect(page.get_by_text("message 499", exact=True)).to_be_visible(timeout=60_000)
        await expect(page.locator(".work-row")).to_have_count(6)
        for number in range(40):
            chat = await stage.centre.arrive(sender=f"c{number}@x.example", name=f"Caller {number}")
            while await page.evaluate("window.paints.length") < 7 + number:
                await page.wait_for_timeout(20)
            await stage.leave(chat)
        paints = (await page.evaluate("window.paints"))[6:]
        spent = sorted(ms for ms, _ in paints)
        p95 = statistics.quantiles(spent, n=20)[-1]
        record_property("offer_paint_p95_ms", round(p95, 1))
        print(f"offer frame to painted text: p95 {p95:.1f} ms, {PROMISED_MS} promised")  # noqa: T201 - for who reads the run
        assert p95 <= FAILS_AT * PROMISED_MS, spent
        assert all(asked == [] for _, asked in paints)

    play(tmp_path, tell, catalogue=ROOMY)


def test_04_an_offers_accessible_text_holds_all_that_is_promised(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.evaluate(REMEMBER_ALERTS)
        await stage.offered(page)
        card = page.get_by_role("dialog", name="Ana Ruiz")
        text = await card.inner_text()
        for part in (
            "Chat",
            "Ana Ruiz",
            "Billing",
            "Where is my invoice?",
            "no earlier contact",
            "F2",
        ):
            assert part in text
        assert "no time promised" in text or "on time" in text
        assert (await page.evaluate("window.alerts"))[0].startswith(
            "Chat offered: Ana Ruiz, Billing"
        )

    play(tmp_path, tell)


def test_05_typing_goes_on_while_an_offer_comes(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await page.locator(FIELD).focus()
        ringing = asyncio.create_task(stage.second_ring(page))
        await page.keyboard.type("twenty keys in a row", delay=40)
        await ringing
        assert await page.evaluate("document.activeElement.id") == "composer-field"
        await expect(page.locator(FIELD)).to_have_value("twenty keys in a row")

    play(tmp_path, tell)


def test_06_a_card_that_has_just_appeared_ignores_presses(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.evaluate("""
        () => new MutationObserver(() => {
          const button = document.querySelector("[data-offer] .press-primary");
          if (button === null || button.dataset.pressed) return;
          button.dataset.pressed = "1";
          button.focus();
          button.click();
          for (const key of ["Enter", " "]) {
            button.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          }
          button.click();
        }).observe(document.body, { childList: true, subtree: true })
        """)
        await stage.offered(page)
        await page.wait_for_timeout(400)
        await expect(page.locator(f"{OFFER} .press-primary[data-pressed]")).to_be_visible()
        assert len(stage.centre.hub.agent("mia").offers) == 1  # type: ignore[union-attr, arg-type]  # she is there
        await page.locator(f"{OFFER} .press-primary").click()
        await expect(page.locator("#conversation-title")).to_be_visible()

    play(tmp_path, tell)


def test_07_f2_in_a_text_field_accepts_the_first_of_two_offers_only(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.taken(page)
        await stage.second_ring(page)
        await stage.centre.arrive(sender="eva@x.example", name="Eva Lind")
        await expect(page.locator(OFFER)).to_have_count(2)
        await page.locator(FIELD).focus()
        await page.keyboard.press("F2")
        await expect(page.locator("#conversation-title")).to_contain_text("Tom Berg")
        await expect(page.locator(OFFER)).to_have_count(1)
        await expect(page.locator(OFFER)).to_contain_text("Eva Lind")

    play(tmp_path, tell)


def test_08_find_and_enter_accepts_while_an_offer_is_shown(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.offered(page)
        await page.keyboard.press("Control+k")
        await expect(page.get_by_role("option").first).to_contain_text("Accept")
        await page.keyboard.press("Enter")
        await expect(page.locator("#conversation-title")).to_contain_text("Ana Ruiz")

    play(tmp_path, tell)


async def _settings(page: Page) -> None:
    await page.keyboard.press("g")
    await page.keyboard.press("s")
    await expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()


def test_09_interrupt_me_is_a_modal_alert_dialog_that_gives_focus_back(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await _settings(page)
        box = page.get_by_label("Interrupt me")
        await box.check()
        await stage.offered(page)
        dialog = page.get_by_role("alertdialog", name="Ana Ruiz")
        await expect(dialog).to_have_attribute("aria-modal", "true")
        await expect(dialog.get_by_role("heading")).to_be_focused()
        for _ in range(6):
            await page.keyboard.press("Tab")
            assert await dialog.evaluate("(each) => each.contains(document.activeElement)")
        await page.wait_for_timeout(320)
        await dialog.get_by_role("button", name="Decline").click()
        await page.get_by_role("menuitem", name="Not now").click()
        await expect(page.locator(OFFER)).to_have_count(0)
        await expect(box).to_be_focused()
        assert await page.evaluate("document.querySelectorAll('[inert]').length") == 0

    play(tmp_path, tell)


def test_10_otherwise_nothing_is_modal_and_nothing_inert(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await stage.offered(page)
        await page.keyboard.press("Control+k")
        assert await page.locator("[aria-modal=true]").count() == 0
        assert await page.evaluate("document.querySelectorAll('[inert]').length") == 0

    play(tmp_path, tell)


def test_11_and_14_an_offer_that_runs_out_says_three_things_and_one_press_is_ready_again(
    tmp_path: Path,
) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia")
        await page.evaluate(REMEMBER_ALERTS)
        await stage.offered(page)
        await expect(page.locator("[data-strip=missed]")).to_be_visible(timeout=15_000)
        await page.wait_for_timeout(1_200)
        alerts = await page.evaluate("window.alerts")
        assert len(alerts) == 3, alerts
        assert alerts[0].startswith("Chat offered")
        assert "5 seconds left" in alerts[1]
        assert "no answer" in alerts[2]
        await expect(page.locator("#presence")).to_contain_text("No answer")
        await page.locator("[data-strip=missed]").get_by_role("button", name="Ready").click()
        await expect(page.locator("#presence")).not_to_contain_text("No answer")
        await expect(page.locator("[data-strip=missed]")).to_have_count(0)

    play(tmp_path, tell, catalogue=QUICK)


# When the page hears that a ring is over, and when it is silent and says so: both by its own clock.
SPY_ON_THE_END = """
(() => {
  const Plain = WebSocket;
  window.WebSocket = class extends Plain {
    constructor(...way) {
      super(...way);
      this.addEventListener("message", (event) => {
        if (String(event.data).includes('"offer_ended"')) window.heardAt = performance.now();
      });
    }
  };
  window.silence = (offer, loudness) => new Promise((done) => {
    const look = () => {
      const card = document.querySelector(`[data-offer="${offer}"].offer-ended`);
      if (card === null || window.gains[loudness].gain.value !== 0) return false;
      done([performance.now() - window.heardAt, card.innerText]);
      return true;
    };
    const watcher = new MutationObserver(() => { if (look()) watcher.disconnect(); });
    watcher.observe(document.body, { childList: true, subtree: true, attributes: true });
  });
})();
"""


def test_12_a_withdrawn_offer_is_silent_and_says_why_within_100_ms(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready("mia", spy=SPY_ON_SOUND + SPY_ON_THE_END)
        rings = []
        for number in range(3):
            # The first node made for a ring is its loudness; the others shape its tones.
            loudness = await page.evaluate("window.gains.length")
            chat = await stage.centre.arrive(sender=f"c{number}@x.example")
            await expect(page.locator(OFFER)).to_have_count(number + 1)
            offer = await page.locator(OFFER).nth(number).get_attribute("data-offer")
            assert await page.evaluate(f"window.gains[{loudness}].gain.value") > 0
            rings.append((chat, offer, loudness))
        took = []
        for chat, offer, loudness in rings:
            await page.evaluate(
                "([offer, loudness]) => { window.ended = window.silence(offer, loudness); }",
                [offer, loudness],
            )
            await stage.leave(chat)
            spent_ms, text = await page.evaluate("window.ended")
            assert "The customer has left" in text
            took.append(spent_ms)
        assert median(took) <= 100, took
        await expect(page.locator(OFFER)).to_have_count(0)

    play(tmp_path, tell)


def test_13_a_notification_has_no_name_and_its_click_does_not_accept(tmp_path: Path) -> None:
    async def tell(stage: Stage) -> None:
        page = await stage.ready(
            "mia",
            spy="""
            window.shown = [];
            window.Notification = class {
              static permission = "granted";
              constructor(title, options) {
                Object.assign(this, { title, ...options });
                window.shown.push(this);
              }
              close() {}
            };
            document.hasFocus = () => false;
            """,
        )
        await stage.offered(page)
        text = await page.evaluate("window.shown[0].title + ' ' + window.shown[0].body")
        assert "Billing" in text
        assert "Ana" not in text
        assert "Ana" not in await page.title()
        assert "(1) Chat, Billing" in await page.title()
        await page.evaluate("window.shown[0].onclick()")
        await page.wait_for_timeout(300)
        await expect(page.locator(OFFER)).to_be_visible()
        assert await page.locator("#conversation-title").count() == 0

    play(tmp_path, tell)
