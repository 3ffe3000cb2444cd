"""Ready is who can take and route work: a medium in trouble is named, and stops nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import httpx
import pytest
from fastapi import FastAPI

from config.health import routes


async def asked(unwell: Mapping[str, str]) -> tuple[int, str]:
    app = FastAPI()
    app.include_router(routes(lambda: unwell))
    there = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=there, base_url="http://centre.example") as http:
        answer = await http.get("/readyz")
        return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("unwell", "status", "words"),
    [
        ({}, 200, "ready\n"),
        ({"channel.mail.mailbox.info": "no log-in"}, 200, "ready\nin trouble: mail\n"),
        (
            {"channel.mail.mailbox.a": "x", "channel.mail.mailbox.b": "y", "effects.fax": "z"},
            200,
            "ready\nin trouble: fax\nin trouble: mail\n",
        ),
        ({"log": "the disk is full"}, 503, "not ready\nin trouble: log\n"),
        (
            {"lead": "another leads", "channel.chat.socket": "x"},
            503,
            "not ready\nin trouble: chat\nin trouble: lead\n",
        ),
    ],
)
def test_only_what_stops_the_router_makes_the_centre_unready(
    unwell: Mapping[str, str], status: int, words: str
) -> None:
    assert asyncio.run(asked(unwell)) == (status, words)
