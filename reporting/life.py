"""The life of one interaction as a fold of its facts: its pieces, and the decisions. Pure."""

from collections.abc import Iterable

import msgspec

from router.model import events
from router.model.events import Event, Recorded
from router.model.explanation import Decision, Explanation
from router.model.ids import AgentId, Instant, Position, QueueName
from router.model.past import Decided, Life, Segment


def life(facts: Iterable[Recorded]) -> Life:
    """The life of an interaction from its facts in order."""
    fold = _Fold()
    for recorded in facts:
        fold.take(recorded.event, recorded.position)
    return Life(tuple(fold.segments), tuple(fold.decisions))


class _Fold:
    def __init__(self) -> None:
        self.segments: list[Segment] = []
        self.decisions: list[Decided] = []
        self._open: dict[tuple[str, str], int] = {}
        self._position = Position(0)

    def take(self, event: Event, position: Position) -> None:
        self._position = position
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
            case events.Closed():
                self._end("waiting", "", event.at, event.outcome.value)
                self._end("parked", "", event.at, event.outcome.value)
            case _:
                self._take_engagement(event)

    def _take_engagement(self, event: Event) -> None:
        match event:
            case events.Engaged():
                self._end("waiting", "", event.at, "answered")
                self._end("parked", "", event.at, "unparked")
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
                pass  # Facts of words, agents and the site are no piece of its life.

    def _queued(self, event: events.Queued) -> None:
        self._end("waiting", "", event.at, event.reason)
        self._end("parked", "", event.at, event.reason)
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
        self._open[kind, key] = len(self.segments)
        self.segments.append(Segment(kind, at, None, queue, agent_id, None, detail))

    def _end(self, kind: str, key: str, at: Instant, outcome: str) -> None:
        place = self._open.pop((kind, key), None)
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
        self.decisions.append(Decided(self._position, at, kind, queue, agent_id, why, detail))
