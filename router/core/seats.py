"""Seats are moved for a while, return by themselves, and what a move would do is told before."""

from collections.abc import Sequence

from router.core.queueing import queue_known
from router.core.turn import Turn
from router.core.waits import next_wait
from router.model.agent import Presence
from router.model.commands import MoveSeat, ReturnSeat
from router.model.errors import Refused
from router.model.events import SeatMoved, SeatReturned
from router.model.explanation import ExpectedWait
from router.model.ids import DAY_MS, AgentId, QueueName, SkillName
from router.model.skills import LEVEL_MAX, meets
from router.model.views import SeatForecast
from router.state.expectation import of_share
from router.state.live import State
from router.state.seats import own_queues, served, skills_of

LOAN_LIMIT_MS = 31 * DAY_MS
"""Nobody is lent for longer than this: what lasts belongs into the configuration."""


def move_seat(turn: Turn, command: MoveSeat) -> None:
    """Let an agent serve other queues until a moment.

    Refused with ``unknown_agent``, ``unknown_queue``, ``no_queue``, ``invalid_time`` or
    ``invalid_skill``.
    """
    row = turn.agent(command.agent_id)
    if row.id not in turn.state.catalogue.agents:
        raise Refused(f"agent {row.id} is no longer there", code="unknown_agent")
    queues = tuple(dict.fromkeys(command.queues))
    if not queues:
        raise Refused("a seat serves one queue at least", code="no_queue")
    for name in queues:
        queue_known(turn, name)
    if not turn.now < command.until <= turn.now + LOAN_LIMIT_MS:
        raise Refused("a seat is moved until a moment within 31 days", code="invalid_time")
    if any(not 1 <= level <= LEVEL_MAX for level in command.skills.values()):
        raise Refused(f"a skill is lent at a level of 1 to {LEVEL_MAX}", code="invalid_skill")
    loan = row.loan
    wanted = (queues, command.skills, command.until)
    if loan is None or (loan.queues, loan.skills, loan.until) != wanted:
        turn.emit(
            SeatMoved(turn.now, row.id, queues, command.until, command.by, dict(command.skills))
        )


def return_seat(turn: Turn, command: ReturnSeat) -> None:
    """Let an agent serve their own queues again; refused with ``unknown_agent``."""
    row = turn.agent(command.agent_id)
    if row.loan is not None:
        turn.emit(SeatReturned(turn.now, row.id, command.by))


def return_what_is_due(turn: Turn) -> None:
    """Seats whose time is over go back."""
    while (agent_id := turn.state.returns.pop(turn.now)) is not None:
        turn.emit(SeatReturned(turn.now, agent_id))


def seat_forecast(
    state: State, agent_id: AgentId, queues: Sequence[QueueName] | None
) -> Sequence[SeatForecast]:
    """What it would do to serve these queues (None: the agent's own), for each that gains or loses.

    The wait is the router's own estimate: a place in line costs what it has cost of late, shared
    among one ready seat more or less. An agent who is not ready changes nothing yet. An unknown
    agent or queue has no forecast.
    """
    row = state.agents.get(agent_id)
    if row is None or agent_id not in state.catalogue.agents:
        return ()
    state.index.refresh(state)
    now = set(served(state, agent_id))
    then = set(own_queues(state, agent_id) if queues is None else queues)
    counts = int(row.presence is Presence.READY)
    return [
        _of_queue(state, agent_id, name, counts if name in then else -counts)
        for name in state.catalogue.queues
        if name in now ^ then
    ]


def _of_queue(state: State, agent_id: AgentId, name: QueueName, more: int) -> SeatForecast:
    audience = state.index.audience(frozenset({name}))
    seats = audience.presences.get(Presence.READY, 0)
    expected = next_wait(state, name)
    return SeatForecast(
        queue=name,
        waiting=state.index.waiting(name),
        seats=seats,
        seats_then=seats + more,
        expected=expected,
        expected_then=_shared(expected, seats, seats + more),
        lacks=_lacks(state, agent_id, name),
    )


def _shared(expected: ExpectedWait | None, seats: int, seats_then: int) -> ExpectedWait | None:
    if expected is None or seats == 0 or seats_then == 0:
        return None  # What nobody works at was not learnt with these seats, or ends never.
    return of_share(expected, seats, seats_then)


def _lacks(state: State, agent_id: AgentId, name: QueueName) -> dict[SkillName, int]:
    """The skills the queue needs of everybody and this agent does not have."""
    skills = skills_of(state, agent_id)
    needs = state.catalogue.queues[name].requirement.all_of
    return {need.skill: need.level for need in needs if not meets(skills, need)}
