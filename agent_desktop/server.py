"""The desk's server: everything put together, started and stopped."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from fastapi import APIRouter, FastAPI

from agent_desktop import problems
from agent_desktop.accounts import Accounts
from agent_desktop.api import all_routers
from agent_desktop.api.access import methods_by_path, require_rows
from agent_desktop.api.endpoint import describe
from agent_desktop.audit import Audit
from agent_desktop.auth import Sessions
from agent_desktop.board import BoardSocket
from agent_desktop.circles import Circles
from agent_desktop.commands import Commands
from agent_desktop.context import Desk, Ports
from agent_desktop.desks import Desks
from agent_desktop.drafts import Drafts
from agent_desktop.finding import Finding
from agent_desktop.glimpses import Glimpses
from agent_desktop.guards import Guards
from agent_desktop.headers import StrictHeaders
from agent_desktop.items import Items
from agent_desktop.line import Line, framed
from agent_desktop.listening import Listenings
from agent_desktop.news import INTERVAL_S, News
from agent_desktop.pages import Pages
from agent_desktop.passwords import PasswordHashes
from agent_desktop.permissions import Permission
from agent_desktop.pictures import Pictures
from agent_desktop.principal import Principal
from agent_desktop.projection import Projection
from agent_desktop.protocol import COME_AGAIN, Live, encode
from agent_desktop.reading import ReadMarks
from agent_desktop.rendering import Rendering
from agent_desktop.rows import Rows
from agent_desktop.session import DeskSocket, Parts
from agent_desktop.settings import InForce, Policy
from agent_desktop.sockets import Sockets
from agent_desktop.store import desk_database
from agent_desktop.store.desk import DeskRows
from agent_desktop.telephone import PageTelephones
from agent_desktop.telephone_commands import TelephoneCommands
from agent_desktop.visibility import Sight
from agent_desktop.wire import FRAME_BYTES_REFUSED, Application, SocketProtocol
from agent_desktop.words import Words
from agent_desktop.writing import Writing
from router.model.errors import CarillonError
from router.model.events import EntryAdded, Recorded
from router.model.ids import DAY_MS, HOUR_MS, Instant, InteractionId

SWEEP_S = 0.5
START_S = 30.0
DRAFTS_KEPT_MS = 90 * DAY_MS
UPLOADS_KEPT_MS = DAY_MS

log = logging.getLogger(__name__)


class DeskServer:
    """The agents' desk as an ASGI application, with its background work.

    Constructor: ``DeskServer(ports, routers)``; ``routers`` are further HTTP routes (reports,
    administration), each with an ``Allow`` of ``agent_desktop.api.access``. Order of life:
    construct, ``start`` (the hub must be running), serve ``app`` by uvicorn with
    ``uvicorn_options``, ``stop``.
    """

    def __init__(self, ports: Ports, routers: Sequence[APIRouter] = ()) -> None:
        self._ports = ports
        self._in_force = InForce(ports.policy)
        self.database = desk_database(ports.database_url)
        self._hashes = PasswordHashes()
        self._stored = DeskRows(self.database)
        self._marks = ReadMarks(self._stored, ports.clock)
        self._projection = Projection(ports.feed, ports.floor)
        self._rows = Rows(ports.floor)
        self._circles = Circles(ports.floor)
        self._news = News(ports.floor, self._rows, self._circles, ports.clock)
        self._tasks: list[asyncio.Task[None]] = []
        self._pruned = Instant(0)
        self.desk = self._build()
        self._telephones = PageTelephones(
            ports.telephones, self.desk.desks, ports.floor, ports.clock
        )
        rendering = Rendering(
            ports.floor,
            self.desk.items,
            self.desk.glimpses,
            self._projection,
            self._rows,
            self._circles,
        )
        self._parts = self._socket_parts(rendering)
        self.api = self._api(routers)
        sockets = Sockets(
            Pages(self.api, ports.static),
            ports.site,
            self.desk.sessions,
            ports.ids,
            {
                "/ws/desk": (Permission.WORK, self._open_desk),
                "/ws/board": (Permission.BOARD, self._open_board),
            },
            self._in_force,
        )
        self.sockets = sockets
        self.desk.sight.mentioned = self._projection.mentioned
        self.desk.sessions.on_end = sockets.close_session
        self._projection.watch = self._watch
        methods_of = methods_by_path(self.api)
        guarded = Guards(
            sockets,
            ports.site,
            ports.clock,
            ports.ids,
            self._in_force,
            methods_of,
            self.desk.sessions.living,
        )
        self.app: Application = StrictHeaders(guarded, ports.site)

    # --- life -----------------------------------------------------------------------------

    async def start(self) -> None:
        """Open the tables, read the end of the log, begin to follow it.

        Raises StorageFailed when the tables or the log cannot be read.
        """
        await self.database.open()
        await self._marks.load()
        following = self._begin(self._projection.run(), "desk: projection")
        started = asyncio.create_task(self._projection.started.wait())
        async with asyncio.timeout(START_S):
            await asyncio.wait({following, started}, return_when=asyncio.FIRST_COMPLETED)
        if following.done() and not self._projection.started.is_set():
            started.cancel()
            following.result()
        self.desk.desks.begin()
        self._begin(self._every(SWEEP_S, self._sweep), "desk: sweep")
        self._begin(self._tell_desks(), "desk: news")
        self._begin(self._tell_boards(), "desk: boards")

    async def stop(self) -> None:
        """Tell every socket to come again, and let go of everything."""
        self.sockets.close_all(COME_AGAIN, "the server stops")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.database.close()
        self._hashes.close()

    def reconfigure(self, policy: Policy) -> None:
        """Let another policy hold from now on, for those as well who are signed in."""
        self._in_force.policy = policy

    def health(self) -> dict[str, str]:
        """What is not well, by part; empty when all is."""
        return {
            task.get_name(): "stopped" if task.cancelled() else repr(task.exception())
            for task in self._tasks
            if task.done()
        }

    def customer_typing(self, interaction_id: InteractionId, typing: bool) -> None:  # noqa: FBT001 - what media call
        """A customer began or stopped to type: tell whoever has the interaction in hand."""
        news = Live("typing", interaction_id=interaction_id, who="customer", typing=typing)
        frame = framed(encode(news))
        for agent_id in self._projection.involvement.parts(interaction_id):
            for tab in self.desk.desks.tabs(agent_id):
                if isinstance(tab, DeskSocket):
                    tab.send_news(frame)

    # --- building ---------------------------------------------------------------------------

    def _build(self) -> Desk:
        ports = self._ports
        words = Words(ports.seals)
        glimpses = Glimpses(words, ports.customers, ports.history, ports.clock)
        sight = Sight(ports.floor, ports.history, ports.customers)
        audit = Audit(ports.audit)
        return Desk(
            ports=ports,
            clock=ports.clock,
            sessions=Sessions(
                self.database,
                self._hashes,
                ports.floor,
                ports.clock,
                ports.ids,
                ports.site.profile,
                self._in_force,
            ),
            accounts=Accounts(self.database, self._hashes, ports.clock, self._in_force),
            audit=audit,
            sight=sight,
            items=Items(ports.floor, ports.history, glimpses, words, self._marks),
            words=words,
            glimpses=glimpses,
            drafts=Drafts(self._stored, ports.seals, ports.clock),
            rows=self._stored,
            desks=Desks(ports.inbox, ports.floor, ports.clock),
            news=self._news,
            finding=Finding(ports.customers, sight, ports.clock),
            pictures=Pictures(),
            listenings=Listenings(ports.recordings, audit, ports.clock, self._in_force),
        )

    def _socket_parts(self, rendering: Rendering) -> Parts:
        ports, desk = self._ports, self.desk
        writing = Writing(
            ports.inbox,
            ports.floor,
            ports.history,
            desk.items,
            desk.words,
            self._stored,
            ports.seals,
        )
        commands = Commands(
            ports.inbox,
            ports.floor,
            desk.desks,
            self._projection,
            writing,
            desk.drafts,
            self._marks,
            ports.whispers,
        )
        calls = TelephoneCommands(ports.telephones, self._telephones, desk.sight, desk.audit)
        commands.table |= calls.table
        self.commands = commands
        return Parts(
            clock=ports.clock,
            desks=desk.desks,
            projection=self._projection,
            rendering=rendering,
            commands=commands,
            news=self._news,
            active=desk.sessions.active,
            settings=desk.settings_of,
            telephones=self._telephones,
        )

    def _api(self, routers: Sequence[APIRouter]) -> FastAPI:
        app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
        app.router.redirect_slashes = False
        app.state.desk = self.desk
        for router in (*all_routers(), *routers):
            app.include_router(router)
        problems.install(app, self._ports.ids, methods_by_path(app))
        require_rows(app)
        app.state.openapi = describe(app)
        return app

    def _open_desk(self, principal: Principal, line: Line) -> DeskSocket:
        return DeskSocket(self._parts, principal, line)

    def _open_board(self, principal: Principal, line: Line) -> BoardSocket:
        return BoardSocket(self._news, self._ports.clock, principal, line)

    # --- what goes on -------------------------------------------------------------------------

    def _watch(self, recorded: Recorded) -> None:
        self._news.note(recorded)
        if isinstance(recorded.event, EntryAdded):
            self._marks.note(recorded.event)
            self.desk.glimpses.note(recorded.event)

    def _begin(self, work: Any, name: str) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.create_task(work, name=name)
        self._tasks.append(task)
        return task

    async def _every(self, seconds: float, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            try:
                await work()
            except CarillonError as error:
                log.warning(
                    "the desk could not look after itself, trying again",
                    extra={"event": "desk_sweep_failed", "reason": error.code},
                )

    async def _sweep(self) -> None:
        await self.desk.desks.sweep()
        self._telephones.sweep()
        await self.desk.sessions.sweep()
        if self._ports.clock.now() - self._pruned > HOUR_MS:
            await self.look_after()

    async def look_after(self) -> None:
        """Let old drafts go, files that were brought and never sent, and recordings whose time is
        over; done each hour.
        """
        now = self._pruned = self._ports.clock.now()
        gone = await self._stored.prune(
            Instant(now - DRAFTS_KEPT_MS), Instant(now - UPLOADS_KEPT_MS)
        )
        for file_id in gone:
            await self._ports.files.remove(file_id)
        await self._delete_old_recordings(now)

    async def _delete_old_recordings(self, now: Instant) -> None:
        kept_ms = self._in_force.policy.recordings_kept_ms
        count = await self._ports.recordings.expire(Instant(now - kept_ms), now)
        if count:
            what = f"{count} recordings older than {kept_ms // DAY_MS} d"
            await self._ports.audit.record("recording.expire", what, actor="system")

    async def _tell_desks(self) -> None:
        while True:
            await asyncio.sleep(self._news.pause_s())
            await self._news.tell_desks()

    async def _tell_boards(self) -> None:
        while True:
            await asyncio.sleep(INTERVAL_S)
            self._news.tell_boards()


def uvicorn_options() -> dict[str, Any]:
    """What uvicorn has to be told to serve a desk: our websocket, its bounds, no chatter."""
    return {
        "ws": SocketProtocol,
        "ws_max_size": FRAME_BYTES_REFUSED,
        "ws_per_message_deflate": False,
        "http": "h11",
        "server_header": False,
        "date_header": False,
        "proxy_headers": False,
        "access_log": False,
        "log_level": "warning",
        "h11_max_incomplete_event_size": 65_536,
    }
