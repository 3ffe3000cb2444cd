"""Where customers leave self-service: the figures of each node of each flow, and the ways taken.

One pass over the steps of the period; a flow has at most a few hundred nodes, so the answer is
small however many steps there were.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import msgspec

from reporting import metrics
from reporting.metrics.definition import Figure, Metric, Tally
from reporting.reports.figure_cells import cells, heads
from reporting.reports.queue_by_interval import Question, check, definitions
from reporting.rows import FlowStepRow, InteractionRow
from reporting.store.reading import HistoryReader
from reporting.store.tables import TABLES
from router.model.errors import InvalidInput

NAME = "self-service"
NODES_MAX = 5_000
"""Nodes of one answer at most; more are refused."""
WAYS_MAX = 200
"""Ways out of one node that are told apart; a configuration has no more."""
PAGE = 100
PAGE_MAX = 500

MaySee = Callable[[str], bool]
"""Whether who asks may see whose interaction it is, by the queue it went to."""


class Asked(msgspec.Struct, frozen=True):
    """The period, zone and media of ``question`` (its queues are not asked for), and the flow;
    empty is every flow."""

    question: Question
    flow: str = ""


class NodeRow(msgspec.Struct, frozen=True):
    """The figures of one node; ``ways`` counts its exits by name, the empty one is hanging up."""

    flow: str
    node: str
    kind: str
    figures: dict[str, Figure]
    ways: dict[str, int]


class Answer(msgspec.Struct, frozen=True):
    """Every node somebody came to, the busiest of a flow first, and what the figures mean.

    ``complete_to`` is the moment of the last fact that is counted.
    """

    question: Question
    rows: tuple[NodeRow, ...]
    totals: dict[str, Figure]
    definitions: dict[str, dict[str, str | int]]
    complete_to: int


class Opening(msgspec.Struct, frozen=True):
    """Which figure of which node is opened; with ``way`` only visits that left by it.

    ``after`` is the ``next`` of the page before.
    """

    asked: Asked
    node: str
    figure: str
    way: str | None = None
    after: int = 0
    limit: int = PAGE


class StepBehind(msgspec.Struct, frozen=True):
    """One visit to the node. ``interaction_id`` is null for those the asker may not see."""

    interaction_id: str | None
    medium: str
    entered_at: int
    left_at: int
    exit: str
    value: int


class Behind(msgspec.Struct, frozen=True):
    """A page of the visits behind a figure; ``total`` is how many there are on all pages."""

    figure: str
    value: Figure
    total: int
    rows: tuple[StepBehind, ...]
    next: int | None
    definition: dict[str, str | int]
    complete_to: int


def answer(reader: HistoryReader, asked: Asked) -> Answer:
    """Compute the report (blocks; call it on one of the history's threads).

    Raises InvalidInput naming the field of a question that makes no sense or asks for too much.
    """
    check(asked.question)
    known = step_metrics()
    totals = [Tally(metric) for metric in known.values()]
    nodes: dict[tuple[str, str], _Node] = {}
    for step in _steps(reader, asked):
        key = (step.flow, step.node)
        if key not in nodes:
            if len(nodes) >= NODES_MAX:
                raise InvalidInput(f"more than {NODES_MAX} nodes: choose one flow", field="flow")
            nodes[key] = _Node(known)
        nodes[key].add(step)
        for tally in totals:
            tally.add(step)
    rows = [node.row(*key) for key, node in nodes.items()]
    rows.sort(key=lambda row: (row.flow, -(row.figures["step_came"] or 0), row.node))
    return Answer(
        question=asked.question,
        rows=tuple(rows),
        totals={tally.metric.name: tally.figure() for tally in totals},
        definitions=definitions(known),
        complete_to=reader.complete_to(),
    )


def behind(reader: HistoryReader, opening: Opening, may_see: MaySee) -> Behind:
    """The visits behind a figure of a node, in the order they ended (blocks, as ``answer``).

    Raises InvalidInput naming the field that is wrong.
    """
    check(opening.asked.question)
    known = step_metrics()
    if opening.figure not in known:
        raise InvalidInput(f"there is no figure {opening.figure[:50]!r}", field="figure")
    if not 1 <= opening.limit <= PAGE_MAX:
        raise InvalidInput(f"a page has 1 to {PAGE_MAX} rows", field="limit")
    tally = Tally(known[opening.figure])
    page: list[tuple[FlowStepRow, int]] = []
    more = False
    for step in _steps(reader, opening.asked, opening.node):
        value = tally.metric.value(step)
        if value is None or (opening.way is not None and step.exit != opening.way):
            continue
        tally.add(step)
        if step.position <= opening.after:
            continue
        if len(page) == opening.limit:
            more = True
            continue
        page.append((step, int(value)))
    seen = _seen(reader, [step.interaction_id for step, _ in page], may_see)
    return Behind(
        figure=opening.figure,
        value=tally.figure(),
        total=tally.rows,
        rows=tuple(
            StepBehind(
                interaction_id=step.interaction_id if step.interaction_id in seen else None,
                medium=step.medium,
                entered_at=step.entered_at,
                left_at=step.left_at,
                exit=step.exit,
                value=value,
            )
            for step, value in page
        ),
        next=page[-1][0].position if more else None,
        definition=definitions(known)[opening.figure],
        complete_to=reader.complete_to(),
    )


def step_metrics() -> dict[str, Metric[Any]]:
    """The metrics that speak of the nodes of flows."""
    return metrics.over(FlowStepRow)


def csv_rows(found: Answer) -> Iterator[Sequence[str | int | float | None]]:
    """The report as a table; the ways stand in one cell, as ``1: 12 | otherwise: 3``."""
    yield ["flow", "node", "kind", *heads(found.definitions), "ways"]
    for row in found.rows:
        ways = " | ".join(f"{way or '(hung up)'}: {count}" for way, count in row.ways.items())
        yield [row.flow, row.node, row.kind, *cells(row.figures, found.definitions), ways]
    yield ["total", "", "", *cells(found.totals, found.definitions), ""]


class _Node:
    """The running counts of one node."""

    def __init__(self, known: dict[str, Metric[Any]]) -> None:
        self._tallies = [Tally(metric) for metric in known.values()]
        self._ways: dict[str, int] = defaultdict(int)
        self._kind = ""

    def add(self, step: FlowStepRow) -> None:
        """Count a visit; the node is called what it was last."""
        self._kind = step.kind or self._kind
        if step.exit in self._ways or len(self._ways) < WAYS_MAX:
            self._ways[step.exit] += 1
        for tally in self._tallies:
            tally.add(step)

    def row(self, flow: str, node: str) -> NodeRow:
        """The node's row, its ways by how often they were taken."""
        return NodeRow(
            flow=flow,
            node=node,
            kind=self._kind,
            figures={tally.metric.name: tally.figure() for tally in self._tallies},
            ways=dict(sorted(self._ways.items(), key=lambda way: (-way[1], way[0]))),
        )


def _steps(reader: HistoryReader, asked: Asked, node: str | None = None) -> Iterator[FlowStepRow]:
    table, question = TABLES[FlowStepRow].c, asked.question
    conditions = [table.left_at >= question.start, table.left_at < question.end]
    if question.media:
        conditions.append(table.medium.in_(question.media))
    if asked.flow:
        conditions.append(table.flow == asked.flow)
    if node is not None:
        conditions.append(table.node == node)
    for chunk in reader.chunks(FlowStepRow, *conditions, order=(table.position,)):
        yield from chunk


def _seen(reader: HistoryReader, ids: Sequence[str], may_see: MaySee) -> frozenset[str]:
    """Those of the interactions that the asker may see."""
    column = TABLES[InteractionRow].c.interaction_id
    found = reader.rows(InteractionRow, column.in_(sorted(set(ids)))) if ids else []
    return frozenset(row.interaction_id for row in found if may_see(row.queue))
