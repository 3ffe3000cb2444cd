"""The core: ``decide(state, command, now)`` answers a wish with facts, or refuses it.

Pure: no clock, no randomness, no I/O. The state belongs to the one caller, and ``decide`` folds its
own events into it while deciding; a refused wish leaves it untouched. The events must be made
durable before anything acts on them, in particular before their effects are carried out.
``effects_of`` gives the same effects again from the log, for recovery.
"""

from router.core.decide import Decision, decide, next_deadline
from router.core.effects import effects_of
from router.core.seats import LOAN_LIMIT_MS, seat_forecast
from router.core.views import (
    agent_view,
    agents_view,
    conservation,
    expected_wait,
    in_phases,
    interaction_view,
    is_open,
    next_opening,
    open_in_case,
    open_of,
    parked_views,
    position_in_queue,
    queue_for,
    queue_views,
    waiting_views,
    why_waiting,
)
from router.rules import RULE_VARIABLES, check_condition
from router.state.fold import apply
from router.state.live import State, new_state
from router.state.snapshot import STATE_VERSION, Picture, restore, snapshot, state_digest

__all__ = [
    "LOAN_LIMIT_MS",
    "RULE_VARIABLES",
    "STATE_VERSION",
    "Decision",
    "Picture",
    "State",
    "agent_view",
    "agents_view",
    "apply",
    "check_condition",
    "conservation",
    "decide",
    "effects_of",
    "expected_wait",
    "in_phases",
    "interaction_view",
    "is_open",
    "new_state",
    "next_deadline",
    "next_opening",
    "open_in_case",
    "open_of",
    "parked_views",
    "position_in_queue",
    "queue_for",
    "queue_views",
    "restore",
    "seat_forecast",
    "snapshot",
    "state_digest",
    "waiting_views",
    "why_waiting",
]
