"""A whole centre in one process: its first account, its figures, its live configuration."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from config import health
from config.centre import Site
from config.check import load
from tests.config.support import CENTRE, lines, with_line, write

PASSWORD = "three trams to the harbour"
ORIGIN = "https://desk.example.org"
SITE = """
    [site]
    profile = "production"

    [desk]
    listen = "127.0.0.1:0"
    origin = "https://desk.example.org"

    [widget]
    listen = "127.0.0.1:0"
    origin = "https://chat.example.org"

    [secrets]
    key_encryption_key = "file:key"

    [metrics]
    token = "file:token"

    [channels]
    """
TOKEN = "f3b0c44298fc1c149afbf4c8996fb92427ae41e4"
FILES = CENTRE | {"site.toml": SITE, "key": "0f9a27c1b7e5d3480f9a27c1b7e5d348", "token": TOKEN}


def running(folder: Path, story: Callable[[Site, httpx.AsyncClient], Awaitable[None]]) -> None:
    """Tell a story of a production centre on loopback."""
    write(folder, FILES)

    async def tell() -> None:
        loaded = load(folder)
        assert lines(loaded) == []
        site = Site(loaded)
        async with asyncio.timeout(60):
            await site.open()
            try:
                address = f"http://127.0.0.1:{site.desk_port}"
                headers = {"Origin": ORIGIN, "X-Carillon": "1"}
                async with httpx.AsyncClient(base_url=address, headers=headers) as http:
                    await story(site, http)
            finally:
                await site.close()

    asyncio.run(tell())


def test_cfg_3_a_new_production_centre_shows_a_code_and_has_no_account(tmp_path: Path) -> None:
    async def story(site: Site, http: httpx.AsyncClient) -> None:
        found = re.search(r"code ([a-z2-7-]{27})", await site.greeting())
        assert found is not None
        body = {"code": found.group(1), "user": "ada", "password": PASSWORD}
        assert (await http.post("/api/v1/setup", json={**body, "code": "x"})).status_code == 404
        assert (await http.post("/api/v1/setup", json=body)).status_code == 201
        assert (await http.post("/api/v1/setup", json=body)).status_code == 404
        entry = {"user": "ada", "password": PASSWORD}
        assert (await http.post("/api/v1/session", json=entry)).status_code == 200

    running(tmp_path, story)


def test_figures_and_health_are_shown_to_those_they_are_for(tmp_path: Path) -> None:
    async def story(site: Site, http: httpx.AsyncClient) -> None:
        assert (await http.get("/healthz")).text == "ok\n"
        assert (await http.get("/readyz")).text == "ready\n"
        assert (await http.get("/metrics")).status_code == 401
        shown = await http.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
        assert shown.status_code == 200
        assert 'carillon_queue_waiting{queue="support"} 0.0' in shown.text

    running(tmp_path, story)


@pytest.mark.parametrize(
    ("unwell", "status"),
    [
        ({}, 200),
        ({"channel.mail.mailbox help": "does not answer"}, 200),
        ({"effects.mail": "Deliver at position 7: the disk is full"}, 200),
        ({"log": "the disk is full"}, 503),
        ({"lead": "epoch 2 leads"}, 503),
        ({"desk: projection": "StorageFailed()", "channel.mail.outgoing": "waits"}, 503),
    ],
)
def test_a_medium_in_trouble_keeps_nobody_from_the_others(
    unwell: dict[str, str], status: int
) -> None:
    async def asked() -> int:
        application = FastAPI()
        application.include_router(health.routes(lambda: unwell))
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://centre") as http:
            return (await http.get("/readyz")).status_code

    assert asyncio.run(asked()) == status


def test_a_changed_file_decides_and_a_wrong_one_is_told_of(tmp_path: Path) -> None:
    async def story(site: Site, http: httpx.AsyncClient) -> None:
        before = site.centre.hub.catalogue().version
        write(tmp_path, with_line("queues.toml", "german >= 3", "german >= 4"))
        await site.reload.reload()
        after = site.centre.hub.catalogue().version
        assert after != before
        write(tmp_path, {"queues.toml": "["})
        state = await site.reload.reload()
        assert [mistake.file for mistake in state.mistakes] == ["queues.toml"]
        assert site.centre.hub.catalogue().version == after

    running(tmp_path, story)
