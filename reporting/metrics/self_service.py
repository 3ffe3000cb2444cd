"""Where customers leave self-service: what became of each visit to a node of a flow.

The five fates add up: came = went on + ended + hung up + no answer + failed.
"""

from typing import Any

from reporting.metrics.definition import Fold, Metric
from reporting.rows import FlowStepRow

WENT_ON, ENDED, HUNG_UP, NO_ANSWER, FAILED = "on", "ended", "hung_up", "no_answer", "failed"

_VISITS = "visits to the node, counted in the period in which they ended"
_LISTENING = frozenset({"menu", "ask", "callback", "voicemail", "fax"})
"""Nodes whose way ``otherwise`` is taken by who gives no answer they can use."""
_ENDS = {
    "enqueue": "queued",
    "hang_up": "hung_up",
    "transfer": "transferred",
    "voicemail": "left_message",
    "callback": "callback",
    "fax": "fax",
    "subflow": "within",
}
"""The exit by which a flow is over, of each kind of node that can end it."""
_TROUBLE = {"look_up": ("failed", "locked"), "transfer": ("failed",)}
"""The exits that say a system or a line did not do its part."""

_BY_EXIT = {
    **dict.fromkeys(_ENDS.values(), ENDED),
    **dict.fromkeys(("fault", "failed", "locked"), FAILED),
    "otherwise": NO_ANSWER,
}
"""What a visit counts as that was noted without the kind of its node."""


def fate(step: FlowStepRow) -> str:
    """What became of a visit to a node: one of the five."""
    if step.exit == "":
        return HUNG_UP
    if step.kind == "":
        return _BY_EXIT.get(step.exit, WENT_ON)
    if step.exit == "fault" or step.exit in _TROUBLE.get(step.kind, ()):
        return FAILED
    if step.kind == "return" or _ENDS.get(step.kind) == step.exit:
        return ENDED
    if step.kind in _LISTENING and step.exit == "otherwise":
        return NO_ANSWER
    return WENT_ON


def _count(name: str, title: str, formula: str, which: str) -> Metric[Any]:
    def value(step: FlowStepRow) -> int | None:
        return 1 if fate(step) == which else None

    return Metric(f"step_{name}", title, formula, _VISITS, Fold.COUNT, FlowStepRow, value)


def _came(_step: FlowStepRow) -> int | None:
    return 1


def _hung_up(step: FlowStepRow) -> int | None:
    return int(fate(step) == HUNG_UP)


def _spent(step: FlowStepRow) -> int | None:
    return step.spent_ms


METRICS: tuple[Metric[Any], ...] = (
    Metric("step_came", "Came here", "visits", _VISITS, Fold.COUNT, FlowStepRow, _came),
    _count("on", "Went on", "visits left by a way that leads on", WENT_ON),
    _count("ended", "Ended here", "visits in which the flow, or its sub-flow, was over", ENDED),
    _count("hung_up", "Hung up here", "visits in which the customer left", HUNG_UP),
    _count(
        "no_answer",
        "No answer",
        "visits to a question that was not answered in the tries it gives",
        NO_ANSWER,
    ),
    _count("failed", "Failed", "visits in which a look-up, a line or the flow failed", FAILED),
    Metric(
        "step_hung_up_share",
        "Share that hung up",
        "hung up here / came here",
        _VISITS,
        Fold.SHARE,
        FlowStepRow,
        _hung_up,
        short="Hung up %",
    ),
    Metric(
        "step_time",
        "Time at the node",
        "mean of the time from coming to leaving",
        _VISITS,
        Fold.MEAN,
        FlowStepRow,
        _spent,
        short="Time",
    ),
)
