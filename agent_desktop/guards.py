"""What every request must pass before any route sees it: origin, kind, size and rate.

WEB-6: what changes something is JSON from our own pages, said so by a header no form can send.
"""

import ipaddress
from collections.abc import Awaitable, Callable, Iterable, Sequence

from agent_desktop.glimpses import Remembered
from agent_desktop.problems import TooLarge, problem
from agent_desktop.settings import InForce, Site
from agent_desktop.wire import Application, Message, Receive, Scope, Send
from router.model.ids import Instant
from router.ports import Clock, Ids

BODY_MAX = 1_024 * 1_024
UPLOAD_MAX = 25 * 1_024 * 1_024
SOURCES_REMEMBERED = 50_000
CHANGING = frozenset({"POST", "PUT", "PATCH", "DELETE"})
COOKIE = "__Host-carillon"
DEVICE_COOKIE = "__Host-carillon-device"


class Rates:
    """A bucket of tokens for each source: so many a second, with a burst of so many."""

    def __init__(self, clock: Clock, in_force: InForce) -> None:
        self._clock = clock
        self._in_force = in_force
        self._buckets: Remembered[str, tuple[float, Instant]] = Remembered(SOURCES_REMEMBERED)

    def afford(self, source: str) -> bool:
        """Whether this source may do one more thing now."""
        now, policy = self._clock.now(), self._in_force.policy
        burst = float(policy.request_burst)
        tokens, at = self._buckets.get(source) or (burst, now)
        tokens = min(burst, tokens + max(0, now - at) * policy.requests_per_s / 1_000)
        allowed = tokens >= 1
        self._buckets.put(source, (tokens - 1 if allowed else tokens, now))
        return allowed


class Guards:
    """ASGI: lets only proper requests through to the application behind it."""

    def __init__(
        self,
        app: Application,
        site: Site,
        clock: Clock,
        ids: Ids,
        in_force: InForce,
        methods_of: Callable[[str], Sequence[str]],
        session_of: Callable[[str], Awaitable[str]],
    ) -> None:
        self._methods_of = methods_of
        self._session_of = session_of
        self._app = app
        self._site = site
        self._ids = ids
        self._rates = Rates(clock, in_force)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or pass on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope.setdefault("state", {})["address"] = client_address(scope, self._site)
        refusal = await self._refuse(scope)
        if refusal is not None:
            status, code = refusal
            headers = {"Retry-After": "1"} if status == 429 else None
            await problem(self._ids, status, code, headers=headers)(scope, receive, send)
            return
        await self._counted(scope, receive, send)

    async def _refuse(self, scope: Scope) -> tuple[int, str] | None:
        path: str = scope["path"]
        if path.startswith("/api/") and not self._rates.afford(await self._source(scope)):
            return 429, "too_many_requests"
        if scope["method"] not in CHANGING:
            return None  # No route takes others than these and GET: they are answered 405.
        origins = header_values(scope, b"origin")
        if len(origins) != 1 or origins[0] not in self._site.origins:
            return 403, "foreign_origin"
        if header(scope, b"x-carillon") != "1":
            return 403, "missing_header"
        kind = header(scope, b"content-type").partition(";")[0].strip().lower()
        length = header(scope, b"content-length")
        empty = length in ("", "0") and not header(scope, b"transfer-encoding")
        if not is_upload(scope) and not empty and kind != "application/json":
            if scope["method"] not in self._methods_of(path):
                return None  # Whatever it brings, the answer is 405 or 404.
            return 415, "not_json"
        if length and (not length.isascii() or not length.isdecimal()):
            return 400, "bad_length"
        if length and int(length) > _limit(scope):
            return 413, "too_large"
        return None

    async def _source(self, scope: Scope) -> str:
        """Whose bucket is drawn from: a living session's own, else the address's.

        A made-up cookie is no source of its own, or every request could bring a new one.
        """
        token = cookie(scope, COOKIE)
        session = await self._session_of(token) if token else ""
        return session or network_of(scope["state"]["address"])

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit, taken = _limit(scope), 0

        async def counting() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > limit:
                raise TooLarge
            return message

        await self._app(scope, counting, send)


def is_upload(scope: Scope) -> bool:
    """Whether the body is a file as it is."""
    path: str = scope["path"]
    return scope["method"] == "POST" and path.startswith("/api/v1/") and path.endswith("/files")


def _limit(scope: Scope) -> int:
    return UPLOAD_MAX if is_upload(scope) else BODY_MAX


def header_values(scope: Scope, name: bytes) -> list[str]:
    """All values of a header (its name in lower case)."""
    pairs: Iterable[tuple[bytes, bytes]] = scope.get("headers", ())
    return [value.decode("latin-1") for key, value in pairs if key == name]


def header(scope: Scope, name: bytes) -> str:
    """The value of a header; the first one, or empty."""
    return next(iter(header_values(scope, name)), "")


def cookie(scope: Scope, name: str) -> str:
    """The value of a cookie, or empty."""
    for line in header_values(scope, b"cookie"):
        for part in line.split(";"):
            key, _, value = part.strip().partition("=")
            if key == name:
                return value.strip('"')
    return ""


def client_address(scope: Scope, site: Site) -> str:
    """Who asks: the peer, or who a trusted proxy says it is for (WEB-10).

    Of the forwarded addresses the last one that is not a trusted proxy counts; those before it
    are whatever the client wrote.
    """
    client = scope.get("client")
    address: str = client[0] if client else ""
    if not _trusted(address, site):
        return address
    forwarded = ",".join(header_values(scope, b"x-forwarded-for")).split(",")
    for each in reversed([part.strip() for part in forwarded if part.strip()]):
        try:
            ipaddress.ip_address(each)
        except ValueError:
            return address
        address = each
        if not _trusted(each, site):
            break
    return address


def network_of(address: str) -> str:
    """What one customer of a network has: the address of IPv4, the first 64 bits of IPv6."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if parsed.version == 4:
        return address
    return str(ipaddress.ip_network((parsed, 64), strict=False))


def _trusted(address: str, site: Site) -> bool:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    return any(parsed in ipaddress.ip_network(net, strict=False) for net in site.trusted_proxies)
