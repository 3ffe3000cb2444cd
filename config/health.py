"""The pages that supervisors of processes ask: alive and ready. Figures: ``metrics_routes``."""

from collections.abc import Callable, Mapping

from fastapi import APIRouter, Depends
from starlette.responses import Response

from agent_desktop.api.access import Public

_BESIDE = ("channel.", "effects.")
"""Parts whose trouble leaves the rest at work: a mailbox that cannot be read closes no desk."""


def routes(health: Callable[[], Mapping[str, str]]) -> APIRouter:
    """``/healthz`` and ``/readyz``."""
    router = APIRouter(dependencies=[Depends(Public("asked by supervisors of processes"))])

    @router.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        """The centre can take work; 503 when it cannot. Why stands in the log, not here.

        A medium in trouble is told by ``/metrics``: the others go on.
        """
        ready = all(part.startswith(_BESIDE) for part in health())
        words = "ready\n" if ready else "not ready\n"
        return Response(words, 200 if ready else 503, media_type="text/plain")

    return router
