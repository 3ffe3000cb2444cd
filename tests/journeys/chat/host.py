"""A foreign site: pages of another origin, under a strict policy of its own, with the widget."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse
from starlette.routing import Route

from config.serving import WebServer
from config.settings_types import Listen, WidgetSettings

NONCE = "bm9uY2UtZm9yLXRlc3Rz"

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>
<style nonce="{nonce}">body{{font:16px sans-serif;margin:2rem}} * {{color:#222}}</style>
{head}</head>
<body><main><h1>{title}</h1><p>A page of somebody else. <a href="/other">Another page</a></p>
<button id="own">Own button</button><input aria-label="Own field"></main>{body}</body></html>
"""


class Host:
    """The foreign site. ``attributes`` are the script tag's; ``reports`` is what was refused."""

    def __init__(self) -> None:
        self.widget = ""
        self.attributes = 'data-site="k_7f" data-lang="en"'
        self.body = ""
        self.head = ""
        self.reports: list[str] = []
        self.asked: list[str] = []
        routes = [
            Route("/csp", self._report, methods=["POST"]),
            Route("/favicon.ico", self._nothing),
            Route("/{path:path}", self._page),
        ]
        listener = WidgetSettings(listen=Listen("127.0.0.1", 0))
        self.server = WebServer(Starlette(routes=routes), listener, "host")

    @property
    def origin(self) -> str:
        """The site's origin, by name: the widget's host has another one."""
        return f"http://localhost:{self.server.port}"

    async def _page(self, request: Request) -> HTMLResponse:
        source = f'src="{self.widget}/widget.js" {self.attributes}'
        script = f'<script async nonce="{NONCE}" {source}></script>'
        page = _PAGE.format(
            title=f"Shop {request.url.path}", nonce=NONCE, head=self.head or script, body=self.body
        )
        socket = self.widget.replace("http", "ws", 1)
        policy = (
            f"default-src 'none'; script-src 'nonce-{NONCE}'; style-src 'nonce-{NONCE}';"
            f" connect-src {self.widget} {socket}; frame-src {self.widget}; base-uri 'none';"
            " form-action 'none'; frame-ancestors 'none'; report-uri /csp"
        )
        return HTMLResponse(page, headers={"Content-Security-Policy": policy})

    async def _report(self, request: Request) -> PlainTextResponse:
        self.reports.append((await request.body()).decode())
        return PlainTextResponse("")

    async def _nothing(self, request: Request) -> PlainTextResponse:
        return PlainTextResponse("", status_code=404)


@asynccontextmanager
async def host_site() -> AsyncIterator[Host]:
    """A foreign site on a port of its own."""
    host = Host()
    await host.server.start()
    try:
        yield host
    finally:
        await host.server.stop()
