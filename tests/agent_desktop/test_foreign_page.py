"""Attack 30: a stranger's page, open in the browser of somebody who is signed in."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from agent_desktop.permissions import Role
from tests.agent_desktop.world import PASSWORD, World, story
from tests.support.browser import async_chromium

PAGE = """<!doctype html><iframe name="out"></iframe><script>
const at = "SITE";
const password = "four trams to the moon";
function form(action, enctype, fields, method = "post") {
  const made = document.createElement("form");
  Object.assign(made, {action: at + action, method, enctype, target: "out"});
  for (const [name, value] of Object.entries(fields)) {
    const field = document.createElement("input");
    Object.assign(field, {type: "hidden", name, value});
    made.append(field);
  }
  document.body.append(made);
  made.submit();
}
async function attack() {
  const user = JSON.stringify({user: "intruder", password, role: "administrator"});
  const seen = [];
  for (const mode of ["no-cors", "cors"]) {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"]) {
      for (const [method, path, body] of [
        ["POST", "/api/v1/users", user],
        ["POST", "/api/v1/me/password", user],
        ["POST", "/api/v1/desk/ticket", "{}"],
        ["DELETE", "/api/v1/session", null],
        ["PUT", "/api/v1/me/settings", '{"theme":"dark"}'],
        ["GET", "/api/v1/users", null],
        ["GET", "/api/v1/session", null],
      ]) {
        try {
          const headers = body === null ? {} : {"Content-Type": type};
          if (mode === "cors") headers["X-Carillon"] = "1";
          const how = {method, body, mode, headers, credentials: "include"};
          const answer = await fetch(at + path, how);
          if (answer.type !== "opaque") seen.push([mode, method, path, answer.status]);
        } catch { /* Refused by the browser. */ }
      }
    }
  }
  form("/api/v1/users", "text/plain", {'{"user":"intruder","x":"': '"}'});
  form("/api/v1/users", "application/x-www-form-urlencoded", {user: "intruder", password});
  form("/api/v1/users", "multipart/form-data", {user: "intruder", password});
  form("/api/v1/session", "text/plain", {"{}": ""}, "get");
  for (const path of ["/ws/desk", "/ws/board"]) {
    await new Promise((resolve) => {
      const socket = new WebSocket(at.replace("http", "ws") + path + "?ticket=x");
      socket.onopen = () => { seen.push([path, "open"]); resolve(); };
      socket.onerror = resolve;
    });
  }
  return seen;
}
</script>"""

SIGN_IN = """async (body) => {
  const headers = {"Content-Type": "application/json", "X-Carillon": "1"};
  const how = {method: "POST", headers, body: JSON.stringify(body)};
  return (await fetch("/api/v1/session", how)).status;
}"""
SETTINGS = """async () => (await (await fetch("/api/v1/me/settings")).json()).theme"""


@asynccontextmanager
async def strangers_site(page: str) -> AsyncIterator[str]:
    """A web server that is not ours, with one page."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await reader.readuntil(b"\r\n\r\n")
            body = page.encode()
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
            writer.write(f"{head}Connection: close\r\n\r\n".encode() + body)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def test_attack_30_a_strangers_page_changes_and_reads_nothing(tmp_path: Path) -> None:
    async def tell(world: World) -> None:
        await world.add_user("root", Role.ADMINISTRATOR)
        users = {each.user for each in await world.server.desk.accounts.list_users()}
        async with (
            strangers_site(PAGE.replace("SITE", world.origin)) as stranger,
            async_chromium() as browser,
        ):
            context = await browser.new_context()
            own = await context.new_page()
            await own.goto(f"{world.origin}/healthz")
            assert await own.evaluate(SIGN_IN, {"user": "root", "password": PASSWORD}) == 200
            sessions = await world.server.desk.sessions.of_user("root")
            # Another port is the same site: the browser sends the cookie with all that follows.
            page = await context.new_page()
            await page.goto(stranger)
            assert await page.evaluate("attack()") == []
            await page.wait_for_timeout(500)
            assert await own.evaluate(SETTINGS) == "system"
        assert {each.user for each in await world.server.desk.accounts.list_users()} == users
        assert await world.server.desk.sessions.of_user("root") == sessions == 1
        assert len(world.server.sockets) == 0

    story(tmp_path, tell, patience_s=120)
