"""Builds the catalogue, one version of everything that decides, from the text's tables.

Every name that refers to something is checked. ``catalogue_checks`` then looks for what is valid
but hardly meant.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from config.catalogue_hours import calendars
from config.catalogue_names import Known, Names
from config.catalogue_rules import RuleBuilder
from config.catalogue_text import (
    AgentText,
    CentreText,
    DispositionText,
    QueueText,
)
from config.findings import FieldPath, Findings, did_you_mean
from router.model.agent import SYSTEM_REASONS, Capacity
from router.model.catalogue import (
    DEFAULT_CLASS,
    Agent,
    Catalogue,
    Disposition,
    Limits,
    PriorityClass,
    Queue,
    Team,
)
from router.model.ids import AgentId, CatalogueVersion, Medium, QueueName, SkillName, TeamName

_VERSION_DIGITS = 16


def build_catalogue(
    centre: CentreText, tree: Mapping[str, Any], findings: Findings, known: Known
) -> Catalogue | None:
    """The catalogue of a decoded text; None when there is no queue or no rule set to go on with.

    ``tree`` is the text as parsed: a name that stands there is known even where its table has a
    mistake of its own, so one slip is reported once.
    """
    return _Builder(centre, tree, findings, known).build()


def version_of(catalogue: Catalogue) -> CatalogueVersion:
    """The version: a digest of everything in the catalogue but the version itself."""
    bare = msgspec.structs.replace(catalogue, version=CatalogueVersion(""))
    text = msgspec.json.encode(bare, order="deterministic")
    return CatalogueVersion(hashlib.sha256(text).hexdigest()[:_VERSION_DIGITS])


class _Builder:
    def __init__(
        self, centre: CentreText, tree: Mapping[str, Any], findings: Findings, known: Known
    ) -> None:
        self._centre = centre
        self._findings = findings
        self._known = known
        self._names = Names(tree, findings, known)

    def build(self) -> Catalogue | None:
        centre = self._centre
        classes = {
            name: PriorityClass(
                name=name, rank=text.rank, slope=text.slope, credit_ms=text.credit_ms
            )
            for name, text in centre.priority.items()
        }
        classes.setdefault(DEFAULT_CLASS.name, DEFAULT_CLASS)
        capacity = self._site_capacity()
        queues = {QueueName(name): self._queue(name, text) for name, text in centre.queue.items()}
        teams = {TeamName(name): self._team(name) for name in centre.team}
        agents = {
            AgentId(name): self._agent(name, text, capacity, teams)
            for name, text in centre.agent.items()
        }
        hours = calendars(centre.hours, centre.holidays, centre.site.zone, self._findings)
        made = RuleBuilder(centre, self._names, self._findings, whole=self._known.whole)
        plans, rules = made.plans(), made.rules()
        self._check_reasons()
        if self._known.whole and not self._names.any("queue"):
            self._findings.mistake(("queue",), "there is no queue; add a table [queue.NAME]")
        if rules is None or not queues:
            return None
        catalogue = Catalogue(
            version=CatalogueVersion(""),
            queues=queues,
            rules=rules,
            agents=agents,
            teams=teams,
            plans=plans,
            calendars=hours,
            classes=classes,
            capacity=capacity,
            reasons=tuple(centre.not_ready),
            offer_ms={Medium(name): text.offer_ms for name, text in centre.media.items()},
            wrap_up={
                Medium(name): text.wrap_up
                for name, text in centre.media.items()
                if text.wrap_up is not None
            },
            limits=Limits(
                waiting=centre.limits.waiting,
                entries_per_interaction=centre.limits.entries_per_interaction,
                finished_kept=centre.limits.finished_kept,
                reason_limit_ms={
                    name: text.limit_ms for name, text in centre.not_ready.items() if text.limit_ms
                },
            ),
        )
        return msgspec.structs.replace(catalogue, version=version_of(catalogue))

    def _queue(self, name: str, text: QueueText) -> Queue:
        path: FieldPath = ("queue", name)
        if text.strategy not in self._known.strategies:
            hint = did_you_mean(text.strategy, self._known.strategies)
            self._findings.mistake(
                (*path, "strategy"), f'there is no strategy "{text.strategy}"{hint}'
            )
        self._names.refer((*path, "priority"), "priority", text.priority)
        if text.plan:
            self._names.refer((*path, "plan"), "plan", text.plan)
        if text.hours:
            self._names.refer((*path, "hours"), "hours", text.hours)
        if text.on_full is not None:
            self._names.refer((*path, "on_full"), "queue", text.on_full)
            if text.on_full == name:
                self._findings.mistake((*path, "on_full"), "a full queue cannot flow into itself")
        self._names.media_of((*path, "offer"), text.offer_ms)
        self._names.media_of((*path, "target"), text.target_ms)
        self._names.media_of((*path, "wrap_up"), text.wrap_up)
        return Queue(
            name=QueueName(name),
            title=text.title,
            strategy=text.strategy,
            priority_class=text.priority,
            plan=text.plan,
            calendar=text.hours,
            on_closed=text.when_closed,
            limit=text.limit,
            on_full=QueueName(text.on_full) if text.on_full is not None else None,
            requirement=self._names.requirement(path, text),
            offer_ms={Medium(medium): each for medium, each in text.offer_ms.items()},
            target_ms={Medium(medium): each for medium, each in text.target_ms.items()},
            goal=text.goal,
            short_abandon_ms=text.short_abandon_ms,
            wrap_up={Medium(medium): each for medium, each in text.wrap_up.items()},
            dispositions=tuple(self._dispositions(path, text)),
            last_agent_ms=text.last_agent_ms,
            source=self._names.source(path),
        )

    def _dispositions(self, path: FieldPath, text: QueueText) -> Iterable[Disposition]:
        seen: set[str] = set()
        for index, each in enumerate(text.dispositions):
            made = each if isinstance(each, DispositionText) else DispositionText(name=each)
            if made.name in seen:
                self._findings.mistake(
                    (*path, "dispositions", index), f'"{made.name}" stands here twice'
                )
            seen.add(made.name)
            yield Disposition(name=made.name, title=made.title)

    def _team(self, name: str) -> Team:
        text = self._centre.team[name]
        self._names.refer_all(("team", name, "queues"), "queue", text.queues)
        return Team(
            name=TeamName(name), title=text.title, queues=tuple(map(QueueName, text.queues))
        )

    def _agent(
        self, name: str, text: AgentText, site: Capacity, teams: Mapping[TeamName, Team]
    ) -> Agent:
        path: FieldPath = ("agent", name)
        for skill in text.skills:
            self._names.refer((*path, "skills", skill), "skill", skill)
        self._names.refer_all((*path, "queues"), "queue", text.queues)
        self._names.refer_all((*path, "teams"), "team", text.teams)
        queues = dict.fromkeys(map(QueueName, text.queues))
        for team in text.teams:
            if TeamName(team) in teams:
                queues.update(dict.fromkeys(teams[TeamName(team)].queues))
        return Agent(
            id=AgentId(name),
            name=text.name or name,
            skills={SkillName(skill): level for skill, level in text.skills.items()},
            queues=tuple(queues),
            teams=tuple(map(TeamName, text.teams)),
            weight=text.weight,
            capacity=self._own_capacity(path, text, site),
            source=self._names.source(path),
        )

    def _site_capacity(self) -> Capacity:
        media = self._centre.media
        for name, text in media.items():
            self._names.medium(("media", name), name)
            for index, other in enumerate(text.interrupted_by or ()):
                self._names.medium(("media", name, "interrupted_by", index), other)
        return Capacity(
            slots={Medium(name): text.slots for name, text in media.items()},
            total=self._centre.work.total_load,
            load={Medium(name): text.load for name, text in media.items()},
            interrupted_by={
                Medium(name): tuple(map(Medium, text.interrupted_by))
                for name, text in media.items()
                if text.interrupted_by is not None
            },
        )

    def _own_capacity(self, path: FieldPath, text: AgentText, site: Capacity) -> Capacity | None:
        own = text.capacity
        if own is None:
            return None
        for field in ("slots", "load", "interrupted_by"):
            self._names.media_of((*path, "capacity", field), getattr(own, field))
        return Capacity(
            slots=site.slots | {Medium(name): count for name, count in own.slots.items()},
            total=site.total if own.total_load is None else own.total_load,
            load=site.load | {Medium(name): load for name, load in own.load.items()},
            interrupted_by=site.interrupted_by
            | {
                Medium(name): tuple(map(Medium, others))
                for name, others in own.interrupted_by.items()
            },
        )

    def _check_reasons(self) -> None:
        for reason in self._centre.not_ready:
            if reason in SYSTEM_REASONS:
                self._findings.mistake(
                    ("not_ready", reason), "is set by the system itself; choose another name"
                )
