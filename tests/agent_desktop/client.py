"""A person at a browser and a desk's socket, as a stranger would write them from the page alone."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from typing import Any

import httpx
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

PATIENCE_S = 30.0


class Person:
    """Somebody with a browser: cookies, the site's own Origin, the header."""

    def __init__(self, origin: str, http: httpx.AsyncClient) -> None:
        self.origin = origin
        self.http = http
        self.cookies: dict[str, str] = {}

    @property
    def headers(self) -> dict[str, str]:
        jar = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Origin": self.origin, "X-Carillon": "1", **({"Cookie": jar} if jar else {})}

    async def request(self, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**self.headers, **more.pop("headers", {})}
        response = await self.http.request(method, path, headers=headers, **more)
        for line in response.headers.get_list("set-cookie"):
            name, _, rest = line.partition("=")
            value = rest.partition(";")[0]
            if value and "Max-Age=0" not in rest:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)
        self.http.cookies.clear()
        return response

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self.request("GET", path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self.request("POST", path, json={} if body is None else body, **more)

    async def sign_in(self, user: str, password: str) -> dict[str, Any]:
        response = await self.post("/api/v1/session", {"user": user, "password": password})
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    async def ticket(self) -> str:
        response = await self.post("/api/v1/desk/ticket")
        assert response.status_code == 200, response.text
        return str(response.json()["ticket"])

    async def socket(self, path: str, *, port: int = 0, **more: Any) -> ClientConnection:
        """A websocket with a fresh ticket; ``port`` goes around by a proxy."""
        ticket = more.pop("ticket", None) or await self.ticket()
        address = self.origin.replace("http", "ws", 1)
        if port:
            address = f"ws://127.0.0.1:{port}"
        headers = {"Cookie": self.headers["Cookie"]}
        return await connect(
            f"{address}{path}?ticket={ticket}",
            origin=more.pop("origin", self.origin),
            additional_headers=headers,
            compression=None,
            ping_interval=None,
            max_size=2**24,
            **more,
        )


class Refused(AssertionError):
    """A command was refused; ``answer`` is the frame."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(answer)
        self.answer = answer
        self.code = answer["code"]


class DeskClient:
    """One tab: keeps what it hears in order and proves that no push is missing."""

    def __init__(self, person: Person, socket: ClientConnection, desk: str) -> None:
        self.person = person
        self.socket = socket
        self.desk = desk
        self.welcome: dict[str, Any] = {}
        self.snapshot: dict[str, Any] | None = None
        self.caught_up: dict[str, Any] = {}
        self.log = ""
        self.seq = 0
        self.pushes: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self._read = 0
        self._answers: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._news = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None
        self.close_code: int | None = None

    @classmethod
    async def open(
        cls,
        person: Person,
        *,
        desk: str = "",
        log: str = "",
        after: int = 0,
        take: bool = False,
        port: int = 0,
    ) -> DeskClient:
        """Connect, say hello, and wait until it is caught up."""
        socket = await person.socket("/ws/desk", port=port)
        made = cls(person, socket, desk or secrets.token_hex(8))
        made.seq, made.log = after, log
        await made.send(type="hello", protocol=1, desk=made.desk, log=log, after=after, take=take)
        made._task = asyncio.create_task(made._listen())
        made.welcome = await made.hear("welcome")
        made.log = made.welcome["log"]
        made.caught_up = await made.hear("caught_up")
        return made

    async def again(self, **more: Any) -> DeskClient:
        """The same tab on a new socket, resuming where it stopped."""
        await self.leave()
        return await DeskClient.open(
            self.person, desk=self.desk, log=self.log, after=self.seq, **more
        )

    async def send(self, **frame: Any) -> None:
        await self.socket.send(json.dumps(frame))

    async def do(self, name: str, *, id: str = "", **args: Any) -> dict[str, Any]:  # noqa: A002 - the protocol's word
        """Give a command and return its result; raises Refused."""
        answer = await self.answer(name, id=id, **args)
        if answer["type"] == "refused":
            raise Refused(answer)
        result: dict[str, Any] = answer["result"]
        return result

    async def answer(self, name: str, *, id: str = "", **args: Any) -> dict[str, Any]:  # noqa: A002 - the protocol's word
        """Give a command and return the whole answer."""
        wish = id or secrets.token_hex(8)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[wish] = future
        await self.send(type="do", id=wish, do=name, args=args)
        async with asyncio.timeout(PATIENCE_S):
            return await future

    async def write(self, interaction_id: str, text: str, **more: Any) -> dict[str, Any]:
        """Send words with all that was written read."""
        more.setdefault("seen", 1_000)
        more.setdefault("entry_id", secrets.token_hex(16))
        return await self.do("send", interaction_id=interaction_id, text=text, **more)

    async def ping(self) -> int:
        """Ping; the server's time."""
        wish = secrets.token_hex(8)
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._answers[wish] = future
        await self.send(type="ping", id=wish)
        async with asyncio.timeout(PATIENCE_S):
            return int((await future)["server_time"])

    async def push(self, kind: str) -> dict[str, Any]:
        """The next push of a kind; those before it are passed over."""
        return await self._next(lambda frame: frame["type"] == "push" and frame["kind"] == kind)

    async def live(self, kind: str) -> dict[str, Any]:
        """The next live news of a kind."""
        return await self._next(lambda frame: frame["type"] == "live" and frame["kind"] == kind)

    async def hear(self, type_: str) -> dict[str, Any]:
        """The next frame of a type."""
        return await self._next(lambda frame: frame["type"] == type_)

    async def closed(self) -> int:
        """Wait until the server closes; the code."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            await self._news.wait_for(lambda: self.close_code is not None)
        assert self.close_code is not None
        return self.close_code

    async def leave(self) -> None:
        """Close from this side."""
        await self.socket.close()
        if self._task is not None:
            await self._task

    def cut(self) -> None:
        """The line breaks without a word."""
        self.socket.transport.abort()

    async def _next(self, wanted: Any) -> dict[str, Any]:
        """The first frame not yet looked at that is wanted; others stay to be looked at."""
        async with asyncio.timeout(PATIENCE_S), self._news:
            while True:
                while self._read < len(self.heard):
                    frame = self.heard[self._read]
                    self._read += 1
                    if wanted(frame):
                        return frame
                assert self.close_code is None, f"closed with {self.close_code}: {self.heard[-3:]}"
                await self._news.wait()

    async def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async for text in self.socket:
                frame: dict[str, Any] = json.loads(text)
                self._take(frame)
                async with self._news:
                    self.heard.append(frame)
                    self._news.notify_all()
        async with self._news:
            self.close_code = self.socket.close_code or 1006
            self._news.notify_all()

    def _take(self, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "snapshot":
                self.snapshot = frame
                self.seq = frame["seq"]
            case "push":
                assert frame["previous"] == self.seq, (frame, self.seq)
                assert frame["seq"] > self.seq
                self.seq = frame["seq"]
                self.pushes.append(frame)
            case "done" | "refused" | "pong":
                future = self._answers.pop(frame["id"], None)
                if future is not None and not future.done():
                    future.set_result(frame)
            case _:
                pass
