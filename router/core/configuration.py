"""A new catalogue, and emergency closing."""

from router.core.presence import stop_offers
from router.core.queueing import again
from router.core.turn import Turn
from router.model.commands import ChangeCatalogue, CloseCalendar
from router.model.errors import Refused
from router.model.events import CalendarClosed, CatalogueChanged, SeatReturned
from router.model.interaction import OfferEnd


def change_catalogue(turn: Turn, command: ChangeCatalogue) -> None:
    """Let a version decide from now on. What was decided stays; what lost its queue moves.

    Refused with ``invalid_catalogue`` when the default queue is missing: nothing could be queued.
    """
    catalogue = command.catalogue
    if catalogue.rules.default_queue not in catalogue.queues:
        raise Refused(
            f"the default queue {catalogue.rules.default_queue!r} is missing",
            code="invalid_catalogue",
        )
    state = turn.state
    for row in list(state.agents.values()):
        # Nobody is lent to a queue that is gone, or is lent and gone.
        loan = row.loan
        if loan is not None and (
            row.id not in catalogue.agents or catalogue.queues.keys().isdisjoint(loan.queues)
        ):
            turn.emit(SeatReturned(turn.now, row.id, "system"))
    turn.emit(CatalogueChanged(turn.now, catalogue, command.by))
    for row in list(state.agents.values()):
        if row.id not in catalogue.agents:
            stop_offers(turn, row, OfferEnd.WITHDRAWN, "agent_removed")
    orphans = [item.id for item in state.index.items.values() if item.queue not in catalogue.queues]
    for interaction_id in sorted(orphans, key=lambda of: state.index.items[of].key):
        again(turn, state.interactions[interaction_id], "requeue")


def close_calendar(turn: Turn, command: CloseCalendar) -> None:
    """Close a calendar in an emergency, or open it again; refused with ``unknown_calendar``."""
    if command.calendar not in turn.state.catalogue.calendars:
        raise Refused(f"there is no calendar {command.calendar!r}", code="unknown_calendar")
    if (command.calendar in turn.state.closed_calendars) != command.closed:
        turn.emit(CalendarClosed(turn.now, command.calendar, command.closed, command.by))
