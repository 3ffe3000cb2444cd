"""The pages that supervisors of processes ask: alive, ready, figures."""

import ipaddress
from collections.abc import Callable, Mapping

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from agent_desktop.api.access import Public
from config.metrics import CONTENT_TYPE, Metrics


def routes(health: Callable[[], Mapping[str, str]], figures: Metrics) -> APIRouter:
    """``/healthz``, ``/readyz`` and ``/metrics``."""
    router = APIRouter(dependencies=[Depends(Public("asked by supervisors of processes"))])

    @router.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        """The centre can take work; 503 when it cannot. Why stands in the log, not here."""
        ready = not health()
        words = "ready\n" if ready else "not ready\n"
        return Response(words, 200 if ready else 503, media_type="text/plain")

    @router.get("/metrics")
    async def metrics(request: Request) -> Response:
        """Figures for Prometheus, for this machine only; elsewhere the page does not exist."""
        if not ipaddress.ip_address(request.state.address).is_loopback:
            return Response("not found\n", 404, media_type="text/plain")
        return Response(figures.text(), media_type=CONTENT_TYPE)

    return router
