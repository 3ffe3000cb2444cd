"""Reports by HTTP: JSON for the pages, CSV for spreadsheets, and the rows behind each figure.

Who may ask for what is told by the doors that ``config`` gives: one for totals, one for rows with
persons, one for exports.
"""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse

from reporting import metrics
from reporting.export import Cell, csv_lines
from reporting.keeping import KeptHistory
from reporting.reports import behind, queue_by_interval, self_service
from reporting.reports.queue_by_interval import TIME_MAX, Question
from router.model.errors import InvalidInput
from router.model.ids import AgentId, QueueName

Time = Annotated[int, Query(ge=0, le=TIME_MAX)]
Names = Annotated[str, Query(max_length=200)]


class Reader(msgspec.Struct, frozen=True):
    """Who asks: the queues they may see figures of (None: all), whose rows may bear names (None:
    everybody's), how many rows they may take along, and where it is noted what they looked at."""

    queues: frozenset[QueueName] | None
    agent: AgentId | None
    rows_max: int
    note: Callable[[str], Awaitable[None]]


class Door(msgspec.Struct, frozen=True):
    """A dependency that lets somebody in or raises, and who it then is."""

    allow: Callable[..., Awaitable[Any]]
    reader: Callable[[Request], Reader]


class Doors(msgspec.Struct, frozen=True):
    """The three ways in."""

    totals: Door
    rows: Door
    exports: Door


