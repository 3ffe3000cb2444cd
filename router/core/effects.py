"""The effects of an event: what a medium must do because of it.

A function of the event and the state as it is right after the event was folded, so recovery gets
the same effects from the log: fold an event, then ask.
"""

from collections.abc import Callable
from typing import Any

from router.model.catalogue import Announce, GiveUp, OfferCallback, Voicemail
from router.model.content import Author
from router.model.effects import (
    Connect,
    Deliver,
    Disconnect,
    Effect,
    HoldCustomer,
    Release,
    RetrieveCustomer,
    Ring,
    StopRinging,
    Tell,
    Wait,
)
from router.model.events import (
    Closed,
    Engaged,
    EngagementEnded,
    EntryAdded,
    Event,
    Held,
    LeadChanged,
    Offered,
    OfferEnded,
    PlanStepTaken,
    Queued,
    Retrieved,
)
from router.model.interaction import OfferEnd, Outcome, Role
from router.state.live import State


def effects_of(state: State, event: Event) -> tuple[Effect, ...]:
    """The effects of an event that was just folded into this state."""
    of_kind = _OF_KIND.get(type(event))
    return () if of_kind is None else of_kind(state, event)


def _of_entry(state: State, event: EntryAdded) -> tuple[Effect, ...]:
    if event.note or event.author is Author.CUSTOMER:
        return ()
    return (Deliver(event.interaction_id, event.entry_id, event.sealed, event.agent_id),)


def _of_queue(state: State, event: Queued) -> tuple[Effect, ...]:
    return (Wait(event.interaction_id, event.queue),)


def _of_offer(state: State, event: Offered) -> tuple[Effect, ...]:
    return (Ring(event.interaction_id, event.offer_id, event.agent_id),)


def _of_offer_end(state: State, event: OfferEnded) -> tuple[Effect, ...]:
    if event.end is OfferEnd.ACCEPTED:
        return ()  # The agent's device is connected instead.
    return (StopRinging(event.interaction_id, event.offer_id, event.agent_id),)


def _of_engagement(state: State, event: Engaged) -> tuple[Effect, ...]:
    return (Connect(event.interaction_id, event.agent_id, event.role is Role.LEAD),)


def _of_lead(state: State, event: LeadChanged) -> tuple[Effect, ...]:
    return (Connect(event.interaction_id, event.to_agent, lead=True),)


def _of_hold(state: State, event: Held) -> tuple[Effect, ...]:
    return (HoldCustomer(event.interaction_id, event.agent_id),)


def _of_retrieval(state: State, event: Retrieved) -> tuple[Effect, ...]:
    return (RetrieveCustomer(event.interaction_id, event.agent_id),)


def _parting(state: State, event: EngagementEnded | Closed) -> tuple[Effect, ...]:
    """The customer is released once: when the lead ends, or else when the interaction closes."""
    if isinstance(event, Closed):
        if state.interactions[event.interaction_id].released:
            return ()
        return (Release(event.interaction_id, event.outcome, event.reason),)
    parted = Disconnect(event.interaction_id, event.agent_id)
    if event.role is Role.LEAD and event.how in ("ended", "customer_left"):
        return (parted, Release(event.interaction_id, Outcome.HANDLED))
    return (parted,)


def _tell(state: State, event: PlanStepTaken) -> tuple[Effect, ...]:
    match event.action:
        case Announce(text=text) | GiveUp(text=text):
            callback = voicemail = False
        case OfferCallback(text=text):
            callback, voicemail = True, False
        case Voicemail(text=text):
            callback, voicemail = False, True
        case _:
            return ()
    return (
        Tell(
            event.interaction_id,
            text,
            position=event.position,
            expected_low_ms=event.expected_low_ms,
            expected_high_ms=event.expected_high_ms,
            callback=callback,
            voicemail=voicemail,
        ),
    )


_OF_KIND: dict[type[Any], Callable[[State, Any], tuple[Effect, ...]]] = {
    EntryAdded: _of_entry,
    Queued: _of_queue,
    PlanStepTaken: _tell,
    Offered: _of_offer,
    OfferEnded: _of_offer_end,
    Engaged: _of_engagement,
    LeadChanged: _of_lead,
    Held: _of_hold,
    Retrieved: _of_retrieval,
    EngagementEnded: _parting,
    Closed: _parting,
}
"""The events that media must act on; the others concern only desks and reports."""
