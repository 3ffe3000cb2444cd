"""Why: the explanation every offer carries, and the answer to "why is this still waiting?"."""

import msgspec

from router.model.catalogue import Source
from router.model.ids import AgentId, CatalogueVersion, Instant, InteractionId, QueueName


class Plain(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """Plain data, written once: it cannot be part of a cycle, so the collector passes over it."""


class Refusal(Plain, frozen=True):
    """How many agents were out for one reason, with some of them by name.

    Codes: ``offline``, ``not_ready``, ``medium_off``, ``no_capacity``, ``not_interruptible``,
    ``skills``, ``queue``, ``excluded``, ``declined``, ``not_preferred``, ``being_offered``.
    """

    code: str
    count: int
    agents: tuple[AgentId, ...] = ()
    detail: str = ""


class Term(Plain, frozen=True):
    """One term of a score: name, value, unit."""

    name: str
    value: float
    unit: str = ""


class Decision(Plain, frozen=True):
    """The rule that decided queue and priority: by name, with its file and line and version."""

    rule: str
    source: Source = Source()
    version: CatalogueVersion = CatalogueVersion("")


class Explanation(Plain, frozen=True):
    """Why this agent was offered this interaction.

    ``candidates`` are the first agents that could have taken it in the strategy's order (the
    chosen one first), ``candidate_count`` how many there were; ``refusals`` the others by reason.
    """

    strategy: str
    candidates: tuple[AgentId, ...]
    candidate_count: int
    refusals: tuple[Refusal, ...] = ()
    terms: tuple[Term, ...] = ()
    decision: Decision = Decision(rule="")


class ExpectedWait(Plain, frozen=True):
    """An honest interval in milliseconds; ``hit_rate`` is the measured share of waits inside it.

    ``None`` in place of an ExpectedWait means "not known": then nothing is announced.
    """

    low_ms: int
    high_ms: int
    hit_rate: float | None = None


class WhyWaiting(Plain, frozen=True):
    """Why an interaction waits, as of ``at``."""

    interaction_id: InteractionId
    at: Instant
    queue: QueueName
    position: int
    ahead: tuple[InteractionId, ...]
    matching_agents: int
    available_agents: int
    refusals: tuple[Refusal, ...]
    terms: tuple[Term, ...]
    decision: Decision
    next_step: str = ""
    next_step_at: Instant | None = None
    expected_wait: ExpectedWait | None = None
