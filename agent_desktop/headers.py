"""The headers of every answer (WEB-5), and the policies a browser holds pages to."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from agent_desktop.settings import Site
from agent_desktop.wire import Application, Message, Receive, Scope, Send

CONTENT_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src data:; "
    "style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""For what customers wrote, in a frame of its own: no script, nothing from outside."""

CONTENT_POLICY_WITH_IMAGES = CONTENT_POLICY.replace("img-src data:", "img-src data: https:")
"""The same once the agent has asked for the pictures of this very message."""

FILE_POLICY = "sandbox; default-src 'none'"
STRICT_TRANSPORT = "max-age=63072000; includeSubDomains"
PERMISSIONS = "microphone=(self), camera=(), geolocation=(), payment=()"
IMMUTABLE = "public, max-age=31536000, immutable"


def page_policy(origins: Sequence[str]) -> str:
    """The content policy of the desk's own pages; sockets go to the site's own hosts."""
    sockets = " ".join(
        dict.fromkeys(
            f"{'wss' if urlsplit(origin).scheme == 'https' else 'ws'}://{urlsplit(origin).netloc}"
            for origin in origins
        )
    )
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
        f"font-src 'self'; connect-src 'self' {sockets}; media-src 'self' blob:; "
        "worker-src 'self'; manifest-src 'self'; frame-src 'self'; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'; object-src 'none'; "
        "require-trusted-types-for 'script'; trusted-types carillon"
    )


class StrictHeaders:
    """ASGI: puts the headers on every answer, refusals of sockets and errors included.

    What an answer sets itself (another content policy, a cache time) is left as it is.
    """

    def __init__(self, app: Application, site: Site) -> None:
        self._app = app
        self._site = site
        self._policy: tuple[tuple[str, ...], bytes] = ((), b"")
        self._always = [
            (name.encode(), value.encode())
            for name, value in (
                ("strict-transport-security", STRICT_TRANSPORT),
                ("x-content-type-options", "nosniff"),
                ("referrer-policy", "no-referrer"),
                ("cross-origin-opener-policy", "same-origin"),
                ("cross-origin-resource-policy", "same-origin"),
                ("permissions-policy", PERMISSIONS),
                ("cache-control", "no-store"),
            )
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and add what is missing to each answer's head."""

        async def dressed(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                headers = list(message.get("headers", ()))
                there = {bytes(name).lower() for name, _ in headers}
                every = (*self._always, (b"content-security-policy", self._page_policy()))
                headers += [pair for pair in every if pair[0] not in there]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, dressed)

    def _page_policy(self) -> bytes:
        origins, policy = self._policy
        if origins != self._site.origins:
            policy = page_policy(self._site.origins).encode()
            self._policy = (self._site.origins, policy)
        return policy
