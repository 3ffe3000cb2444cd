"""A visitor's side written from docs/protocol/chat.md alone: a raw websocket that speaks JSON."""

import asyncio
import contextlib
import json
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin

Frame = dict[str, Any]


def once() -> str:
    return secrets.token_hex(16)


class Client:
    """One connection. ``items`` and ``seq`` go on over connections when they are handed on."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.welcome: Frame = {}
        self.token = ""
        self.items: list[Frame] = []
        self.seen: list[Frame] = []

    @property
    def seq(self) -> int:
        return int(self.items[-1]["seq"]) if self.items else 0

    @property
    def kinds(self) -> list[str]:
        return [item["kind"] for item in self.items]

    @property
    def texts(self) -> list[str]:
        """What was said by both sides."""
        return [item["text"] for item in self.items if item["kind"] in {"said", "message"}]

    async def send(self, type_: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": type_, **fields}, ensure_ascii=False))

    async def receive(self) -> Frame:
        """The next frame; items are numbered without gap or repetition."""
        frame: Frame = json.loads(await asyncio.wait_for(self.socket.recv(), 5))
        self.seen.append(frame)
        for item in frame.get("items", []):
            assert item["seq"] == self.seq + 1, "an item is missing or came twice"
            self.items.append(item)
        return frame

    async def until(self, type_: str, **wanted: Any) -> Frame:
        """The next frame of a type with these values."""
        while True:
            frame = await self.receive()
            if frame["type"] == type_ and all(frame.get(key) == wanted[key] for key in wanted):
                return frame

    async def until_item(self, kind: str) -> Frame:
        """The first item of a kind, waiting for it."""
        while not any(item["kind"] == kind for item in self.items):
            await self.receive()
        return next(item for item in self.items if item["kind"] == kind)

    async def until_said(self, text: str) -> Frame:
        """The first item with these words, waiting for it."""
        while not any(item.get("text") == text for item in self.items):
            await self.receive()
        return next(item for item in self.items if item.get("text") == text)

    async def until_placed(self, position: int) -> Frame:
        """What was last said of the place, waiting until it is this one."""
        while True:
            said = [frame for frame in self.seen if frame["type"] == "queue"]
            if said and said[-1]["position"] == position:
                return said[-1]
            await self.receive()

    async def hello(self, **fields: Any) -> Frame:
        await self.send("hello", protocol=1, **fields)
        self.welcome = await self.until("welcome")
        self.token = self.welcome.get("token") or fields.get("token", "")
        return self.welcome

    async def wish(self, type_: str, **fields: Any) -> Frame:
        """Ask for something; the answer, ``done`` or ``refused``."""
        fields.setdefault("id", once())
        await self.send(type_, **fields)
        while True:
            frame = await self.receive()
            if frame["type"] in {"done", "refused"} and frame["id"] == fields["id"]:
                return frame

    async def start(self, text: str = "hello", **fields: Any) -> Frame:
        """Begin a chat; what stands in it so far comes before the answer."""
        return await self.wish("start", text=text, **fields)

    async def closed(self) -> int:
        """Read until the server closes; its code."""
        with contextlib.suppress(ConnectionClosed):
            async with asyncio.timeout(10):
                async for _ in self.socket:
                    continue
        code = self.socket.close_code
        assert code is not None
        return code


@asynccontextmanager
async def connected(
    base: str, *, site: str, origin: str | None, hello: bool = True, **more: Any
) -> AsyncIterator[Client]:
    """A connection of a visitor, greeted unless told otherwise."""
    fields = {key: more.pop(key) for key in ("token", "after", "language", "fresh") if key in more}
    url = f"{base.replace('http', 'ws', 1)}/ws/chat/{site}"
    async with connect(
        url,
        origin=Origin(origin) if origin is not None else None,
        compression=None,
        max_size=None,
        **more,
    ) as socket:
        client = Client(socket)
        if hello:
            await client.hello(**fields)
        yield client
