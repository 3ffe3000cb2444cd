"""The form of everything that routes, as it is written in TOML.

Each Struct is one kind of table; ``docs/configuration.md`` shows them with examples. A field
``after_ms`` is written ``after = "20 s"``.
"""

import datetime
import re
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from config.decoding import written_as
from config.quantities import parse_share
from config.settings_types import Name, ReplyText, Sections, Text, Titles
from ivr.flow import AnyLookUp, Flow
from router.model.agent import WrapUpRule
from router.model.catalogue import OnClosed, RuleMode, Span
from router.model.ids import SkillName
from router.model.skills import LEVEL_MAX, Need

_NEED = re.compile(r"\s*([^\s<>=]+)\s*(?:>=\s*(\d{1,2})\s*)?")
_KEY = re.compile(r"[^\W_][\w.-]{0,63}")


def parse_need(text: object) -> Need:
    """The need of ``"billing"`` (any level) or ``"german >= 3"``; ValueError with a sentence."""
    match = _NEED.fullmatch(text) if isinstance(text, str) else None
    if match is None:
        raise ValueError('write a skill such as "billing" or "german >= 3"')
    skill, level = match.groups()
    if level is not None and not 1 <= int(level) <= LEVEL_MAX:
        raise ValueError(f"levels run from 1 to {LEVEL_MAX}, not {level}")
    return Need(skill=SkillName(skill), level=int(level or 1))


def parse_key(text: object) -> str:
    """A name others refer to: a letter or digit, then letters, digits, dots, dashes, ``_``."""
    if not isinstance(text, str) or _KEY.fullmatch(text) is None:
        raise ValueError(
            f'"{text}" cannot be a name: use a letter or digit, then letters, digits, ".", "-"'
            ' or "_", 64 characters at most'
        )
    return text


