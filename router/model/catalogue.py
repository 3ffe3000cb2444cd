"""The catalogue: queues, agents, rules, plans and hours as data, one immutable version at a time.

``config`` reads it from text; the core only looks things up in it. Durations are milliseconds.
"""

from typing import Literal

import msgspec

from router.model.agent import Capacity, WrapUpRule
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    Medium,
    QueueName,
    SkillName,
    TeamName,
)
from router.model.skills import NOTHING_REQUIRED, Requirement


class Record(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """What all records of the catalogue share: immutable, compact, unknown fields refused."""


class Source(Record, frozen=True):
    """Where a record stands in the configuration, so that a decision can point at it."""

    file: str = ""
    line: int = 0


class PriorityClass(Record, frozen=True):
    """How a kind of interaction ages.

    Among waiting interactions a higher ``rank`` always goes first (strict priority). Within a
    rank the score at time t is ``credit_ms + slope * (t - entered)`` in milliseconds: credit is
    head start in waiting time, slope is how fast the wait counts (Kleinrock's time-dependent
    priority; slope 0 is plain priority by credit, then order of entry).
    """

    name: str
    rank: int = 0
    slope: float = 1.0
    credit_ms: int = 0


DEFAULT_CLASS = PriorityClass(name="normal")


class Relax(Record, frozen=True, tag="relax"):
    """Replace the requirement by a wider one; the place in the line is kept."""

    requirement: Requirement


class Widen(Record, frozen=True, tag="widen"):
    """Let agents of further queues be offered the interaction as well (a ring)."""

    queues: tuple[QueueName, ...]


class Raise(Record, frozen=True, tag="raise"):
    """Add credit, and change the priority class where one is named."""

    credit_ms: int = 0
    priority_class: str = ""


class Announce(Record, frozen=True, tag="announce"):
    """Tell the customer something: a prompt's name or a text with plain ``{position}`` fields."""

    text: str


class OfferCallback(Record, frozen=True, tag="offer_callback"):
    """Offer to be called back, or to leave a message, and keep the place."""

    text: str = ""


class Overflow(Record, frozen=True, tag="overflow"):
    """Move to another queue, with or without the time already waited."""

    queue: QueueName
    keep_age: bool = True


class Voicemail(Record, frozen=True, tag="voicemail"):
    """Let the customer leave a message; the visit to the queue ends as ``voicemail``."""

    text: str = ""


class GiveUp(Record, frozen=True, tag="give_up"):
    """End the wait with a word to the customer; the interaction finishes as ``gave_up``."""

    text: str = ""


Action = Relax | Widen | Raise | Announce | OfferCallback | Overflow | Voicemail | GiveUp


class PlanStep(Record, frozen=True):
    """One step of a plan: due ``after_ms`` of waiting in this queue, again each ``every_ms``.

    ``when`` is a CEL condition over ``position``, ``waiting``, ``available_agents``,
    ``expected_wait_ms`` (-1 when unknown), ``interaction`` and ``clock``; empty is always.
    """

    action: Action
    after_ms: int = 0
    every_ms: int = 0
    when: str = ""
    source: Source = Source()


class Plan(Record, frozen=True):
    """What happens to an interaction while it waits, step by step."""

    name: str
    steps: tuple[PlanStep, ...] = ()


class Span(Record, frozen=True):
    """Opening time within a day, minutes from local midnight; an end past 1440 is next day."""

    start_minute: int
    end_minute: int


class DayException(Record, frozen=True):
    """A local date (``2026-12-24``) with its own spans; no span is closed all day."""

    date: str
    spans: tuple[Span, ...] = ()
    name: str = ""


class Calendar(Record, frozen=True):
    """Business hours: spans per weekday (0 is Monday), exceptions, a zone, emergency closing."""

    name: str
    zone: str = "UTC"
    weekdays: tuple[tuple[Span, ...], ...] = ((), (), (), (), (), (), ())
    exceptions: tuple[DayException, ...] = ()
    closed_now: bool = False


class Disposition(Record, frozen=True):
    """One outcome an agent can choose at wrap-up, with its titles by language."""

    name: str
    title: dict[str, str] = {}


OnClosed = Literal["wait", "refuse"]


class Queue(Record, frozen=True):
    """A queue: whom it serves, what it promises, what follows.

    ``limit``: waiting interactions at most, 0 is the site's bound. ``offer_ms``: how long an offer
    rings per medium. ``target_ms`` and ``goal`` are the service level promised per medium.
    """

    name: QueueName
    title: dict[str, str] = {}
    strategy: str = "longest_idle"
    priority_class: str = "normal"
    plan: str = ""
    calendar: str = ""
    on_closed: OnClosed = "wait"
    limit: int = 0
    on_full: QueueName | None = None
    requirement: Requirement = NOTHING_REQUIRED
    offer_ms: dict[Medium, int] = {}
    target_ms: dict[Medium, int] = {}
    goal: float = 0.8
    short_abandon_ms: int = 5_000
    wrap_up: dict[Medium, WrapUpRule] = {}
    dispositions: tuple[Disposition, ...] = ()
    last_agent_ms: int = 0
    source: Source = Source()


class Agent(Record, frozen=True):
    """An agent's profile: skills, queues served, teams and own capacity."""

    id: AgentId
    name: str = ""
    skills: dict[SkillName, int] = {}
    queues: tuple[QueueName, ...] = ()
    teams: tuple[TeamName, ...] = ()
    weight: int = 1
    capacity: Capacity | None = None
    source: Source = Source()


class Team(Record, frozen=True):
    """A team: the queues it sees and serves."""

    name: TeamName
    title: dict[str, str] = {}
    queues: tuple[QueueName, ...] = ()


class Rule(Record, frozen=True):
    """One routing rule. ``when`` is a CEL condition over ``interaction``, ``customer``, ``clock``.

    A rule that matches sets what it names: queue, needs (added to the queue's), priority class,
    credit, the preferred agent (an agent id, or ``last`` for the last one who served the
    customer) held for ``prefer_ms``, the plan, and attributes. ``stop`` ends an accumulating set.
    """

    name: str
    when: str = "true"
    queue: QueueName | None = None
    requirement: Requirement = NOTHING_REQUIRED
    priority_class: str = ""
    credit_ms: int = 0
    prefer: str = ""
    prefer_ms: int = 0
    plan: str = ""
    attributes: dict[str, str] = {}
    stop: bool = False
    source: Source = Source()


RuleMode = Literal["first_match", "accumulate"]


class RuleSet(Record, frozen=True):
    """The rules in order. The last resort for what no rule gives a queue is ``default_queue``."""

    default_queue: QueueName
    mode: RuleMode = "first_match"
    rules: tuple[Rule, ...] = ()
    zone: str = "UTC"


class Limits(Record, frozen=True):
    """Bounds of the whole site."""

    waiting: int = 200_000
    entries_per_interaction: int = 5_000
    finished_kept: int = 20_000
    reason_limit_ms: dict[str, int] = {}


class Catalogue(Record, frozen=True):
    """One version of everything that decides. ``version`` is the digest of its text."""

    version: CatalogueVersion
    queues: dict[QueueName, Queue]
    rules: RuleSet
    agents: dict[AgentId, Agent] = {}
    teams: dict[TeamName, Team] = {}
    plans: dict[str, Plan] = {}
    calendars: dict[str, Calendar] = {}
    classes: dict[str, PriorityClass] = msgspec.field(
        default_factory=lambda: {"normal": DEFAULT_CLASS}
    )
    capacity: Capacity = Capacity(slots={})
    reasons: tuple[str, ...] = ()
    offer_ms: dict[Medium, int] = {}
    wrap_up: dict[Medium, WrapUpRule] = {}
    limits: Limits = Limits()
