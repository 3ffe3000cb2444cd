"""``apply``: the only writer of live state. State is the fold of this over the log.

A move that ``LEGAL_MOVES`` does not know is a programmer's error and fails an assertion; wishes are
refused long before, in ``router.core``.
"""

from collections.abc import Callable
from typing import Any

from router.model import events
from router.model.events import Event
from router.state import fold_agents, fold_interactions, fold_work
from router.state.live import State

_FOLDS: dict[type[Any], Callable[[State, Any], None]] = {
    events.Arrived: fold_interactions.arrived,
    events.EntryAdded: fold_interactions.entry_added,
    events.EntryMarked: fold_interactions.entry_marked,
    events.Queued: fold_interactions.queued,
    events.AttributesSet: fold_interactions.attributes_set,
    events.SelfServiceStepped: fold_interactions.self_service_stepped,
    events.SubjectLinked: fold_interactions.subject_linked,
    events.PlanStepTaken: fold_interactions.plan_step_taken,
    events.PreferenceEnded: fold_interactions.preference_ended,
    events.Offered: fold_work.offered,
    events.OfferEnded: fold_work.offer_ended,
    events.Engaged: fold_work.engaged,
    events.Held: fold_work.held,
    events.Retrieved: fold_work.retrieved,
    events.LeadChanged: fold_work.lead_changed,
    events.EngagementEnded: fold_work.engagement_ended,
    events.Parked: fold_work.parked,
    events.DispositionSet: fold_work.disposition_set,
    events.WrapUpExtended: fold_work.wrap_up_extended,
    events.WrapUpEnded: fold_work.wrap_up_ended,
    events.CustomerLeft: fold_interactions.customer_left,
    events.Closed: fold_interactions.closed,
    events.SignedIn: fold_agents.signed_in,
    events.SignedOut: fold_agents.signed_out,
    events.PresenceChanged: fold_agents.presence_changed,
    events.PresenceAsked: fold_agents.presence_asked,
    events.DeskWasLost: fold_agents.desk_was_lost,
    events.DeskCameBack: fold_agents.desk_came_back,
    events.SeatMoved: fold_agents.seat_moved,
    events.SeatReturned: fold_agents.seat_returned,
    events.CatalogueChanged: fold_agents.catalogue_changed,
    events.CalendarClosed: fold_agents.calendar_closed,
    events.WriterStarted: fold_agents.writer_started,
}


def apply(state: State, event: Event) -> None:
    """Fold one event into the state. Events come in the order of the log, each once."""
    _FOLDS[type(event)](state, event)
    if event.at > state.now:
        state.now = event.at
