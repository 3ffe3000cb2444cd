"""The effects of an event: what a medium must do because of it.

A function of the event and the state as it is right after the event was folded, so recovery gets
the same effects from the log: fold an event, then ask.
"""

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
    match event:
        case EntryAdded(author=Author.AGENT | Author.SYSTEM, note=False):
            return (Deliver(event.interaction_id, event.entry_id, event.sealed, event.agent_id),)
        case Queued():
            return (Wait(event.interaction_id, event.queue),)
        case PlanStepTaken():
            return _tell(event)
        case EngagementEnded() | Closed():
            return _parting(state, event)
        case _:
            return _of_agent(event)


def _of_agent(event: Event) -> tuple[Effect, ...]:
    """What an agent's device and line must do."""
    match event:
        case Offered():
            return (Ring(event.interaction_id, event.offer_id, event.agent_id),)
        case OfferEnded() if event.end is not OfferEnd.ACCEPTED:
            return (StopRinging(event.interaction_id, event.offer_id, event.agent_id),)
        case Engaged():
            return (Connect(event.interaction_id, event.agent_id, event.role is Role.LEAD),)
        case LeadChanged():
            return (Connect(event.interaction_id, event.to_agent, lead=True),)
        case Held():
            return (HoldCustomer(event.interaction_id, event.agent_id),)
        case Retrieved():
            return (RetrieveCustomer(event.interaction_id, event.agent_id),)
        case _:
            return ()


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


def _tell(event: PlanStepTaken) -> tuple[Effect, ...]:
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
