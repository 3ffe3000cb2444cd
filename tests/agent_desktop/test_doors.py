"""What stands before every request and socket: headers, origins, kinds, sizes, rates."""

import asyncio
import json
import secrets
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from agent_desktop.api.access import served_routes
from agent_desktop.guards import COOKIE, client_address, network_of
from agent_desktop.headers import page_policy
from agent_desktop.settings import Site
from tests.agent_desktop.world import PASSWORD, World, story

WEB_5 = {
    "strict-transport-security": "max-age=63072000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "microphone=(self), camera=(), geolocation=(), payment=()",
    "cache-control": "no-store",
}


def test_web_5_the_policy_of_pages_is_the_required_one() -> None:
    assert page_policy(["https://desk.example"]) == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        "font-src 'self'; connect-src 'self' wss://desk.example; media-src 'self' blob:; "
        "worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'; trusted-types carillon"
    )


def test_web_5_every_answer_carries_the_headers(tmp_path: Path) -> None:
    static = tmp_path / "static"
    (static / "assets").mkdir(parents=True)
    (static / "index.html").write_text("<!doctype html>")
    (static / "assets" / "a-1f2e.js").write_text("1")

    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        policy = page_policy([world.origin])
        answers = [
            await mia.get("/"),
            await mia.get("/work"),
            await mia.get("/api/v1/session"),
            await mia.get("/api/v1/nothing"),
            await mia.request("TRACE", "/api/v1/session"),
            await mia.request("POST", "/api/v1/session", content=b"{"),
            await mia.post("/api/v1/session", {"user": 1}),
            await world.http.get("/api/v1/session"),
            await world.http.post("/api/v1/session"),
            await mia.get("/../../etc/passwd"),
        ]
        for answer in answers:
            headers = dict(answer.headers)
            assert headers["content-security-policy"] == policy, answer.url
            page = not answer.url.path.startswith("/api/")
            expected = {**WEB_5, "cache-control": "no-cache" if page else "no-store"}
            assert {name: headers[name] for name in WEB_5} == expected, answer.url
            assert "server" not in headers
        assert [answer.status_code for answer in answers] == [
            *(200, 200, 200, 404, 405, 415, 422, 401, 403, 200),
        ]
        asset = await mia.get("/assets/a-1f2e.js")
        assert asset.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert asset.headers["content-security-policy"] == policy

    story(tmp_path, tell)


