"""Events to rows: the fold behind the history. Pure; the store keeps what comes out.

The same fold runs on the live log and on a rebuilt one, so both give the same rows.
"""

from collections.abc import Callable
from itertools import islice
from typing import Any

import msgspec
from msgspec.structs import replace

from reporting.rows import (
    EngagementRow,
    EntryRow,
    FlowStepRow,
    InteractionRow,
    OfferRow,
    Row,
    StepRow,
    VisitRow,
)
from reporting.states import AgentStates
from router.model import events
from router.model.catalogue import Catalogue
from router.model.events import Recorded
from router.model.ids import Position
from router.model.interaction import Outcome, Role

Find = Callable[..., Any]
"""Finds a kept row by its type and key, or None: what this fold has not touched itself. A key
whose end is left open asks for the last such row."""

Key = tuple[Any, ...]
"""A row's type and the values of its key."""

ROWS_KEPT = 10_000
"""Rows that are known without looking them up: those of two thousand contacts or so."""

_FLOWED_OUT = {
    "transfer": "transferred",
    "overflow": "overflowed",
    "requeue": "requeued",
    "full": "queue_full",
    "unparked": "requeued",
}
_encode = msgspec.json.Encoder().encode


class HistoryFold:
    """Folds events into rows; ``drain`` gives the rows changed since the last drain.

    Without ``steps`` the decisions are left out: all figures, no timeline. What was folded of late
    is known without looking it up: the last ``ROWS_KEPT`` rows that changed.
    """

    def __init__(
        self,
        find: Find,
        agents: AgentStates,
        catalogue: Catalogue | None,
        *,
        steps: bool = True,
    ) -> None:
        self._steps = steps
        self._find = find
        self._agents = agents
        self._changed: dict[Key, Row] = {}
        self._kept: dict[Key, Row] = {}
        self.catalogue = catalogue

    def use(self, find: Find) -> None:
        """Look kept rows up by this from now on (a transaction's reader)."""
        self._find = find

    def drain(self) -> list[Row]:
        """The rows that changed, each in its last shape, agent states included."""
        changed, self._changed = self._changed, {}
        kept = self._kept
        for key, row in changed.items():
            if not isinstance(row, StepRow | FlowStepRow):
                kept.pop(key, None)
                kept[key] = row
        for key in list(islice(kept, max(0, len(kept) - ROWS_KEPT))):
            del kept[key]
        return [*changed.values(), *self._agents.drain()]

    def apply(self, recorded: Recorded) -> None:
        """Fold one event."""
        event = recorded.event
        if self._steps:
            interaction_id = getattr(event, "interaction_id", None)
            if interaction_id is not None and not isinstance(event, events.EntryAdded):
                self._step(recorded, interaction_id)
        fold = _FOLDS.get(type(event))
        if fold is not None:
            fold(self, event)
        elif isinstance(event, events.EntryAdded):
            self._entry(event, recorded.position)
        elif isinstance(event, events.SelfServiceStepped):
            self._flow_step(event, recorded.position)
        self._agents.apply(recorded)

    def _step(self, recorded: Recorded, interaction_id: str) -> None:
        event = recorded.event
        row = StepRow(
            position=recorded.position,
            interaction_id=interaction_id,
            at=event.at,
            kind=type(event).__name__,
            agent_id=getattr(event, "agent_id", None),
            detail=_encode(event).decode(),
        )
        self._changed[StepRow, recorded.position] = row

    # -- finding and changing rows

    def _known(self, key: Key) -> Any:
        """The row with this key if it changed just now or of late."""
        return self._changed.get(key) or self._kept.get(key)

    def _interaction(self, interaction_id: str) -> Any:
        return self._known((InteractionRow, interaction_id)) or self._find(
            InteractionRow, interaction_id=interaction_id
        )

    def _put(self, row: Row, *key: Any) -> None:
        self._changed[type(row), *key] = row

    def _change_interaction(self, interaction_id: str, **values: Any) -> None:
        row = replace(self._interaction(interaction_id), **values)
        self._changed[InteractionRow, interaction_id] = row

    def _open_visit(self, interaction_id: str) -> VisitRow | None:
        interaction = self._interaction(interaction_id)
        if interaction is None or interaction.visits == 0:
            return None
        number = interaction.visits
        visit: VisitRow | None = self._known((VisitRow, interaction_id, number)) or self._find(
            VisitRow, interaction_id=interaction_id, visit=number
        )
        return visit if visit is not None and visit.result == "" else None

    def _end_visit(self, interaction_id: str, result: str, at: int, agent: str | None) -> None:
        visit = self._open_visit(interaction_id)
        if visit is not None:
            self._changed[VisitRow, interaction_id, visit.visit] = replace(
                visit, result=result, ended_at=at, wait_ms=at - visit.entered_at, agent_id=agent
            )

    def _engagement(self, interaction_id: str, agent_id: str) -> EngagementRow:
        started = self._agents.engagement_start(interaction_id, agent_id)
        row: EngagementRow
        if started is None:
            row = self._find(EngagementRow, interaction_id=interaction_id, agent_id=agent_id)
            return row
        row = self._known((EngagementRow, interaction_id, agent_id, started)) or self._find(
            EngagementRow, interaction_id=interaction_id, agent_id=agent_id, started_at=started
        )
        return row

    def _change_engagement(self, interaction_id: str, agent_id: str, **values: Any) -> None:
        row = replace(self._engagement(interaction_id, agent_id), **values)
        self._changed[EngagementRow, interaction_id, agent_id, row.started_at] = row

    # -- one method per event that changes a row

    def _catalogue(self, event: events.CatalogueChanged) -> None:
        self.catalogue = event.catalogue

    def _arrived(self, event: events.Arrived) -> None:
        row = InteractionRow(
            interaction_id=event.interaction_id,
            medium=event.medium,
            address=event.address,
            subject=event.subject,
            case_id=event.case_id,
            arrived_at=event.at,
            closed_at=None,
            outcome="",
            reason="",
            disposition="",
            queue="",
            visits=0,
            entries=0,
            last_entry_at=None,
            attributes=_encode(event.attributes).decode(),
            customer=_encode(event.customer).decode(),
        )
        self._put(row, event.interaction_id)

    def _attributes(self, event: events.AttributesSet) -> None:
        row = self._interaction(event.interaction_id)
        merged = {**msgspec.json.decode(row.attributes), **event.attributes}
        self._change_interaction(event.interaction_id, attributes=_encode(merged).decode())

    def _linked(self, event: events.SubjectLinked) -> None:
        self._change_interaction(event.interaction_id, subject=event.subject)

    def _entry(self, event: events.EntryAdded, position: Position) -> None:
        row = EntryRow(
            entry_id=event.entry_id,
            position=position,
            interaction_id=event.interaction_id,
            number=event.number,
            at=event.at,
            author=event.author,
            agent_id=event.agent_id,
            note=event.note,
            files=event.files,
            size_bytes=event.size_bytes,
            mark="",
            mark_reason="",
            marked_at=None,
        )
        self._put(row, event.entry_id)
        self._change_interaction(event.interaction_id, entries=event.number, last_entry_at=event.at)

    def _flow_step(self, event: events.SelfServiceStepped, position: Position) -> None:
        interaction = self._interaction(event.interaction_id)
        row = FlowStepRow(
            position=position,
            interaction_id=event.interaction_id,
            medium=interaction.medium,
            flow=event.flow,
            node=event.node,
            kind=event.kind,
            exit=event.exit,
            entered_at=event.at - event.spent_ms,
            left_at=event.at,
            spent_ms=event.spent_ms,
        )
        self._put(row, position)

    def _marked(self, event: events.EntryMarked) -> None:
        row = self._known((EntryRow, event.entry_id)) or self._find(
            EntryRow, entry_id=event.entry_id
        )
        if row is not None:
            marked = replace(row, mark=event.mark, mark_reason=event.reason, marked_at=event.at)
            self._put(marked, event.entry_id)

    def _queued(self, event: events.Queued) -> None:
        result = _FLOWED_OUT.get(event.reason, event.reason)
        self._end_visit(event.interaction_id, result, event.at, None)
        interaction = self._interaction(event.interaction_id)
        queue = self.catalogue.queues.get(event.queue) if self.catalogue else None
        visit = VisitRow(
            interaction_id=event.interaction_id,
            visit=event.visit,
            queue=event.queue,
            medium=interaction.medium,
            entered_at=event.at,
            ended_at=None,
            wait_ms=None,
            result="",
            reason_in=event.reason,
            agent_id=None,
            offers=0,
            rule=event.rule,
            catalogue_version=event.version,
            priority_class=event.priority_class,
            target_ms=queue.target_ms.get(interaction.medium) if queue else None,
            short_abandon_ms=queue.short_abandon_ms if queue else 0,
        )
        self._put(visit, event.interaction_id, event.visit)
        self._change_interaction(event.interaction_id, queue=event.queue, visits=event.visit)

    def _offered(self, event: events.Offered) -> None:
        row = OfferRow(
            offer_id=event.offer_id,
            interaction_id=event.interaction_id,
            agent_id=event.agent_id,
            queue=event.queue,
            medium=event.medium,
            kind=event.kind,
            offered_at=event.at,
            ended_at=None,
            end="",
            rang_ms=None,
            reason="",
        )
        self._put(row, event.offer_id)
        visit = self._open_visit(event.interaction_id)
        if visit is not None:
            counted = replace(visit, offers=visit.offers + 1)
            self._put(counted, event.interaction_id, visit.visit)

    def _offer_ended(self, event: events.OfferEnded) -> None:
        row = self._known((OfferRow, event.offer_id)) or self._find(
            OfferRow, offer_id=event.offer_id
        )
        ended = replace(
            row, ended_at=event.at, end=event.end, rang_ms=event.rang_ms, reason=event.reason
        )
        self._put(ended, event.offer_id)

    def _engaged(self, event: events.Engaged) -> None:
        row = EngagementRow(
            interaction_id=event.interaction_id,
            agent_id=event.agent_id,
            started_at=event.at,
            role=event.role,
            queue=event.queue,
            medium=event.medium,
            visit=event.visit,
            ended_at=None,
            talk_ms=0,
            hold_ms=0,
            wrap_up_ms=None,
            wrap_up_how="",
            how="",
            disposition="",
            state="talking",
        )
        self._put(row, event.interaction_id, event.agent_id, event.at)
        if event.role is Role.LEAD:
            self._end_visit(event.interaction_id, "answered", event.at, event.agent_id)

    def _held(self, event: events.Held) -> None:
        self._change_engagement(event.interaction_id, event.agent_id, state="held")

    def _retrieved(self, event: events.Retrieved) -> None:
        self._change_engagement(event.interaction_id, event.agent_id, state="talking")

    def _lead(self, event: events.LeadChanged) -> None:
        self._change_engagement(event.interaction_id, event.to_agent, role=Role.LEAD.value)

    def _engagement_ended(self, event: events.EngagementEnded) -> None:
        self._change_engagement(
            event.interaction_id,
            event.agent_id,
            ended_at=event.at,
            talk_ms=event.talked_ms,
            hold_ms=event.held_ms,
            how=event.how,
            state="ended" if event.wrap_up_until is None else "wrap_up",
            wrap_up_ms=0 if event.wrap_up_until is None else None,
        )

    def _disposition(self, event: events.DispositionSet) -> None:
        self._change_engagement(event.interaction_id, event.agent_id, disposition=event.disposition)
        self._change_interaction(event.interaction_id, disposition=event.disposition)

    def _wrapped(self, event: events.WrapUpEnded) -> None:
        self._change_engagement(
            event.interaction_id,
            event.agent_id,
            wrap_up_ms=event.wrap_up_ms,
            wrap_up_how=event.how,
            state="ended",
        )

    def _left(self, event: events.CustomerLeft) -> None:
        self._end_visit(event.interaction_id, Outcome.ABANDONED.value, event.at, None)

    def _closed(self, event: events.Closed) -> None:
        self._end_visit(event.interaction_id, event.outcome.value, event.at, None)
        self._change_interaction(
            event.interaction_id,
            closed_at=event.at,
            outcome=event.outcome.value,
            reason=event.reason,
        )


_FOLDS: dict[type[Any], Callable[[HistoryFold, Any], None]] = {
    events.CatalogueChanged: HistoryFold._catalogue,
    events.Arrived: HistoryFold._arrived,
    events.AttributesSet: HistoryFold._attributes,
    events.SubjectLinked: HistoryFold._linked,
    events.EntryMarked: HistoryFold._marked,
    events.Queued: HistoryFold._queued,
    events.Offered: HistoryFold._offered,
    events.OfferEnded: HistoryFold._offer_ended,
    events.Engaged: HistoryFold._engaged,
    events.Held: HistoryFold._held,
    events.Retrieved: HistoryFold._retrieved,
    events.LeadChanged: HistoryFold._lead,
    events.EngagementEnded: HistoryFold._engagement_ended,
    events.DispositionSet: HistoryFold._disposition,
    events.WrapUpEnded: HistoryFold._wrapped,
    events.CustomerLeft: HistoryFold._left,
    events.Closed: HistoryFold._closed,
}
"""What each kind of event changes; the others change no row of an interaction, and an entry and a
step of self-service are folded with their positions."""
