"""The doors of the websockets: exact Origin, ticket, session; and closing them when that ends."""

import contextlib
import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Protocol
from urllib.parse import parse_qs

from agent_desktop.auth import Sessions, SignedOut
from agent_desktop.guards import COOKIE, client_address, cookie, header_values
from agent_desktop.line import Ear, Line
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal
from agent_desktop.problems import problem
from agent_desktop.protocol import SIGNED_OUT
from agent_desktop.settings import InForce, Site
from agent_desktop.wire import Application, Closed, Receive, Send, accept, refused
from agent_desktop.wire import Scope as AsgiScope
from router.model.errors import CarillonError
from router.ports import Ids

SOCKETS_OF_A_SESSION = 10


class Served(Ear, Protocol):
    """A socket that is being served. Nothing of it may wait."""

    def end(self, code: int, reason: str) -> None:
        """Close."""
        ...


Door = tuple[Permission, Callable[[Principal, Line], Served]]


class _Counted:
    """A socket's ear that also says when it is gone."""

    __slots__ = ("_served", "_when_gone")

    def __init__(self, served: Served, when_gone: Callable[[], None]) -> None:
        self._served = served
        self._when_gone = when_gone

    def begin(self) -> None:
        self._served.begin()

    def hear(self, frame: str | bytes) -> None:
        self._served.hear(frame)

    def flow(self) -> None:
        self._served.flow()

    def gone(self) -> None:
        self._when_gone()
        self._served.gone()


class Sockets:
    """ASGI: opens the doors it has, by path; everything else goes to the application behind."""

    def __init__(
        self,
        app: Application,
        site: Site,
        sessions: Sessions,
        ids: Ids,
        doors: dict[str, Door],
        in_force: InForce,
    ) -> None:
        self._in_force = in_force
        self._app = app
        self._site = site
        self._sessions = sessions
        self._ids = ids
        self.doors = doors
        self._open: dict[str, list[Served]] = defaultdict(list)
        self._count = 0

    async def __call__(self, scope: AsgiScope, receive: Receive, send: Send) -> None:
        """Serve a socket of ours, or pass on."""
        if scope["type"] != "websocket":
            await self._app(scope, receive, send)
            return
        door = self.doors.get(scope["path"])
        if door is None:
            await self._refuse(scope, receive, send, 404, "not_found")
            return
        origins = header_values(scope, b"origin")
        if len(origins) != 1 or origins[0] not in self._site.origins:
            await self._refuse(scope, receive, send, 403, "foreign_origin")
            return
        try:
            principal = await self._principal(scope)
        except CarillonError as error:
            status = 401 if isinstance(error, SignedOut) else 503
            await self._refuse(scope, receive, send, status, error.code)
            return
        permission, serve = door
        if principal.grant(permission).scope == Scope.NONE:
            await self._refuse(scope, receive, send, 403, "forbidden")
            return
        mine = self._open.get(principal.session, ())
        if len(mine) >= SOCKETS_OF_A_SESSION or self._count >= self._in_force.policy.desks:
            await self._refuse(scope, receive, send, 503, "too_many_sockets")
            return
        await self._serve(principal, serve, scope, receive, send)

    def close_session(self, session: str) -> None:
        """The session has ended: so do its sockets."""
        for served in tuple(self._open.get(session, ())):
            served.end(SIGNED_OUT, "signed out")

    def close_all(self, code: int, reason: str) -> None:
        """The server stops."""
        for served in [each for mine in self._open.values() for each in mine]:
            served.end(code, reason)

    def __len__(self) -> int:
        return self._count

    async def _serve(
        self,
        principal: Principal,
        serve: Callable[[Principal, Line], Served],
        scope: AsgiScope,
        receive: Receive,
        send: Send,
    ) -> None:
        """Let it in. It is served by calls from here on: nothing here waits for its end."""

        def make(line: Line) -> Ear:
            served = serve(principal, line)
            self._open[principal.session].append(served)
            self._count += 1
            return _Counted(served, functools.partial(self._gone, principal.session, served))

        with contextlib.suppress(Closed):
            await accept(scope, receive, send, make)
        if self._sessions.current(principal.session) is None:
            self.close_session(principal.session)

    def _gone(self, session: str, served: Served) -> None:
        self._count -= 1
        self._open[session].remove(served)
        if not self._open[session]:
            del self._open[session]

    async def _principal(self, scope: AsgiScope) -> Principal:
        query = parse_qs(scope.get("query_string", b"").decode("latin-1"), max_num_fields=10)
        tickets = query.get("ticket", [])
        if len(tickets) != 1:
            raise SignedOut
        return await self._sessions.redeem(tickets[0], cookie(scope, COOKIE))

    async def _refuse(
        self, scope: AsgiScope, receive: Receive, send: Send, status: int, code: str
    ) -> None:
        """Answer the handshake as any request, with the reason."""
        scope.setdefault("state", {})["address"] = client_address(scope, self._site)
        await receive()
        await problem(self._ids, status, code)(scope, receive, send)
        refused(scope)
