"""State as bytes and back, and its digest.

Only the records are saved; the index and the timers are made again. The digest is of the saved
bytes: records are sorted by id, and a record's own dictionaries keep the order the log gave them.
Two states with one digest decide alike.
"""

import gc
import hashlib

import msgspec

from router.model.catalogue import Catalogue
from router.model.errors import InvalidInput
from router.model.ids import Instant, InteractionId
from router.model.interaction import Phase
from router.state.books import OVER
from router.state.live import State
from router.state.moves import set_deadline
from router.state.records import AgentRow, Counters, Interaction, QueueRow, Row

STATE_VERSION = 1
"""The version of the saved shape. A snapshot of another version is not read: replay the log."""


class Saved(Row):
    """What a snapshot holds."""

    version: int
    catalogue: Catalogue
    epoch: int
    now: Instant
    closed_calendars: list[str]
    interactions: list[Interaction]
    agents: list[AgentRow]
    queues: list[QueueRow]
    counters: Counters
    keys: list[tuple[str, InteractionId]]
    finished: list[InteractionId]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Saved)


def snapshot(state: State) -> bytes:
    """The state as bytes: folds of equal logs give equal bytes."""
    return _ENCODER.encode(_saved(state))


def _saved(state: State) -> Saved:
    return Saved(
        version=STATE_VERSION,
        catalogue=state.catalogue,
        epoch=state.epoch,
        now=state.now,
        closed_calendars=sorted(state.closed_calendars),
        interactions=[state.interactions[key] for key in sorted(state.interactions)],
        agents=[state.agents[key] for key in sorted(state.agents)],
        queues=[state.queues[key] for key in sorted(state.queues)],
        counters=state.counters,
        keys=[(key, state.keys[key]) for key in state.key_order],
        finished=list(state.finished),
    )


def restore(data: bytes) -> State:
    """The state from its bytes, ready to decide.

    The garbage collector rests meanwhile: nothing of what is made here is garbage. Raises
    InvalidInput when the bytes are no snapshot of this version.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _restored(_DECODER.decode(data))
    except (msgspec.DecodeError, RecursionError) as error:
        raise InvalidInput(f"the snapshot cannot be read: {error}", field="state") from error
    finally:
        if collecting:
            gc.enable()


def _restored(saved: Saved) -> State:
    if saved.version != STATE_VERSION:
        raise InvalidInput(
            f"the snapshot has version {saved.version}, this program reads {STATE_VERSION}",
            field="version",
        )
    state = State()
    state.catalogue = saved.catalogue
    state.epoch = saved.epoch
    state.now = saved.now
    state.closed_calendars = set(saved.closed_calendars)
    state.interactions = {interaction.id: interaction for interaction in saved.interactions}
    state.agents = {row.id: row for row in saved.agents}
    state.queues = {row.name: row for row in saved.queues}
    state.counters = saved.counters
    state.keys = dict(saved.keys)
    state.key_order.extend(key for key, _ in saved.keys)
    state.finished.extend(saved.finished)
    _make_derived(state)
    return state


def _make_derived(state: State) -> None:
    state.index.retake_roll(state)
    for interaction in state.interactions.values():
        if interaction.phase is Phase.WAITING:
            # Nobody is idle in the index yet, so all may wait in their lines until matching.
            state.index.line_up(state.index.enter(interaction))
        if interaction.case_id is not None and interaction.phase not in OVER:
            state.cases[interaction.case_id] = interaction.id
        if interaction.parked_by is not None:
            state.parked.setdefault(interaction.parked_by, {})[interaction.id] = None
        set_deadline(state, interaction)


def state_digest(state: State) -> str:
    """A canonical hash of everything that decides: equal for a state and the fold of its log."""
    return hashlib.sha256(snapshot(state)).hexdigest()
