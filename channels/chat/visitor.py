"""One window of a visitor: reads their frames, answers, and is shown the room's items."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, assert_never

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from channels.chat import protocol, records
from channels.chat.conversations import Conversations
from channels.chat.forms import Forms
from channels.chat.limits import Bucket
from channels.chat.parts import Parts
from channels.chat.places import Places
from channels.chat.protocol import done, read_frame, refused, write_frame
from channels.chat.rooms import Room
from channels.chat.starting import Former, Starts
from channels.chat.tokens import digest, is_token, new_token
from channels.chat.transcripts import Transcripts
from channels.chat.welcome import site_facts
from router.model.errors import CarillonError, InvalidInput, Refused

OUTBOX_MAX = 512
SEND_TIMEOUT_S = 20.0
CLOSE_TIMEOUT_S = 5.0
FRAMES_PER_SECOND = 10.0
FRAMES_BURST = 40


class Desks:
    """What visitors' windows are served by."""

    def __init__(
        self,
        parts: Parts,
        starts: Starts,
        conversations: Conversations,
        forms: Forms,
        transcripts: Transcripts,
        places: Places,
    ) -> None:
        self.parts = parts
        self.starts = starts
        self.conversations = conversations
        self.forms = forms
        self.transcripts = transcripts
        self.places = places


