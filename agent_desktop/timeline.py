"""One interaction as a fold of its facts: its words, its legs, its decisions. Pure."""

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from agent_desktop.shapes import DecisionShape, SegmentShape
from router.model import events
from router.model.commands import Scalar
from router.model.content import Mark
from router.model.events import Event, Recorded
from router.model.explanation import Decision, Explanation
from router.model.ids import AgentId, CaseId, EntryId, Instant, QueueName, SubjectId
from router.model.interaction import Outcome

Name = TypeVar("Name", bound=str)


class Timeline(msgspec.Struct):
    """What the facts add up to. Empty (``arrived`` None) when there were none."""

    arrived: events.Arrived | None = None
    subject: SubjectId = SubjectId("")
    attributes: dict[str, Scalar] = {}
    entries: list[events.EntryAdded] = []
    marks: dict[EntryId, tuple[Mark, str]] = {}
    queues: list[QueueName] = []
    agents: list[AgentId] = []
    entered: Instant | None = None
    disposition: str = ""
    closed: events.Closed | None = None
    segments: list[SegmentShape] = []
    decisions: list[DecisionShape] = []
    open_segments: dict[tuple[str, str], int] = {}

    @property
    def case_id(self) -> CaseId | None:
        """The case it belongs to."""
        return self.arrived.case_id if self.arrived else None

    @property
    def outcome(self) -> Outcome | None:
        """How it ended, once it has."""
        return self.closed.outcome if self.closed else None

    def take(self, event: Event) -> None:
        """Fold one more fact in."""
        match event:
            case events.Arrived():
                self.arrived = event
                self.subject = event.subject
                self.attributes = dict(event.attributes)
            case events.SubjectLinked():
                self.subject = event.subject
            case events.AttributesSet():
                self.attributes |= event.attributes
            case events.EntryAdded():
                self.entries.append(event)
            case events.EntryMarked():
                self.marks[event.entry_id] = (event.mark, event.reason)
            case events.DispositionSet():
                self.disposition = event.disposition
            case events.Closed():
                self.closed = event
                self._end("waiting", "", event.at, event.outcome.value)
                self._end("parked", "", event.at, event.outcome.value)
            case _:
                self._take_work(event)

    def _take_work(self, event: Event) -> None:
        match event:
            case events.Queued():
                self._queued(event)
            case events.PlanStepTaken():
                kind = type(event.action).__name__
                self._decide(event.at, "step", None, None, None, kind)
            case events.Offered():
                agent = event.agent_id
                self._begin("ringing", event.offer_id, event.at, event.queue, agent)
                self._decide(event.at, "offered", event.queue, agent, event.why, event.kind.value)
            case events.OfferEnded():
                self._end("ringing", event.offer_id, event.at, event.end.value)
            case events.CustomerLeft():
                self._end("waiting", "", event.at, "customer_left")
            case _:
                self._take_engagement(event)

    def _take_engagement(self, event: Event) -> None:
        match event:
            case events.Engaged():
                self._end("waiting", "", event.at, "answered")
                self._end("parked", "", event.at, "unparked")
                _add(self.agents, event.agent_id)
                agent = event.agent_id
                self._begin("talking", agent, event.at, event.queue, agent, event.role.value)
            case events.Held():
                self._begin("held", event.agent_id, event.at, None, event.agent_id)
            case events.Retrieved():
                self._end("held", event.agent_id, event.at, "retrieved")
            case events.EngagementEnded():
                self._end("held", event.agent_id, event.at, event.how)
                self._end("talking", event.agent_id, event.at, event.how)
                if event.wrap_up_until is not None:
                    agent = event.agent_id
                    self._begin("wrap_up", agent, event.at, event.queue, agent)
            case events.WrapUpEnded():
                self._end("wrap_up", event.agent_id, event.at, event.how)
            case events.Parked():
                self._begin("parked", "", event.at, None, event.agent_id)
            case _:
                pass  # Facts of agents and of the site are no part of an interaction's life.

    def _queued(self, event: events.Queued) -> None:
        self._end("waiting", "", event.at, event.reason)
        self._end("parked", "", event.at, event.reason)
        _add(self.queues, event.queue)
        self.entered = event.entered
        self._begin("waiting", "", event.at, event.queue, None, event.reason)
        why = Explanation(
            strategy="",
            candidates=(),
            candidate_count=0,
            decision=Decision(event.rule, event.source, event.version),
        )
        self._decide(event.at, "queued", event.queue, None, why, event.reason)

    def _begin(
        self,
        kind: str,
        key: str,
        at: Instant,
        queue: QueueName | None,
        agent_id: AgentId | None,
        detail: str = "",
    ) -> None:
        self.open_segments[kind, key] = len(self.segments)
        self.segments.append(SegmentShape(kind, at, None, queue, agent_id, None, detail))

    def _end(self, kind: str, key: str, at: Instant, outcome: str) -> None:
        place = self.open_segments.pop((kind, key), None)
        if place is not None:
            ended = msgspec.structs.replace(self.segments[place], until=at, outcome=outcome)
            self.segments[place] = ended

    def _decide(
        self,
        at: Instant,
        kind: str,
        queue: QueueName | None,
        agent_id: AgentId | None,
        why: Explanation | None,
        detail: str,
    ) -> None:
        self.decisions.append(DecisionShape(at, kind, queue, agent_id, why, detail))


def fold(facts: Iterable[Recorded]) -> Timeline:
    """The timeline of one interaction from its facts in order."""
    timeline = Timeline()
    for recorded in facts:
        timeline.take(recorded.event)
    return timeline


def _add(names: list[Name], name: Name) -> None:
    """Let the name stand last, once."""
    if name in names:
        names.remove(name)
    names.append(name)