Key = Annotated[str, written_as(parse_key)]
Share = Annotated[float, written_as(parse_share)]
Condition = str
Level = Annotated[int, Meta(ge=1, le=LEVEL_MAX)]


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What all tables share."""


class RequirementText(Table, frozen=True):
    """Who may be offered it. A list within ``needs`` is a choice: one of them is enough."""

    needs: tuple[Need | tuple[Need, ...], ...] = ()
    not_skills: tuple[str, ...] = ()
    only_agents: tuple[str, ...] = ()
    not_agents: tuple[str, ...] = ()


class DispositionText(Table, frozen=True):
    """An outcome with titles by language."""

    name: Key
    title: Titles = {}


class QueueText(RequirementText, frozen=True):
    """``[queue.NAME]``"""

    title: Titles = {}
    strategy: str = "longest_idle"
    priority: str = "normal"
    plan: str = ""
    hours: str = ""
    when_closed: OnClosed = "wait"
    limit: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    on_full: str | None = None
    offer_ms: dict[str, Annotated[int, Meta(ge=1_000)]] = {}
    target_ms: dict[str, Annotated[int, Meta(ge=1_000)]] = {}
    goal: Share = 0.8
    short_abandon_ms: int = 5_000
    wrap_up: dict[str, WrapUpRule] = {}
    dispositions: tuple[str | DispositionText, ...] = ()
    last_agent_ms: int = 0


class PriorityText(Table, frozen=True):
    """``[priority.NAME]``: a higher ``rank`` always goes first; ``slope`` is how fast waiting
    counts, ``credit`` the head start."""

    rank: Annotated[int, Meta(ge=-100, le=100)] = 0
    slope: Annotated[float, Meta(ge=0, le=1_000)] = 1.0
    credit_ms: int = 0


class MediumText(Table, frozen=True):
    """``[media.NAME]``: how much of a medium fits into an agent, and how it rings and ends."""

    slots: Annotated[int, Meta(ge=0, le=50)] = 1
    load: Annotated[int, Meta(ge=0, le=1_000)] = 1
    interrupted_by: tuple[str, ...] | None = None
    offer_ms: Annotated[int, Meta(ge=1_000)] = 30_000
    wrap_up: WrapUpRule | None = None


class WorkText(Table, frozen=True):
    """``[work]``: what holds for every agent."""

    total_load: Annotated[int, Meta(ge=1, le=1_000)] = 100


class NotReadyText(Table, frozen=True):
    """``[not_ready.NAME]``: a reason an agent can choose, with its time limit."""

    limit_ms: int = 0


class SkillText(Table, frozen=True):
    """``[skill.NAME]``"""

    title: Titles = {}


class TeamText(Table, frozen=True):
    """``[team.NAME]``: its agents see and serve these queues."""

    title: Titles = {}
    queues: tuple[str, ...] = ()


class CapacityText(Table, frozen=True):
    """An agent's own capacity where it differs from everybody's."""

    slots: dict[str, Annotated[int, Meta(ge=0, le=50)]] = {}
    load: dict[str, Annotated[int, Meta(ge=0, le=1_000)]] = {}
    total_load: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    interrupted_by: dict[str, tuple[str, ...]] = {}


class AgentText(Table, frozen=True):
    """``[agent.NAME]``"""

    name: Annotated[str, Meta(max_length=100)] = ""
    skills: dict[str, Level] = {}
    queues: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    weight: Annotated[int, Meta(ge=1, le=1_000)] = 1
    capacity: CapacityText | None = None


class RulesText(Table, frozen=True):
    """``[rules]``: what holds for all of them."""

    default_queue: str
    mode: RuleMode = "first_match"
    zone: str = ""


class RuleText(RequirementText, frozen=True, kw_only=True):
    """``[[rule]]``: in order; ``set`` adds attributes."""

    name: Name
    when: Condition = "true"
    queue: str | None = None
    priority: str = ""
    credit_ms: int = 0
    prefer: str = ""
    prefer_for_ms: int = 0
    plan: str = ""
    set: dict[str, str] = {}
    stop: bool = False


class RaiseText(Table, frozen=True):
    """``raise = { credit = "1 min", priority = "high" }``"""

    credit_ms: int = 0
    priority: str = ""


class OverflowText(Table, frozen=True):
    """``overflow = { queue = "general", keep_age = false }``"""

    queue: str
    keep_age: bool = True


class StepText(Table, frozen=True):
    """``[[plan.NAME.step]]``: a time, a condition, and exactly one action."""

    after_ms: int = 0
    every_ms: int = 0
    when: Condition = ""
    relax: RequirementText | None = None
    widen: tuple[str, ...] | None = None
    raise_: RaiseText | None = msgspec.field(default=None, name="raise")
    announce: Text | None = None
    offer_callback: Text | None = None
    overflow: str | OverflowText | None = None
    voicemail: Text | None = None
    give_up: Text | None = None


class PlanText(Table, frozen=True):
    """``[plan.NAME]``"""

    step: Annotated[tuple[StepText, ...], Meta(max_length=100)] = ()


class ExceptionText(Table, frozen=True):
    """``[[hours.NAME.exception]]``: a date, or all days ``until`` another one."""

    date: datetime.date
    until: datetime.date | None = None
    name: str = ""
    open: tuple[Span, ...] = ()


class HoursText(Table, frozen=True):
    """``[hours.NAME]``: opening spans; a single day outranks ``workdays`` and ``every_day``."""

    zone: str = ""
    every_day: tuple[Span, ...] = ()
    workdays: tuple[Span, ...] | None = None
    monday: tuple[Span, ...] | None = None
    tuesday: tuple[Span, ...] | None = None
    wednesday: tuple[Span, ...] | None = None
    thursday: tuple[Span, ...] | None = None
    friday: tuple[Span, ...] | None = None
    saturday: tuple[Span, ...] | None = None
    sunday: tuple[Span, ...] | None = None
    holidays: tuple[str, ...] = ()
    exception: Annotated[tuple[ExceptionText, ...], Meta(max_length=1_000)] = ()


class ConversationText(Table, frozen=True):
    """``[conversation.NAME]``: a test of a flow, ``lines`` as ``ivr.conversation`` reads them.

    ``at`` is a moment of the site's own clock, ``closed`` calendars are closed by hand.
    """

    flow: str
    lines: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=1_000)]
    at: str = "2026-11-24 10:00"
    medium: str = "voice"
    caller: str = ""
    called: str = ""
    language: str = ""
    customer: dict[str, str | int | float | bool] = {}
    closed: tuple[str, ...] = ()


class CentreText(Sections, Table, frozen=True):
    """Every section of a configuration."""

    channels: dict[str, dict[str, Any]] = {}
    work: WorkText = WorkText()
    media: dict[Key, MediumText] = {}
    not_ready: dict[Key, NotReadyText] = {}
    priority: dict[Key, PriorityText] = {}
    queue: dict[Key, QueueText] = {}
    skill: dict[Key, SkillText] = {}
    team: dict[Key, TeamText] = {}
    agent: dict[Key, AgentText] = {}
    rules: RulesText | None = None
    rule: Annotated[tuple[RuleText, ...], Meta(max_length=10_000)] = ()
    plan: dict[Key, PlanText] = {}
    hours: dict[Key, HoursText] = {}
    holidays: dict[Key, dict[str, str]] = {}
    reply: dict[Key, ReplyText] = {}
    flow: dict[Key, Flow] = {}
    look_up: dict[Key, AnyLookUp] = {}
    conversation: dict[Key, ConversationText] = {}