class Cut(Exception):
    """The connection is to be closed with a code."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Visitor:
    """A window: one websocket of a visitor of one site."""

    def __init__(self, desks: Desks, websocket: WebSocket, site: str, source: str) -> None:
        self._desks = desks
        self._parts = desks.parts
        self._websocket = websocket
        self._site = site
        self._source = source
        self._outbox: asyncio.Queue[str] = asyncio.Queue(OUTBOX_MAX)
        self._cut: asyncio.Future[Cut] = asyncio.get_running_loop().create_future()
        self._room: Room | None = None
        self._token = ""
        self._language = "en"
        self._former: Former | None = None
        self._gone = False

    def offer(self, text: str) -> None:
        """Take a frame; a window that does not keep up is cut off and resumes by number."""
        try:
            self._outbox.put_nowait(text)
        except asyncio.QueueFull:
            self.cut(protocol.STOPPED, "too slow")

    async def send(self, text: str) -> None:
        """Take a frame, waiting for room; a window that does not keep up is cut off."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_S):
                await self._outbox.put(text)
        except TimeoutError as error:
            raise Cut(protocol.STOPPED, "too slow") from error

    def cut(self, code: int, reason: str) -> None:
        """Close the connection, soon."""
        if not self._cut.done():
            self._cut.set_result(Cut(code, reason))

    async def serve(self, cookie: str) -> None:
        """Serve the window until it is gone."""
        tasks = [
            asyncio.create_task(self._read(cookie)),
            asyncio.create_task(self._write()),
        ]
        ending: set[asyncio.Future[Any]] = {*tasks, self._cut}
        try:
            await asyncio.wait(ending, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            ends = await asyncio.gather(*tasks, return_exceptions=True)
            self._go()
            await self._close(ends)
            for end in ends:
                if isinstance(end, BaseException) and not isinstance(end, _EXPECTED):
                    raise end

    def _go(self) -> None:
        self._gone = True
        room = self._room
        if room is None:
            return
        self._parts.rooms.leave(room, self)
        if not room.listeners:
            self._desks.conversations.typing(room, types=False)
            self._parts.rooms.drop_if_over(room)

    async def _close(self, ends: Sequence[BaseException | None]) -> None:
        cut = next((end for end in ends if isinstance(end, Cut)), None)
        if cut is None and self._cut.done():
            cut = self._cut.result()
        self._cut.cancel()
        connected = self._websocket.client_state == WebSocketState.CONNECTED
        if cut is None or not connected:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_S):
                await self._websocket.close(cut.code, cut.reason)
        except (RuntimeError, OSError, TimeoutError, WebSocketDisconnect):
            # The other side is gone already; there is nothing left to close.
            return

    async def _write(self) -> None:
        while True:
            text = await self._outbox.get()
            try:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self._websocket.send_text(text)
            except TimeoutError as error:
                raise Cut(protocol.STOPPED, "too slow") from error
            except RuntimeError as error:
                # Starlette's way to say that the other side closed meanwhile.
                raise WebSocketDisconnect(1006) from error

    async def _read(self, cookie: str) -> None:
        bucket = Bucket(FRAMES_PER_SECOND, FRAMES_BURST, self._parts.context.clock.now())
        hello = await self._next(protocol.HELLO_TIMEOUT_MS)
        if not isinstance(hello, protocol.Hello):
            raise Cut(protocol.NOT_UNDERSTOOD, "say hello first")
        if hello.protocol != protocol.VERSION:
            raise Cut(protocol.NOT_UNDERSTOOD, f"this server speaks version {protocol.VERSION}")
        await self._welcome(hello, cookie)
        while True:
            frame = await self._next(protocol.SILENCE_MAX_MS)
            if not bucket.take(self._parts.context.clock.now()):
                raise Cut(protocol.TOO_FAST, "too many frames")
            await self._answer(frame)

    async def _next(self, timeout_ms: int) -> protocol.VisitorFrame:
        try:
            async with asyncio.timeout(timeout_ms / 1000):
                text = await self._websocket.receive_text()
        except TimeoutError as error:
            raise Cut(protocol.SILENT, "nothing was heard") from error
        except KeyError as error:
            raise Cut(protocol.NOT_UNDERSTOOD, "text frames only") from error
        if len(text.encode()) > protocol.FRAME_MAX_BYTES:
            raise Cut(protocol.TOO_BIG, f"{protocol.FRAME_MAX_BYTES} bytes at most")
        try:
            return read_frame(text)
        except InvalidInput as error:
            raise Cut(protocol.NOT_UNDERSTOOD, error.message[:100]) from error

    async def _welcome(self, hello: protocol.Hello, cookie: str) -> None:
        site = self._parts.settings.sites[self._site]
        self._language = hello.language if hello.language in site.languages else site.languages[0]
        token = hello.token or cookie
        found = await self._parts.store.by_token(digest(token)) if is_token(token) else None
        if found is not None and found.site != self._site:
            found = None
        if found is not None and hello.fresh and found.state == records.ENDED:
            self._former = Former(found.subject, found.agent_id)
            found = None
            token = ""
        began = found is not None and found.state != records.STARTING
        if found is None:
            token = new_token()
        self._token = token
        facts = site_facts(
            site,
            self._language,
            self._parts.settings,
            self._parts.context.floor,
            taking=not self._parts.retired,
        )
        fields: dict[str, object] = {}
        if not began:
            fields["token"] = token
        room = self._parts.rooms.open(found) if found is not None and began else None
        if room is not None:
            fields["conversation"] = self._desks.conversations.facts(room)
        self.offer(
            write_frame(
                "welcome",
                protocol=protocol.VERSION,
                server_time=self._parts.context.clock.now(),
                language=self._language,
                site=facts,
                **fields,
            )
        )
        if room is not None:
            await self._join(room, hello.after)

    async def _join(self, room: Room, after: int) -> None:
        self._room = room
        reached = await self._parts.rooms.join(room, self, min(after, room.conversation.last_seq))
        if self._gone:
            # A chat is begun to its end although its window has closed meanwhile.
            self._go()
            return
        self.offer(write_frame("caught_up", seq=reached))
        self._desks.places.show(room)

    async def _answer(self, frame: protocol.VisitorFrame) -> None:
        """Carry out a wish and say so, or say why not."""
        match frame:
            case protocol.Hello():
                raise Cut(protocol.NOT_UNDERSTOOD, "hello was said")
            case protocol.Ping():
                now = self._parts.context.clock.now()
                self.offer(write_frame("pong", id=frame.id, server_time=now))
            case protocol.Typing():
                if self._room is not None:
                    self._desks.conversations.typing(self._room, types=frame.typing)
            case protocol.Got():
                if self._room is not None:
                    await self._desks.conversations.got(self._room, frame)
            case protocol.Start() | protocol.Form():
                await self._try(frame.id, lambda: self._begin(frame))
            case (
                protocol.Say()
                | protocol.Leave()
                | protocol.Keep()
                | protocol.Rate()
                | protocol.Transcript()
                | protocol.Identify()
            ):
                room = self._room
                if room is None:
                    self.offer(refused(frame.id, "no_chat", "no chat has begun"))
                else:
                    await self._try(frame.id, lambda: self._within(room, frame))
            case _:
                assert_never(frame)

    async def _try(
        self, once: str, wish: Callable[[], Coroutine[object, object, dict[str, object]]]
    ) -> None:
        # A wish that has begun is carried to its end even when its window closes meanwhile.
        try:
            result = await asyncio.shield(self._parts.carry(wish()))
        except InvalidInput as error:
            self.offer(refused(once, error.code, error.message, field=error.field))
        except CarillonError as error:
            self.offer(refused(once, error.code, error.message))
        else:
            self.offer(done(once, **result))

    async def _begin(self, frame: protocol.Start | protocol.Form) -> dict[str, object]:
        if frame.website:
            # Only a program fills in what no person sees: it is told what it wants to hear.
            return {}
        if isinstance(frame, protocol.Form):
            await self._desks.forms.take(
                self._site, frame, source=self._source, language=self._language
            )
            return {}
        if self._room is not None and self._room.conversation.start_id != frame.id:
            raise Refused("a chat has begun here already", code="begun")
        room, item = await self._desks.starts.start(
            self._site,
            frame,
            token=self._token,
            source=self._source,
            language=self._language,
            former=self._former,
        )
        if self._room is None:
            await self._join(room, 0)
        return {"seq": item.seq}

    async def _within(
        self,
        room: Room,
        frame: protocol.Say
        | protocol.Leave
        | protocol.Keep
        | protocol.Rate
        | protocol.Transcript
        | protocol.Identify,
    ) -> dict[str, object]:
        conversations = self._desks.conversations
        match frame:
            case protocol.Say():
                return {"seq": (await conversations.say(room, frame)).seq}
            case protocol.Keep():
                return {"seq": (await conversations.keep(room, frame)).seq}
            case protocol.Leave():
                await conversations.leave(room, "left")
            case protocol.Rate():
                await conversations.rate(room, frame)
            case protocol.Identify():
                await conversations.identify(room, frame.token)
            case protocol.Transcript():
                return {"sent": await self._desks.transcripts.ask(room, frame, self._source)}
        return {}


_EXPECTED = (Cut, asyncio.CancelledError, WebSocketDisconnect, OSError)
"""How a connection ends without anything being wrong with us."""
