"""Who hears whom in a call, and who hears music: a function of who is there, and nothing else."""

import msgspec

from channels.voice.media.arrangements import Entry, conference
from router.telephones import Watching


class Seat(msgspec.Struct, frozen=True):
    """An agent, or a number outside, with sound that is up. Muted ones are heard by nobody."""

    leg: str
    lead: bool = False
    muted: bool = False
    outside: bool = False


class Watcher(msgspec.Struct, frozen=True):
    """A supervisor's leg, how they take part, and the leg of the agent they whisper to."""

    leg: str
    watching: Watching
    agent: str = ""
    muted: bool = False


class Gathering(msgspec.Struct, frozen=True):
    """Everybody in a call whose sound is up. ``customer`` is empty when they are gone.

    ``waiting``: nobody has taken the call yet (or again). ``busy``: something else decides what
    the customer hears (self-service, an announcement), and they hear nobody meanwhile.
    """

    customer: str = ""
    seats: tuple[Seat, ...] = ()
    watchers: tuple[Watcher, ...] = ()
    held: bool = False
    together: bool = False
    busy: bool = False


class Arrangement(msgspec.Struct, frozen=True):
    """What the nodes are to be told: all listeners with what they hear, and who hears music."""

    listeners: tuple[str, ...]
    entries: tuple[Entry, ...]
    music: frozenset[str]


def arrange(gathering: Gathering) -> Arrangement:
    """Who hears whom.

    One agent and the customer are bridged. While a colleague or a number is consulted the customer
    hears music, unless all are gathered. On hold the customer hears music and nobody hears them.
    """
    customer, seats = gathering.customer, gathering.seats
    lead = next((seat for seat in seats if seat.lead), None)
    consulting = lead is not None and len(seats) > 1 and not gathering.together
    present = bool(customer) and bool(seats) and not (gathering.held or consulting)
    inside = [seat.leg for seat in seats]
    if present and not gathering.busy:
        inside.insert(0, customer)
    silent = {seat.leg for seat in seats if seat.muted}
    entries = [entry for entry in conference(inside) if entry[1] not in silent]
    for watcher in gathering.watchers:
        entries += _watched(watcher, inside, silent)
    alone = bool(customer) and customer not in inside and not gathering.busy
    return Arrangement(
        listeners=tuple(
            leg
            for leg in (customer, *(s.leg for s in seats), *(w.leg for w in gathering.watchers))
            if leg
        ),
        entries=tuple(entries),
        music=frozenset({customer}) if alone else frozenset(),
    )


def _watched(watcher: Watcher, inside: list[str], silent: set[str]) -> list[Entry]:
    found: list[Entry] = [(watcher.leg, leg, 1.0) for leg in inside if leg not in silent]
    if watcher.muted:
        return found
    if watcher.watching is Watching.BARGE:
        found += [(leg, watcher.leg, 1.0) for leg in inside]
    elif watcher.watching is Watching.WHISPER and watcher.agent in inside:
        found.append((watcher.agent, watcher.leg, 1.0))
    return found
