"""The rows of the history: what a manager's SQL sees, as immutable records.

``docs/schema.md`` describes the same tables for people who query them directly.
"""

import msgspec


class Row(msgspec.Struct, frozen=True):
    """What all rows share: plain values only, times in milliseconds since 1970 UTC."""


class VisitRow(Row, frozen=True):
    """One visit of an interaction to one queue; the population of every queue metric.

    ``result`` is empty while waiting, else ``answered``, ``abandoned``, or how it flowed out
    (``transferred``, ``overflowed``, ``requeued``, ``callback``, ``voicemail``, ``gave_up``,
    ``closed_hours``, ``queue_full``, ``discarded``, ``system``). ``target_ms`` and
    ``short_abandon_ms`` are the ones in force when it entered.
    """

    interaction_id: str
    visit: int
    queue: str
    medium: str
    entered_at: int
    ended_at: int | None
    wait_ms: int | None
    result: str
    reason_in: str
    agent_id: str | None
    offers: int
    rule: str
    catalogue_version: str
    priority_class: str
    target_ms: int | None
    short_abandon_ms: int


class InteractionRow(Row, frozen=True):
    """One interaction from arrival to its end. ``attributes`` and ``customer`` are JSON objects;
    the second is what the caller claimed to be."""

    interaction_id: str
    medium: str
    address: str
    subject: str
    case_id: str | None
    arrived_at: int
    closed_at: int | None
    outcome: str
    reason: str
    disposition: str
    queue: str
    visits: int
    entries: int
    last_entry_at: int | None
    attributes: str
    customer: str


class EngagementRow(Row, frozen=True):
    """One agent's part in an interaction; ``how`` is empty while it goes on.

    ``state`` is ``talking``, ``held``, ``wrap_up`` or ``ended``; handle time is talk + hold +
    wrap-up of a row that has ended.
    """

    interaction_id: str
    agent_id: str
    started_at: int
    role: str
    queue: str
    medium: str
    visit: int
    ended_at: int | None
    talk_ms: int
    hold_ms: int
    wrap_up_ms: int | None
    wrap_up_how: str
    how: str
    disposition: str
    state: str


class OfferRow(Row, frozen=True):
    """One ring at one agent; why it was this agent stands in the step of the same offer."""

    offer_id: str
    interaction_id: str
    agent_id: str
    queue: str
    medium: str
    kind: str
    offered_at: int
    ended_at: int | None
    end: str
    rang_ms: int | None
    reason: str


class EntryRow(Row, frozen=True):
    """One message or note: its skeleton only, the words are sealed in the log at ``position``."""

    entry_id: str
    position: int
    interaction_id: str
    number: int
    at: int
    author: str
    agent_id: str | None
    note: bool
    files: int
    size_bytes: int
    mark: str
    mark_reason: str
    marked_at: int | None


class StepRow(Row, frozen=True):
    """Something that was decided about an interaction, for its timeline (``detail`` is JSON)."""

    position: int
    interaction_id: str
    at: int
    kind: str
    agent_id: str | None
    detail: str


class FlowStepRow(Row, frozen=True):
    """One visit of a customer to one node of a self-service flow, written when they left it.

    ``kind`` is what the node does (``menu``, ``look_up``), ``exit`` the way they left by: empty
    where they hung up.
    """

    position: int
    interaction_id: str
    medium: str
    flow: str
    node: str
    kind: str
    exit: str
    entered_at: int
    left_at: int
    spent_ms: int


class AgentStateRow(Row, frozen=True):
    """A span of time in which an agent was in one state; ``ended_at`` is empty for the last.

    ``state`` by rank: ``offered``, ``talking``, ``held``, ``wrap_up``, ``not_ready``, ``ready``,
    ``offline``.
    """

    agent_id: str
    started_at: int
    ended_at: int | None
    state: str
    presence: str
    reason: str
    set_by: str
    position: int
