"""Customers: they arrive, leave self-service, and go."""

from router.core import parts
from router.core.entries import check_scalars, fits, join
from router.core.queueing import admit, queue_known
from router.core.turn import Turn
from router.model.commands import Arrive, CustomerLeave, Enqueue, NoteStep
from router.model.content import Author
from router.model.errors import Refused
from router.model.events import (
    Arrived,
    AttributesSet,
    Closed,
    CustomerLeft,
    SelfServiceStepped,
)
from router.model.ids import InteractionId
from router.model.interaction import OfferEnd, Outcome, Phase
from router.rules import Contact, Route, queue_alone, route
from router.state.books import OVER
from router.state.records import Interaction

LEAVING_OUTCOMES = {"callback": Outcome.CALLBACK, "voicemail": Outcome.VOICEMAIL}
"""Reasons of a customer who stops waiting because they took what a plan offered them."""

NAME_MAX = 64
"""Characters of a flow's, a node's or an exit's name; the configuration allows no more."""


def arrive(turn: Turn, command: Arrive) -> InteractionId:
    """Take an arrival once: a known id or source key changes nothing, an open case is joined."""
    state = turn.state
    if command.interaction_id in state.interactions:
        return command.interaction_id
    if command.source_key and command.source_key in state.keys:
        return state.keys[command.source_key]
    check_scalars(command.attributes)
    check_scalars(command.customer)
    open_one = open_of_case(turn, command)
    if open_one is not None:
        if command.entry is not None:
            join(turn, open_one, command.entry, Author.CUSTOMER, source_key=command.source_key)
        return open_one.id
    queue_known(turn, state.catalogue.rules.default_queue)
    if state.counters.waiting >= state.catalogue.limits.waiting:
        raise Refused("the centre is full", code="site_full")
    turn.emit(
        Arrived(
            turn.now,
            interaction_id=command.interaction_id,
            medium=command.medium,
            address=command.address,
            subject=command.subject,
            attributes=command.attributes,
            customer=command.customer,
            case_id=command.case_id,
            source_key=command.source_key,
            last_agent=command.last_agent,
            self_service=command.self_service,
        )
    )
    interaction = state.interactions[command.interaction_id]
    if command.entry is not None:
        join(turn, interaction, command.entry, Author.CUSTOMER)
    if not command.self_service:
        run_rules(turn, interaction)
    return interaction.id


def open_of_case(turn: Turn, command: Arrive) -> Interaction | None:
    """The interaction of the same case that is going on and can take one more entry."""
    if command.case_id is None:
        return None
    interaction_id = turn.state.cases.get(command.case_id)
    if interaction_id is None:
        return None
    interaction = turn.state.interactions[interaction_id]
    return interaction if fits(turn, interaction) else None


def run_rules(turn: Turn, interaction: Interaction) -> None:
    """Let the rules decide, and the interaction into the queue they chose."""
    contact = Contact(
        medium=interaction.medium,
        address=interaction.address,
        attributes=interaction.attributes,
        customer=interaction.customer,
        last_agent=interaction.last_agent,
    )
    found: Route = route(turn.state.catalogue, contact, turn.now)
    turn.notes.extend(found.notes)
    if found.attributes:
        turn.emit(AttributesSet(turn.now, interaction.id, found.attributes))
    admit(turn, interaction, found)


def enqueue(turn: Turn, command: Enqueue) -> InteractionId:
    """Self-service is done. Asked again, it changes nothing."""
    interaction = turn.interaction(command.interaction_id)
    if interaction.phase is not Phase.SELF_SERVICE:
        return interaction.id
    check_scalars(command.attributes)
    queue_known(turn, turn.state.catalogue.rules.default_queue)
    if command.attributes:
        turn.emit(AttributesSet(turn.now, interaction.id, command.attributes))
    chosen = turn.state.catalogue.queues.get(command.queue) if command.queue else None
    if chosen is None:
        run_rules(turn, interaction)
    else:
        admit(turn, interaction, queue_alone(turn.state.catalogue, chosen, "self_service"))
    return interaction.id


def note_step(turn: Turn, command: NoteStep) -> InteractionId:
    """State where the customer was in self-service; once they have left it, nothing is noted."""
    interaction = turn.interaction(command.interaction_id)
    if interaction.phase is Phase.SELF_SERVICE:
        turn.emit(
            SelfServiceStepped(
                turn.now,
                interaction.id,
                command.flow[:NAME_MAX],
                command.node[:NAME_MAX],
                command.exit[:NAME_MAX],
                max(0, command.spent_ms),
                command.kind[:NAME_MAX],
            )
        )
    return interaction.id


def customer_leave(turn: Turn, command: CustomerLeave) -> InteractionId:
    """The customer is gone, wherever they were; gone twice changes nothing."""
    interaction = turn.interaction(command.interaction_id)
    if interaction.phase in OVER:
        return interaction.id
    now = turn.now
    waiting = interaction.phase in (Phase.WAITING, Phase.OFFERED)
    visit = interaction.visit
    waited_ms = now - visit.queued if waiting and visit is not None else 0
    if interaction.phase is Phase.ENGAGED:
        turn.emit(CustomerLeft(now, interaction.id, 0, command.reason))
        parts.end_lead(turn, interaction, "customer_left")
        return interaction.id
    parts.stop_ring(turn, interaction, OfferEnd.CUSTOMER_LEFT)
    turn.emit(CustomerLeft(now, interaction.id, waited_ms, command.reason))
    outcome = LEAVING_OUTCOMES.get(command.reason, Outcome.ABANDONED)
    if interaction.phase is Phase.PARKED:
        outcome = Outcome.HANDLED
    elif interaction.phase is Phase.SELF_SERVICE:
        outcome = LEAVING_OUTCOMES.get(command.reason, Outcome.SELF_SERVICE)
    turn.emit(
        Closed(
            now,
            interaction.id,
            outcome,
            command.reason,
            waited_ms=waited_ms if waiting else None,
        )
    )
    return interaction.id
