"""``decide``: the one place where a command meets the state."""

from collections.abc import Callable
from typing import Any

import msgspec

from router.core import (
    arrivals,
    configuration,
    deadlines,
    entries,
    offers,
    parking,
    presence,
    seats,
    supervision,
    talking,
    wrapping,
)
from router.core.offering import offer_what_matches
from router.core.turn import Turn
from router.model import commands
from router.model.commands import Command
from router.model.effects import Effect
from router.model.events import Event
from router.model.ids import Instant, InteractionId, Medium
from router.state.live import State


class Decision(msgspec.Struct, frozen=True, gc=False):
    """The answer to a command: the facts, what media must do, and the interaction it ended up in.

    ``media`` names the medium of each effect, in their order.
    ``notes`` tell of conditions that could not be evaluated, and why; they decide nothing.
    """

    events: tuple[Event, ...]
    effects: tuple[Effect, ...]
    interaction_id: InteractionId | None = None
    notes: tuple[str, ...] = ()
    media: tuple[Medium, ...] = ()


_HANDLERS: dict[type[Any], Callable[[Turn, Any], InteractionId | None]] = {
    commands.Arrive: arrivals.arrive,
    commands.Enqueue: arrivals.enqueue,
    commands.NoteStep: arrivals.note_step,
    commands.CustomerLeave: arrivals.customer_leave,
    commands.SetAttributes: entries.set_attributes,
    commands.LinkSubject: entries.link_subject,
    commands.AddEntry: entries.add_entry,
    commands.MarkEntry: entries.mark_entry,
    commands.SignIn: presence.sign_in,
    commands.SignOut: presence.sign_out,
    commands.SetPresence: presence.set_presence,
    commands.DeskLost: presence.desk_lost,
    commands.DeskBack: presence.desk_back,
    commands.Accept: offers.accept,
    commands.Decline: offers.decline,
    commands.Hold: talking.hold,
    commands.Retrieve: talking.retrieve,
    commands.End: talking.end,
    commands.Transfer: talking.transfer,
    commands.Consult: talking.consult,
    commands.CompleteConsult: talking.complete_consult,
    commands.EndConsult: talking.end_consulting,
    commands.Park: parking.park,
    commands.Unpark: parking.unpark,
    commands.WrapUp: wrapping.wrap_up,
    commands.ExtendWrapUp: wrapping.extend_wrap_up,
    commands.Assign: supervision.assign,
    commands.Requeue: supervision.requeue,
    commands.Discard: supervision.discard,
    commands.MoveSeat: seats.move_seat,
    commands.ReturnSeat: seats.return_seat,
    commands.ChangeCatalogue: configuration.change_catalogue,
    commands.CloseCalendar: configuration.close_calendar,
    commands.Tick: deadlines.tick,
}


def decide(state: State, command: Command, now: Instant) -> Decision:
    """Answer a command at a moment. Folds its events into ``state``; offers go out with them.

    A moment before the last event's counts as that event's. Raises Refused, with a stable code and
    the state untouched, when the state does not allow the wish.
    """
    turn = Turn(state, max(now, state.now))
    interaction_id = _HANDLERS[type(command)](turn, command)
    if turn.events or isinstance(command, commands.Tick):
        presence.fulfil_wishes(turn)
        offer_what_matches(turn)
    return Decision(
        events=tuple(turn.events),
        effects=tuple(turn.effects),
        interaction_id=interaction_id,
        notes=tuple(turn.notes),
        media=tuple(turn.media),
    )


def next_deadline(state: State) -> Instant | None:
    """When a ``Tick`` is due; None when nothing is waiting for time to pass."""
    due, back = state.timers.next(), state.returns.next()
    return back if due is None or (back is not None and back < due) else due
