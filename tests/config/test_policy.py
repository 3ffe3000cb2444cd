"""What is set about log-ins and load reaches the desk, at the start and when a file changes."""

from __future__ import annotations

from pathlib import Path

import httpx
import msgspec

from agent_desktop.settings import Policy
from config.centre import Site
from config.policy import policy_of
from config.settings_types import LimitSettings, RecordingSettings, Settings, UserPolicy
from router.model.ids import DAY_MS, HOUR_MS, MINUTE_MS
from tests.config.support import write
from tests.config.test_running_centre import FILES, SITE, running


def test_every_part_of_the_desks_policy_can_be_set() -> None:
    users = UserPolicy(
        password_min_length=20,
        session_idle_ms=5 * MINUTE_MS,
        session_idle_supervisor_ms=6 * MINUTE_MS,
        session_total_ms=2 * HOUR_MS,
        sessions=1,
        failures_until_locked=4,
        locked_ms=HOUR_MS,
        breached_passwords=Path("/breached"),
    )
    limits = LimitSettings(desks=7, requests_per_s=8, request_burst=9)
    recordings = RecordingSettings(kept_ms=7 * DAY_MS, agents_listen_ms=0)
    settings = Settings(
        folder=Path("/etc/carillon"), users=users, limits=limits, recordings=recordings
    )
    found = policy_of(settings)
    usual = msgspec.structs.asdict(Policy())
    assert {
        name for name, value in msgspec.structs.asdict(found).items() if value != usual[name]
    } == set(usual)
    assert (found.session_idle_ms, found.session_idle_supervisor_ms) == (300_000, 360_000)
    assert policy_of(Settings(folder=Path("/etc/carillon"))) == Policy()


def test_a_limit_in_a_changed_file_holds_at_once(tmp_path: Path) -> None:
    async def story(site: Site, http: httpx.AsyncClient) -> None:
        for _ in range(5):
            assert (await http.get("/api/v1/session")).status_code == 401
        limits = "[limits]\n    requests_per_s = 1\n    request_burst = 1\n\n    [site]"
        write(tmp_path, FILES | {"site.toml": SITE.replace("[site]", limits)})
        state = await site.reload.reload()
        assert state.mistakes == ()
        found = [(await http.get("/api/v1/session")).status_code for _ in range(4)]
        assert 429 in found

    running(tmp_path, story)
