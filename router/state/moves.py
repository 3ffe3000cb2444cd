"""What all folds share: moving an interaction, its deadline, and marking agents as changed."""

from router.model.ids import AgentId, Instant, InteractionId
from router.model.interaction import LEGAL_MOVES, Phase
from router.state.books import OVER
from router.state.deadlines import deadline
from router.state.index import Seat
from router.state.live import State
from router.state.records import AgentRow, Counters, Interaction

_NEVER_ASKED = Instant(0)


def known(state: State, interaction_id: InteractionId) -> Interaction:
    """The interaction an event is about, to be changed."""
    if state.shelves is not None:
        state.shelves.interactions.before_change(interaction_id)
    interaction = state.interactions.get(interaction_id)
    assert interaction is not None, f"interaction {interaction_id} is known"
    return interaction


def known_agent(state: State, agent_id: AgentId) -> AgentRow:
    """The agent an event is about, to be changed.

    Made when a log names one the catalogue no longer has.
    """
    if state.shelves is not None:
        state.shelves.agents.before_change(agent_id)
    row = state.agents.get(agent_id)
    if row is None:
        row = state.agents[agent_id] = AgentRow(id=agent_id)
        state.index.seats[agent_id] = Seat()
    return row


def touch(state: State, agent_id: AgentId) -> None:
    """The agent changed: matching looks at them again."""
    index = state.index
    index.dirty[agent_id] = None
    index.changed[agent_id] = None


def new_turn(state: State, row: AgentRow) -> None:
    """The agent goes to the back of the line of those who wait for work."""
    state.counters.idle += 1
    row.idle_number = state.counters.idle
    touch(state, row.id)


def move(state: State, interaction: Interaction, phase: Phase, at: Instant) -> None:
    """Put an interaction into another phase; leaves and enters the waiting lines."""
    before = interaction.phase
    assert phase in LEGAL_MOVES[before], f"{interaction.id} may not go from {before} to {phase}"
    if before is Phase.WAITING:
        state.index.leave(interaction)
    elif before is Phase.PARKED and interaction.parked_by is not None:
        state.parked[interaction.parked_by].pop(interaction.id)
        interaction.parked_until = None
        interaction.parked_by = None
    count(state.counters, before, -1)
    count(state.counters, phase, 1)
    interaction.phase = phase
    interaction.phase_since = at
    if phase in OVER:
        interaction.ended = interaction.ended or at
        case_id = interaction.case_id
        if case_id is not None and state.cases.get(case_id) == interaction.id:
            del state.cases[case_id]


_TERMS = {
    Phase.SELF_SERVICE: "self_service",
    Phase.WAITING: "waiting",
    Phase.OFFERED: "offered",
    Phase.ENGAGED: "in_work",
    Phase.PARKED: "in_work",
    Phase.WRAP_UP: "in_work",
    Phase.FINISHED: "finished",
}
"""The term of the conservation law that counts a phase."""


def count(counters: Counters, phase: Phase, by: int) -> None:
    """Keep the terms of the conservation law."""
    term = _TERMS[phase]
    setattr(counters, term, getattr(counters, term) + by)


def set_deadline(state: State, interaction: Interaction) -> None:
    """Let the interaction be due when its record says so."""
    visit, timers = interaction.visit, state.timers
    plan = None if visit is None else state.catalogue.plans.get(visit.plan)
    asked = timers.asked.get(interaction.id, _NEVER_ASKED)
    timers.set(interaction.id, deadline(interaction, plan, asked, state.epoch))
