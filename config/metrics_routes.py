"""``GET /metrics`` on the desk's server: for Prometheus by a token, for people by their role."""

import hmac
from collections.abc import Callable

from fastapi import APIRouter, Request, Response

from agent_desktop.api.access import Allow
from agent_desktop.api.endpoint import endpoint
from agent_desktop.permissions import Permission
from config.metrics import CONTENT_TYPE, Metrics
from config.settings_types import Settings

_person = Allow(Permission.METRICS)


def routes(metrics: Metrics, settings: Callable[[], Settings]) -> APIRouter:
    """The route. Open in the lab, which only this machine reaches; else by token or role."""
    router = APIRouter()

    @endpoint(router, "GET /metrics", "asks for a token or the permission `metrics` by itself")
    async def metrics_text(request: Request) -> Response:
        """Figures in Prometheus's text format."""
        now = settings()
        if not now.lab and not _has_token(request, now):
            await _person(request)
        return Response(metrics.text(), media_type=CONTENT_TYPE)

    return router


def _has_token(request: Request, settings: Settings) -> bool:
    wanted = settings.metrics.token
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    if wanted is None or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(given.strip().encode(), wanted.reveal().encode())
