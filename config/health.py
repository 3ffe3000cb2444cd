"""The pages that supervisors of processes ask: alive and ready. Figures: ``metrics_routes``."""

from collections.abc import Callable, Iterable, Mapping

from fastapi import APIRouter, Depends
from starlette.responses import Response

from agent_desktop.api.access import Public

OF_ONE_MEDIUM = ("channel", "effects")
"""Parts of which there is one for each medium: the centre takes and routes work without one."""


def routes(health: Callable[[], Mapping[str, str]]) -> APIRouter:
    """``/healthz`` and ``/readyz``."""
    router = APIRouter(dependencies=[Depends(Public("asked by supervisors of processes"))])

    @router.get("/healthz")
    async def healthz() -> Response:
        """The process answers."""
        return Response("ok\n", media_type="text/plain")

    @router.get("/readyz")
    async def readyz() -> Response:
        """The centre can take and route work; 503 when it cannot.

        Media in trouble are named beneath, and are no reason to start the centre anew: a mailbox
        that cannot be read stops no chat. Why stands in the log and in the figures, not here.
        """
        unwell = tuple(health())
        ready = all(_of_one_medium(part) for part in unwell)
        words = "ready\n" if ready else "not ready\n"
        words += "".join(f"in trouble: {name}\n" for name in _names(unwell))
        return Response(words, 200 if ready else 503, media_type="text/plain")

    return router


def _of_one_medium(part: str) -> bool:
    return part.partition(".")[0] in OF_ONE_MEDIUM


def _names(parts: Iterable[str]) -> list[str]:
    """What is in trouble, in one word each: the medium, or the part of the centre."""
    found = (
        part.split(".")[1] if _of_one_medium(part) else part.partition(".")[0] for part in parts
    )
    return sorted(set(found))
