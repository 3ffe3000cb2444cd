"""Figures for Prometheus: right, complete, and for those who may read them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fastapi import APIRouter
from prometheus_client.parser import text_string_to_metric_families

from agent_desktop.permissions import Role
from config.findings import Mistake
from config.logs import Limit
from config.metrics import Metrics, Sources
from config.metrics_routes import routes
from config.reload import ReloadState
from config.settings_types import MetricsSettings, Settings, SiteSettings
from router.model.ids import Instant
from router.model.secret import Secret
from tests.agent_desktop.world import World, story

TOKEN = "f3b0c44298fc1c149afbf4c8996fb92427ae41e4"
Sample = dict[tuple[str, str], float]


def read(text: str) -> Sample:
    """Every sample by name and the values of its labels."""
    return {
        (sample.name, ",".join(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(world: World, **more: object) -> Metrics:
    return Metrics(Sources(floor=world.hub, log=world.hub, clock=world.clock, unwell=dict, **more))  # type: ignore[arg-type]  # any field of it


def served(world: World, profile: str, token: Secret | None = None) -> Sequence[APIRouter]:
    settings = Settings(
        folder=world.folder,
        site=SiteSettings(profile="lab" if profile == "lab" else "production"),
        metrics=MetricsSettings(token=token),
    )
    return [routes(of(world), lambda: settings)]


def test_queues_and_the_conservation_law_are_as_the_floor_has_them(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        for _ in range(3):
            await world.arrive()
        desk, _ = await world.given("mia")
        world.clock.pass_ms(12_000)
        found = read(of(world).text().decode())
        assert found["carillon_interactions_accepted_total", ""] == 4
        assert found["carillon_interactions", "in_work"] == 1
        assert (
            found["carillon_interactions", "waiting"] + found["carillon_interactions", "offered"]
            == 3
        )
        assert found["carillon_conservation_balances", ""] == 1
        assert found["carillon_queue_engaged", "billing"] == 1
        assert found["carillon_queue_waiting", "sales"] == 0
        assert found["carillon_queue_agents_signed_in", "billing"] == 1
        assert found["carillon_queue_open", "billing"] == 1
        assert found["carillon_queue_longest_wait_seconds", "billing"] >= 12
        assert found["carillon_log_events_total", ""] == world.hub.head()
        assert found["process_open_fds", ""] > 0
        await desk.leave()

    story(tmp_path, tell)


def test_followers_parts_configuration_and_lines_are_told(tmp_path: Path) -> None:
    mistake = Mistake("queues.toml", 3, 1, "queue.a.plan", "wrong")
    state = ReloadState("v7", Instant(1_000_000), Instant(2_000_000), (mistake,), trouble="full")
    limit = Limit()
    limit.held_back()

    async def tell(world: World) -> None:
        await world.arrive()
        head = world.hub.head()
        sources = Sources(
            floor=world.hub,
            log=world.hub,
            clock=world.clock,
            unwell=lambda: {"channel.mail.smtp": "port taken"},
            desks=lambda: 7,
            followers=lambda: {"history": head - 1, "desk": head},
            reload=lambda: state,
            limit=limit,
        )
        found = read(Metrics(sources).text().decode())
        assert found["carillon_unwell", "channel.mail.smtp"] == 1
        assert found["carillon_desks", ""] == 7
        assert found["carillon_follower_behind_events", "history"] == 1
        assert found["carillon_follower_behind_events", "desk"] == 0
        assert found["carillon_configuration_info", "v7"] == 1
        assert found["carillon_configuration_since_seconds", ""] == 1_000
        assert found["carillon_configuration_mistakes", ""] == 1
        assert found["carillon_configuration_delayed", ""] == 1
        assert found["carillon_log_lines_suppressed_total", ""] == 1
        assert found["carillon_log_lines_total", "error"] == 0

    story(tmp_path, tell)


def test_in_the_lab_everybody_on_this_machine_may_read(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        response = await world.http.get("/metrics")
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("text/plain; version=")
        assert read(response.text)["carillon_conservation_balances", ""] == 1

    story(tmp_path, tell, routers=lambda world: served(world, "lab"))


def test_outside_the_lab_a_token_or_the_permission_is_asked_for(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        async def status(authorization: str = "") -> int:
            headers = {"Authorization": authorization} if authorization else {}
            return (await world.http.get("/metrics", headers=headers)).status_code

        assert await status() == 401
        assert await status("Bearer wrong") == 401
        assert await status(f"Basic {TOKEN}") == 401
        assert await status(f"Bearer {TOKEN}") == 200
        ada = await world.sign_in("ada", Role.ADMINISTRATOR)
        assert (await ada.get("/metrics")).status_code == 200
        mia = await world.sign_in("mia")
        assert (await mia.get("/metrics")).status_code == 403

    story(
        tmp_path,
        tell,
        routers=lambda world: served(world, "production", Secret("file:token", TOKEN)),
    )


def test_without_a_token_no_program_gets_in(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        for given in ("Bearer x", "Bearer", "Bearer None", "None"):
            response = await world.http.get("/metrics", headers={"Authorization": given})
            assert response.status_code == 401, given

    story(tmp_path, tell, routers=lambda world: served(world, "production"))
