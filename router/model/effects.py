"""Effects: orders to a medium that follow from events, carried out after these are durable.

An effect is carried out at least once: after a crash the ones behind the saved position come
again, so a medium recognises what it has done by ``entry_id`` or ``offer_id``.
"""

import msgspec

from router.model.content import Sealed
from router.model.ids import AgentId, EntryId, InteractionId, OfferId
from router.model.interaction import Outcome


class Order(msgspec.Struct, frozen=True, omit_defaults=True, tag=True, gc=False):
    """What all effects share: the interaction they are about."""

    interaction_id: InteractionId


class Deliver(Order, frozen=True):
    """Send these words of an agent or of the system to the customer."""

    entry_id: EntryId
    sealed: Sealed | None
    agent_id: AgentId | None = None


class Ring(Order, frozen=True):
    """Ring the agent's device, where the medium has one (a SIP phone)."""

    offer_id: OfferId
    agent_id: AgentId


class StopRinging(Order, frozen=True):
    """Stop ringing: the offer ended."""

    offer_id: OfferId
    agent_id: AgentId


class Connect(Order, frozen=True):
    """Join the customer and the agent."""

    agent_id: AgentId
    lead: bool = True


class Disconnect(Order, frozen=True):
    """Part the customer and the agent; the interaction may go on elsewhere."""

    agent_id: AgentId


class HoldCustomer(Order, frozen=True):
    """Put the customer on hold."""

    agent_id: AgentId


class RetrieveCustomer(Order, frozen=True):
    """Take the customer off hold."""

    agent_id: AgentId


class Tell(Order, frozen=True):
    """A plan's announcement; a place of 0 and waits of -1 are unknown and are not said."""

    text: str
    position: int = 0
    expected_low_ms: int = -1
    expected_high_ms: int = -1
    callback: bool = False
    voicemail: bool = False


class Wait(Order, frozen=True):
    """The customer waits in a queue (from now, or again after a transfer)."""

    queue: str


class Release(Order, frozen=True):
    """The interaction is over for the customer: end it on the medium."""

    outcome: Outcome
    reason: str = ""


Effect = (
    Deliver
    | Ring
    | StopRinging
    | Connect
    | Disconnect
    | HoldCustomer
    | RetrieveCustomer
    | Tell
    | Wait
    | Release
)
