"""The widget's host against strangers: origins, headers, frames, floods (attacks 26 and 27)."""

import asyncio
import contextlib
import json
import resource
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from channels.chat import pages
from channels.chat.settings import ChatSettings, Site
from channels.chat.tokens import is_token
from tests.channels.chat.centre import ORIGIN, SITE, ChatCentre, settings, tell
from tests.channels.chat.client import Client, once
from tests.support.waiting import soon

WRONG_ORIGINS = (
    None,
    "null",
    "",
    "*",
    "http://localhost",
    "http://localhost:99990",
    "http://localhost:999",
    "https://localhost:9999",
    "http://LOCALHOST:9999",
    "http://localhost:9999/",
    "http://localhost:9999.evil.example",
    "http://evil.localhost:9999",
    "http://localhost:9999@evil.example",
    "http://evil.example/http://localhost:9999",
    "http://localhost.evil.example:9999",
    "ws://localhost:9999",
    "file://",
    "http://127.0.0.1:9999",
    "http://[::1]:9999",
    "http://localhost:9999 http://evil.example",
    "chrome-extension://abcdef",
)


async def status_of(centre: ChatCentre, site: str, origin: str | None) -> int:
    """How a socket is answered: 101, or the status it is refused with."""
    headers = {} if origin is None else {"Origin": origin}
    url = f"{centre.base.replace('http', 'ws', 1)}/ws/chat/{site}"
    try:
        async with connect(url, origin=None, additional_headers=headers, compression=None):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_attack_26_only_a_sites_exact_origins_open_a_socket(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        for origin in WRONG_ORIGINS:
            assert await status_of(centre, SITE, origin) == 403, origin
        assert await status_of(centre, "unknown", ORIGIN) == 403
        assert await status_of(centre, SITE, ORIGIN) == 101
        assert await status_of(centre, SITE, centre.base) == 101, "its own frame"

    tell(tmp_path, story)


def test_attack_26_a_name_somebody_else_points_at_us_is_no_origin_of_ours(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        port = int(centre.base.rpartition(":")[2])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(
            f"GET /ws/chat/{SITE} HTTP/1.1\r\nHost: evil.example\r\n"
            "Origin: http://evil.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
            "".encode()
        )
        assert b" 403 " in await reader.readline()
        writer.close()

    tell(tmp_path, story)


def test_chat_1_every_answer_has_the_headers_of_the_widgets_host(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        own = centre.base.removeprefix("http://")
        async with httpx.AsyncClient(base_url=centre.base) as client:
            for path in ("/widget.js", "/panel.js", "/frame/k_7f", "/nothing", "/frame/none"):
                answer = await client.get(path)
                policy = answer.headers["content-security-policy"]
                ancestors = "'none'"
                if path == "/frame/k_7f":
                    ancestors = f"{ORIGIN} {centre.base}"
                assert policy == (
                    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:;"
                    f" connect-src 'self' ws://{own}; media-src 'self'; base-uri 'none';"
                    f" form-action 'none'; object-src 'none'; frame-ancestors {ancestors}"
                ), path
                assert answer.headers["x-content-type-options"] == "nosniff"
                assert answer.headers["referrer-policy"] == "no-referrer"
                assert "server" not in answer.headers
            assert (await client.get("/demo")).status_code == 404

    tell(tmp_path, story)


def test_a_widget_that_was_not_built_is_told_to_programs_people_and_operators(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "STATIC", tmp_path / "nothing")
    pages.forget_built()

    async def story(centre: ChatCentre) -> None:
        async with httpx.AsyncClient(base_url=centre.base) as client:
            for path in ("/widget.js", "/frame/k_7f", "/frame.css"):
                answer = await client.get(path)
                assert answer.status_code == 503
                assert "make setup" in answer.json()["message"]
            page = await client.get("/frame/k_7f", headers={"Accept": "text/html,*/*"})
            assert page.headers["content-type"] == "text/plain; charset=utf-8"
            assert page.text.startswith("the chat's pages are not built")
        assert "make setup" in centre.channel.health()["widget"]

    try:
        tell(tmp_path, story)
    finally:
        pages.forget_built()


def test_chat_1_behind_tls_the_policy_names_the_public_host(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with httpx.AsyncClient(base_url=centre.base) as client:
            headers = (await client.get("/widget.js", headers={"Host": "evil.example"})).headers
        assert "wss://chat.example.com;" in headers["content-security-policy"]
        assert headers["strict-transport-security"] == "max-age=63072000; includeSubDomains"

    public = msgspec.structs.replace(settings(), origin="https://chat.example.com")
    tell(tmp_path, story, public)


def test_only_an_allowed_origin_may_read_answers_about_a_chat(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with httpx.AsyncClient(base_url=centre.base) as client:
            path = f"/chat/{SITE}/files?name=a.txt"
            for origin in ("http://evil.example", "null"):
                asked = await client.options(path, headers={"Origin": origin})
                assert asked.status_code == 404
                assert "access-control-allow-origin" not in asked.headers
            asked = await client.options(path, headers={"Origin": ORIGIN})
            assert asked.headers["access-control-allow-origin"] == ORIGIN
            nobody = await client.post(path, content=b"x", headers={"Origin": ORIGIN})
            assert (nobody.status_code, nobody.json()["code"]) == (404, "not_found")

    tell(tmp_path, story)


async def closing(centre: ChatCentre, *texts: str | bytes, hello: bool = True) -> int:
    """The code the server closes with after these frames."""
    async with centre.visitor(hello=hello) as visitor:
        with contextlib.suppress(OSError):
            for text in texts:
                await visitor.socket.send(text)
        return await visitor.closed()


def test_attack_27_what_is_too_big_too_odd_or_too_fast_is_closed_with_its_code(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        big = json.dumps({"type": "say", "id": once(), "text": "x" * 16_384})
        ping = json.dumps({"type": "ping"})
        assert await closing(centre, big) == 4413
        assert await closing(centre, "x" * 70_000) == 1009
        assert await closing(centre, "{") == 4400
        assert await closing(centre, b"\0\1") == 4400
        assert await closing(centre, '{"type":"hello","protocol":1}') == 4400
        assert await closing(centre, '{"type":"hello","protocol":2}', hello=False) == 4400
        assert await closing(centre, ping, hello=False) == 4400
        assert await closing(centre, *[ping] * 60) == 4429
        async with centre.visitor() as good:
            assert (await good.start("still well"))["type"] == "done"

    tell(tmp_path, story)


def test_attack_27_idle_and_slow_readers_take_little_and_others_are_served(tmp_path: Path) -> None:
    """200 idle sockets and 20 that never read, while one good visitor talks."""

    async def story(centre: ChatCentre) -> None:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        async with contextlib.AsyncExitStack() as stack:
            idle = [await stack.enter_async_context(centre.visitor()) for _ in range(220)]
            for visitor in idle[:20]:
                visitor.socket.transport.pause_reading()
            good = await stack.enter_async_context(centre.visitor())
            loop = asyncio.get_running_loop()
            await good.start("first")
            worst = 0.0
            for number in range(15):
                began = loop.time()
                await good.wish("say", text=f"{number}")
                worst = max(worst, loop.time() - began)
            assert worst < 3 * 0.25
            for visitor in idle[:20]:
                visitor.socket.transport.resume_reading()
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        assert grown < 64 * 1024, "kilobytes, both ends of the sockets included"

    many = msgspec.structs.replace(settings(), sockets_per_source=1_000)
    tell(tmp_path, story, many)


def test_a_window_that_does_not_read_is_cut_off_and_resumes_by_number(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        await centre.ready()
        async with centre.visitor() as visitor:
            await visitor.start()
            chat = await centre.accept()
            await visitor.until_item("joined")
            room = centre.channel._parts.rooms.here(chat)
            assert room is not None
            (window,) = room.listeners
            for _ in range(600):
                window.offer('{"type":"typing","name":"Mia","typing":true}')
            assert await visitor.closed() == 4503
            await soon(lambda: not room.listeners)
            await centre.reply(chat, "while away")
        async with centre.visitor(token=visitor.token, after=visitor.seq) as back:
            back.items = visitor.items
            await back.until_said("while away")

    tell(tmp_path, story)


def test_chat_4_the_bounds_of_a_source_and_of_a_conversation(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with contextlib.AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(centre.visitor()) for _ in range(10)]
            assert await status_of(centre, SITE, ORIGIN) == 429
            answers = [await visitor.start() for visitor in sockets[:6]]
            assert [answer["type"] for answer in answers] == ["done"] * 5 + ["refused"]
            assert answers[5]["code"] == "too_many_chats"
            said = [await sockets[0].wish("say", text=str(number)) for number in range(21)]
            assert [answer["type"] for answer in said] == ["done"] * 20 + ["refused"]
            assert said[20]["code"] == "too_fast"
            centre.clock.pass_ms(60_000)
            assert (await sockets[0].wish("say", text="later"))["type"] == "done"
            long = await sockets[0].wish("say", text="字" * 4_001)
            assert long["code"] == "too_long"
            most = await sockets[0].wish("say", text="字" * 4_000)
            assert most["type"] == "done"
            centre.clock.pass_ms(600_000)
            assert (await sockets[5].start())["type"] == "done"
        await soon(lambda: not centre.channel._pages._visitors)
        assert await status_of(centre, SITE, ORIGIN) == 101, "closed sockets are given back"

    tell(tmp_path, story)


def test_chat_4_a_site_has_so_many_chats_open_and_then_offers_its_form(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as first, centre.visitor() as second:
            await first.start()
            assert (await second.start())["code"] == "busy"
            await first.wish("leave")
            assert (await second.start())["type"] == "done"

    tell(tmp_path, story, settings(open_max=1))


def test_a_program_that_fills_in_the_trap_is_told_what_it_wants_to_hear(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            assert (await visitor.start("buy", website="http://spam"))["type"] == "done"
        assert await centre.arrived() == []

    tell(tmp_path, story)


def test_chat_2_a_token_is_256_bit_hashed_at_rest_and_opens_one_conversation(
    tmp_path: Path,
) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as one, centre.visitor() as other:
            assert is_token(one.token)
            assert one.token != other.token
            await one.start("mine", name="Ana", mail="ana@example.test")
            await other.start("not mine", name="Ana", mail="ana@example.test")
            first, second = await centre.arrived()
            assert first.subject != second.subject, "what is typed opens nothing"
        for guess in (
            "",
            "x" * 43,
            one.token[:-1],
            one.token + "A",
            "../../etc",
            one.token.lower(),
        ):
            async with centre.visitor(token=guess) as stranger:
                assert "conversation" not in stranger.welcome
        async with centre.visitor(token=one.token) as back:
            assert await back.until_said("mine")
            assert back.texts == ["mine"]
        tokens.append(one.token)

    tokens: list[str] = []
    tell(tmp_path, story)
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert tokens[0].encode() not in path.read_bytes(), path


def test_chat_2_a_token_of_one_site_opens_nothing_on_another(tmp_path: Path) -> None:
    two = ChatSettings(
        sites={SITE: Site(origins=(ORIGIN,)), "other": Site(origins=("http://localhost:9998",))}
    )

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start()
        options: dict[str, Any] = {"site": "other", "origin": "http://localhost:9998"}
        async with centre.visitor(token=visitor.token, **options) as stranger:
            assert "conversation" not in stranger.welcome

    tell(tmp_path, story, two)


def test_chat_2_the_frames_cookie_is_set_for_its_own_origin_alone(tmp_path: Path) -> None:
    async def story(centre: ChatCentre) -> None:
        async with centre.visitor() as visitor:
            await visitor.start("framed")
        path = f"/chat/{SITE}/cookie"
        bearer = {"Authorization": f"Bearer {visitor.token}"}
        async with httpx.AsyncClient(base_url=centre.base) as client:
            foreign = await client.post(path, headers=bearer | {"Origin": ORIGIN})
            assert (foreign.status_code, foreign.headers.get("set-cookie")) == (404, None)
            own = await client.post(path, headers=bearer | {"Origin": centre.base})
            name, value = f"__Host-carillon-chat={visitor.token}".split("=")
            assert own.headers["set-cookie"] == (
                f"{name}={value}; Path=/; Secure; HttpOnly; SameSite=None; Partitioned;"
                " Max-Age=86400"
            )
        cookie = {"Cookie": f"{name}={value}"}
        framed: dict[str, Any] = {"origin": centre.base, "additional_headers": cookie}
        async with centre.visitor(**framed) as back:
            await back.until_said("framed")
        inline: dict[str, Any] = {"additional_headers": cookie}
        async with centre.visitor(**inline) as stranger:
            assert "conversation" not in stranger.welcome, "a cookie is for the frame alone"

    tell(tmp_path, story)


def test_hello_must_come_in_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("channels.chat.protocol.HELLO_TIMEOUT_MS", 20)

    async def story(centre: ChatCentre) -> None:
        async with centre.visitor(hello=False) as visitor:
            assert isinstance(visitor, Client)
            assert await visitor.closed() == 4408

    tell(tmp_path, story)