def test_web_5_a_refused_socket_carries_the_headers_and_the_reason(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        with pytest.raises(InvalidStatus) as caught:
            await mia.socket("/ws/desk", origin="https://evil.example")
        headers = caught.value.response.headers
        for name, value in WEB_5.items():
            assert headers[name] == value
        assert json.loads(caught.value.response.body or b"")["code"] == "foreign_origin"

    story(tmp_path, tell)


def foreign_origins(own: str) -> list[str | None]:
    host = own.partition("//")[2]
    name, _, port = host.partition(":")
    return [
        None,
        "null",
        "",
        own + "/",
        own + ".evil.example",
        own.replace("http:", "https:"),
        own.replace("http://", ""),
        f"http://{name}",
        f"http://{name}:1",
        f"http://evil.example:{port}",
        f"http://evil{name}:{port}",
        f"http://{host}@evil.example",
        f"http://evil.example#{host}",
        f"{own} {own}",
        f"{own},{own}",
        own.upper(),
        own + "\t",
        "file://",
        "https://evil.example",
        f"http://localhost:{port}",
    ]


async def attempt(person: Any, path: str, origin: str | None, ticket: str) -> int:
    """The status a handshake gets, spoken by hand so that any Origin can be said."""
    host, port = person.origin.partition("//")[2].split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    lines = [
        f"GET {path}?ticket={ticket} HTTP/1.1",
        f"Host: {host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
    ]
    if "Cookie" in person.headers:
        lines.append(f"Cookie: {person.headers['Cookie']}")
    if origin is not None:
        lines.append(f"Origin: {origin}")
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    status = int((await reader.readline()).split()[1])
    writer.transport.abort()
    return status


@pytest.mark.parametrize("path", ["/ws/desk", "/ws/board"])
def test_attack_26_no_foreign_origin_gets_a_socket(tmp_path: Path, path: str) -> None:
    """WEB-7: the origin is compared by our own code, letter by letter."""

    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        ticket = await mia.ticket()
        for origin in foreign_origins(world.origin):
            wanted = 101 if origin is not None and origin.strip() == world.origin else 403
            if wanted == 101:
                continue  # Blanks around a header's value are no part of it (RFC 9110, 5.5).
            assert await attempt(mia, path, origin, ticket) == 403, origin
        assert await attempt(mia, path, world.origin, ticket) == 101

    story(tmp_path, tell)


@pytest.mark.parametrize("path", ["/ws/desk", "/ws/board"])
def test_attack_26_a_ticket_opens_one_socket_soon_for_its_own_session(
    tmp_path: Path, path: str
) -> None:
    async def tell(world: World) -> None:
        mia, eve = await world.sign_in("mia"), await world.sign_in("eve")
        own = world.origin
        once = await mia.ticket()
        assert await attempt(mia, path, own, once) == 101
        assert await attempt(mia, path, own, once) == 401
        stolen = await mia.ticket()
        assert await attempt(eve, path, own, stolen) == 401
        assert await attempt(mia, path, own, stolen) == 401
        late = await mia.ticket()
        world.clock.pass_ms(30_001)
        assert await attempt(mia, path, own, late) == 401
        for nonsense in ("", "x", "x" * 5_000, secrets.token_urlsafe(32)):
            assert await attempt(mia, path, own, nonsense) == 401
        ended = await mia.ticket()
        await mia.request("DELETE", "/api/v1/session")
        assert await attempt(mia, path, own, ended) == 401

    story(tmp_path, tell)


def test_web_6_what_changes_something_needs_own_origin_header_and_json(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("mia")
        body = json.dumps({"user": "mia", "password": PASSWORD})
        good = {"Origin": world.origin, "X-Carillon": "1", "Content-Type": "application/json"}

        async def status(**change: str | None) -> int:
            headers = {**good, **{key.replace("_", "-"): value for key, value in change.items()}}
            sent = {key: value for key, value in headers.items() if value is not None}
            answer = await world.http.post("/api/v1/session", content=body, headers=sent)
            world.http.cookies.clear()
            return answer.status_code

        for origin in foreign_origins(world.origin):
            if origin is None or origin.strip() != world.origin:
                assert await status(Origin=origin) == 403, origin
        world.clock.pass_ms(5_000)
        assert await status(X_Carillon=None) == 403
        assert await status(X_Carillon="yes") == 403
        for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", ""):
            assert await status(Content_Type=kind) == 415, kind
        assert await status(Content_Type="application/json; charset=utf-8") == 200
        preflight = await world.http.options(
            "/api/v1/session",
            headers={"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"},
        )
        assert preflight.status_code == 405
        assert not [name for name in preflight.headers if name.startswith("access-control")]

    story(tmp_path, tell)


def test_web_6_nothing_is_changed_by_get(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        changing = {"take", "make", "change", "set", "add", "end", "edit", "save", "merge"}
        for route in served_routes(world.server.api):
            if route.method in ("GET", "HEAD"):
                assert not changing & set(route.name.split("_")), route
        mia = await world.sign_in("mia")
        assert (await mia.get("/api/v1/desk/ticket")).status_code == 405
        assert (await mia.get("/api/v1/session/confirm")).status_code == 405

    story(tmp_path, tell)


def test_web_8_bodies_have_a_limit_said_or_streamed(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        big = b'"' + b"x" * (1_024 * 1_024) + b'"'
        kind = {"Content-Type": "application/json"}
        said = await mia.request("PUT", "/api/v1/me/settings", content=big, headers=kind)
        assert (said.status_code, said.json()["code"]) == (413, "too_large")

        async def pieces() -> Any:
            for start in range(0, len(big), 65_536):
                yield big[start : start + 65_536]

        streamed = await mia.request("PUT", "/api/v1/me/settings", content=pieces(), headers=kind)
        assert (streamed.status_code, streamed.json()["code"]) == (413, "too_large")

    story(tmp_path, tell)


def test_web_8_twenty_requests_a_second_with_a_burst_of_sixty(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia, eve = await world.sign_in("mia"), await world.sign_in("eve")
        answers = await asyncio.gather(*(mia.get("/api/v1/session") for _ in range(150)))
        codes = [answer.status_code for answer in answers]
        assert codes.count(200) >= 60
        assert 429 in codes
        assert (await eve.get("/api/v1/session")).status_code == 200
        refused = next(answer for answer in answers if answer.status_code == 429)
        assert refused.headers["retry-after"] == "1"
        world.clock.pass_ms(1_000)
        assert (await mia.get("/api/v1/session")).status_code == 200

    story(tmp_path, tell)


def test_web_8_made_up_cookies_draw_from_one_bucket_and_nobody_elses(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")

        async def guess() -> int:
            made_up = {"Cookie": f"{COOKIE}={secrets.token_urlsafe(32)}"}
            return (await world.http.get("/api/v1/session", headers=made_up)).status_code

        begun = world.clock.now()
        codes = await asyncio.gather(*(guess() for _ in range(150)))
        assert set(codes) == {401, 429}
        assert codes.count(401) <= 60 + (world.clock.now() - begun) * 20 / 1_000
        # Who shares the address and is signed in does not wait for a guesser.
        assert (await mia.get("/api/v1/session")).status_code == 200

    story(tmp_path, tell)


def test_web_8_a_household_of_ipv6_is_one_source() -> None:
    assert network_of("2001:db8:1:2:aaaa::1") == network_of("2001:db8:1:2:bbbb::2")
    assert network_of("2001:db8:1:2::1") != network_of("2001:db8:1:3::1")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")
    assert network_of("") == ""


def test_web_8_unknown_fields_are_refused_by_name(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        mia = await world.sign_in("mia")
        query = await mia.get("/api/v1/replies", params={"languge": "en"})
        assert query.status_code == 422
        assert query.json()["errors"][0]["field"] == "languge"
        body = await mia.post("/api/v1/session", {"user": "a", "password": "b", "admin": True})
        assert body.status_code == 422
        assert "admin" in body.json()["errors"][0]["message"]

    story(tmp_path, tell)


def test_web_10_a_forwarded_address_counts_from_trusted_proxies_only() -> None:
    site = Site(("https://desk.example",), trusted_proxies=("10.0.0.0/8",))

    def address(peer: str, forwarded: str) -> str:
        headers = [(b"x-forwarded-for", forwarded.encode())] if forwarded else []
        return client_address({"client": (peer, 1), "headers": headers}, site)

    assert address("203.0.113.9", "198.51.100.1") == "203.0.113.9"
    assert address("10.1.1.1", "198.51.100.1") == "198.51.100.1"
    assert address("10.1.1.1", "6.6.6.6, 198.51.100.1, 10.2.2.2") == "198.51.100.1"
    assert address("10.1.1.1", "") == "10.1.1.1"
    assert address("10.1.1.1", "not an address") == "10.1.1.1"
