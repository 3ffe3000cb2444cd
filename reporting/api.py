"""Reports by HTTP: JSON for the pages, CSV for spreadsheets. Mounted by ``config.wiring``."""

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from reporting import metrics
from reporting.export import csv_lines
from reporting.projector import Projector
from reporting.reports import queue_by_interval
from router.model.errors import Refused
from router.model.ids import QueueName

Who = Callable[[Request], Any]
"""A dependency that gives a Reader, or raises what the desk's server turns into a problem."""


class Reader(msgspec.Struct, frozen=True):
    """Who asks: the queues they may see figures of (None: all), and whether they may export."""

    queues: frozenset[QueueName] | None
    may_export: bool


def routes(projector: Projector, reader: Who, default_zone: Callable[[], str]) -> APIRouter:
    """The routes under ``/api/v1/reports``."""
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"])

    async def asked(
        request: Request,
        start: Annotated[int, Query(alias="from", ge=0)],
        end: Annotated[int, Query(alias="to", ge=0)],
        interval: int = 30,
        zone: str = "",
        queue: Annotated[list[str] | None, Query(max_length=200)] = None,
        medium: Annotated[list[str] | None, Query(max_length=20)] = None,
        split: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    ) -> tuple[queue_by_interval.Answer, Reader]:
        who: Reader = await reader(request)
        question = queue_by_interval.Question(
            start=start,
            end=end,
            minutes=interval,
            zone=zone or default_zone(),
            queues=visible_queues(queue or [], who),
            media=tuple(medium or ()),
            split_media=split,
        )
        queue_by_interval.check(question)
        found = await projector.run(
            queue_by_interval.answer, projector.store, question, projector.complete_to
        )
        return found, who

    @router.get("/definitions")
    async def definitions(request: Request) -> Response:
        """What each figure means."""
        await reader(request)
        known = queue_by_interval.definitions(metrics.discover())
        return _json({"definitions": known})

    @router.get(f"/{queue_by_interval.NAME}")
    async def report(
        found: Annotated[tuple[queue_by_interval.Answer, Reader], Depends(asked)],
    ) -> Response:
        """Queue metrics by queue and interval of arrival."""
        return _json(found[0])

    @router.get(f"/{queue_by_interval.NAME}.csv")
    async def report_csv(
        found: Annotated[tuple[queue_by_interval.Answer, Reader], Depends(asked)],
    ) -> Response:
        """The same as a table for spreadsheets."""
        answer, who = found
        if not who.may_export:
            raise Refused("your role does not allow exports", code="forbidden")
        return StreamingResponse(
            csv_lines(queue_by_interval.csv_rows(answer)),
            media_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{queue_by_interval.NAME}.csv"'},
        )

    return router


def visible_queues(wanted: list[str], who: Reader) -> tuple[str, ...]:
    """The queues to ask for: what is wanted and may be seen. A team without queues sees none."""
    if who.queues is None:
        return tuple(wanted)
    seen = sorted(who.queues)
    chosen = [queue for queue in wanted if queue in who.queues] if wanted else seen
    # An empty choice would mean "all queues": a name no queue has means none.
    return tuple(chosen) or ("",)


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