async def _asked(
    start: Annotated[int, Query(alias="from", ge=0, le=TIME_MAX)],
    end: Annotated[int, Query(alias="to", ge=0, le=TIME_MAX)],
    interval: int = 30,
    zone: Annotated[str, Query(max_length=100)] = "",
    queue: Annotated[list[Names] | None, Query(max_length=200)] = None,
    medium: Annotated[list[Names] | None, Query(max_length=20)] = None,
    split: bool = False,  # noqa: FBT001, FBT002 - a query parameter
    empty: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Question:
    return Question(
        start=start,
        end=end,
        minutes=interval,
        zone=zone,
        # An empty field of a form is no filter.
        queues=tuple(name for name in queue or () if name),
        media=tuple(name for name in medium or () if name),
        split_media=split,
        empty=empty,
    )


Asked = Annotated[Question, Depends(_asked)]


def routes(history: KeptHistory, doors: Doors, default_zone: Callable[[], str]) -> APIRouter:
    """The routes under ``/api/v1/reports``."""
    router = APIRouter(prefix="/api/v1/reports", tags=["reports"])
    router.include_router(_self_service_routes(history, doors, default_zone))
    report = f"/{queue_by_interval.NAME}"

    def ready(question: Question, who: Reader) -> Question:
        zone = question.zone or default_zone()
        question = seen_by(msgspec.structs.replace(question, zone=zone), who)
        queue_by_interval.check(question)
        return question

    @router.get("/definitions", dependencies=[Depends(doors.totals.allow)])
    async def report_definitions() -> Response:
        """What each figure means."""
        return _json({"definitions": queue_by_interval.definitions(metrics.discover())})

    @router.get(report, dependencies=[Depends(doors.totals.allow)])
    async def queue_report(request: Request, question: Asked) -> Response:
        """Queue figures by queue and interval of arrival, with their definitions."""
        who = doors.totals.reader(request)
        return _json(await history.report(queue_by_interval.answer, ready(question, who)))

    @router.get(f"{report}.csv", dependencies=[Depends(doors.exports.allow)])
    async def queue_report_csv(request: Request, question: Asked) -> Response:
        """The same as a table for spreadsheets."""
        who = doors.exports.reader(request)
        found = await history.report(queue_by_interval.answer, ready(question, who))
        if len(found.rows) > who.rows_max:
            raise InvalidInput(
                f"your role exports {who.rows_max} rows at most: choose longer intervals",
                field="interval",
            )
        await who.note(f"report {queue_by_interval.NAME} {question.start} to {question.end}")
        return _csv(queue_by_interval.NAME, queue_by_interval.csv_rows(found))

    @router.get(f"{report}/rows", dependencies=[Depends(doors.rows.allow)])
    async def queue_report_rows(
        request: Request,
        question: Asked,
        figure: Annotated[str, Query(min_length=1, max_length=64)],
        at: Time | None = None,
        after: Annotated[str, Query(max_length=200)] = "",
        limit: Annotated[int, Query(ge=1, le=behind.PAGE_MAX)] = behind.PAGE,
    ) -> Response:
        """The rows behind one figure: of the interval at ``at``, or of the totals without it."""
        who = doors.rows.reader(request)
        opening = behind.Opening(ready(question, who), figure, at, after, limit)
        found = await history.report(behind.behind, opening, lambda agent: may_see(who, agent))
        await who.note(f"rows of {queue_by_interval.NAME} {figure}")
        return _json(found)

    return router


def _self_service_routes(
    history: KeptHistory, doors: Doors, default_zone: Callable[[], str]
) -> APIRouter:
    """Where customers leave the flows. Totals name nobody and are of no queue; whose visit a row
    is, is told to who may see the queue the interaction went to."""
    router = APIRouter()
    report = f"/{self_service.NAME}"

    def asked(question: Question, flow: str) -> self_service.Asked:
        zone = question.zone or default_zone()
        return self_service.Asked(msgspec.structs.replace(question, zone=zone), flow)

    @router.get(report, dependencies=[Depends(doors.totals.allow)])
    async def self_service_report(question: Asked, flow: Names = "") -> Response:
        """What became of the visits to each node of each flow, with the definitions."""
        return _json(await history.report(self_service.answer, asked(question, flow)))

    @router.get(f"{report}.csv", dependencies=[Depends(doors.exports.allow)])
    async def self_service_report_csv(
        request: Request, question: Asked, flow: Names = ""
    ) -> Response:
        """The same as a table for spreadsheets."""
        who = doors.exports.reader(request)
        found = await history.report(self_service.answer, asked(question, flow))
        await who.note(f"report {self_service.NAME} {question.start} to {question.end}")
        return _csv(self_service.NAME, self_service.csv_rows(found))

    @router.get(f"{report}/rows", dependencies=[Depends(doors.rows.allow)])
    async def self_service_report_rows(
        request: Request,
        question: Asked,
        flow: Annotated[str, Query(min_length=1, max_length=200)],
        node: Annotated[str, Query(min_length=1, max_length=200)],
        figure: Annotated[str, Query(min_length=1, max_length=64)],
        way: Names | None = None,
        after: Time = 0,
        limit: Annotated[int, Query(ge=1, le=self_service.PAGE_MAX)] = self_service.PAGE,
    ) -> Response:
        """The visits behind one figure of one node; with ``way`` those that left by it."""
        who = doors.rows.reader(request)
        opening = self_service.Opening(asked(question, flow), node, figure, way, after, limit)
        found = await history.report(
            self_service.behind, opening, lambda queue: _may_see_of(who, queue)
        )
        await who.note(f"rows of {self_service.NAME} {figure}")
        return _json(found)

    return router


def _may_see_of(who: Reader, queue: str) -> bool:
    """Whether the asker may see whose interaction it is that went to this queue, or to none."""
    return who.agent is None and (who.queues is None or queue in who.queues)


def may_see(who: Reader, agent_id: str | None) -> bool:
    """Whether the asker may see whose row it is."""
    return who.agent is None or who.agent == agent_id


def seen_by(question: Question, who: Reader) -> Question:
    """The question, about queues the asker may see. A team without queues sees none."""
    if who.queues is None:
        return question
    wanted = question.queues or tuple(sorted(who.queues))
    chosen = tuple(queue for queue in wanted if queue in who.queues)
    # An empty choice would mean "all queues": a name no queue has means none.
    return msgspec.structs.replace(question, queues=chosen or ("",))


def _csv(name: str, rows: Iterable[Sequence[Cell]]) -> Response:
    return StreamingResponse(
        csv_lines(rows),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _json(value: Any) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")
