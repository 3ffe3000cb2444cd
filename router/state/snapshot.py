"""State as bytes and back, and its digest.

Only the records are saved; the index and the timers are made again. The digest is of the saved
bytes: records are sorted by id, and a record's own dictionaries keep the order the log gave them.
Two states with one digest decide alike.
"""

import gc
import hashlib
from itertools import islice

import msgspec

from router.model.catalogue import Catalogue
from router.model.errors import InvalidInput
from router.model.ids import Instant, InteractionId
from router.model.interaction import Phase
from router.state.books import OVER
from router.state.live import State
from router.state.moves import set_deadline
from router.state.records import AgentRow, Counters, Interaction, QueueRow, Row
from router.state.shelves import Pages, Shelves

STATE_VERSION = 2
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


class Picture:
    """The state of one moment as bytes, in pages, taken piece by piece while the state goes on.

    One picture of a state is taken at a time, until ``let_go``. Meanwhile records are written down
    before they change, if that was not done yet.
    """

    def __init__(self, state: State) -> None:
        assert state.shelves is None, "one picture is taken at a time"
        self._state = state
        self._counters = _ENCODER.encode(state.counters)
        self._first = (state.catalogue, state.epoch, state.now, sorted(state.closed_calendars))
        self._keys = dict(state.keys)
        self._unwritten = iter(self._keys.items())
        self._key_pages = Pages()
        self._finished = list(state.finished)
        self._shelves = Shelves(state.interactions, state.agents, state.queues)
        state.shelves = self._shelves

    def take(self, most: int) -> bool:
        """Write down so many records at most; whether there is more."""
        written = self._shelves.write(most)
        for pair in islice(self._unwritten, most - written):
            self._key_pages.add(pair)
            written += 1
        return written == most

    def let_go(self) -> None:
        """The state may change without a word from now on: all is taken, or given up."""
        self._state.shelves = None

    def pages(self) -> tuple[bytes, ...]:
        """All of it, once nothing more is to be taken: joined, what ``restore`` reads."""
        shelves = self._shelves
        saved = [
            [_array(len(Saved.__struct_fields__)), _ENCODER.encode(STATE_VERSION)],
            [_ENCODER.encode(part) for part in self._first],
            *(
                [_array(shelf.count), *shelf.pages.done()]
                for shelf in (shelves.interactions, shelves.agents, shelves.queues)
            ),
            [self._counters],
            [_array(len(self._keys)), *self._key_pages.done()],
            [_ENCODER.encode(self._finished)],
        ]
        return tuple(page for part in saved for page in part)


def _array(count: int) -> bytes:
    """The head of a MessagePack array of so many elements."""
    if count < 1 << 4:
        return bytes([0x90 | count])
    if count < 1 << 16:
        return b"\xdc" + count.to_bytes(2, "big")
    return b"\xdd" + count.to_bytes(4, "big")


def snapshot(state: State) -> bytes:
    """The state as bytes, at once: folds of equal logs give equal bytes."""
    return _ENCODER.encode(
        Saved(
            version=STATE_VERSION,
            catalogue=state.catalogue,
            epoch=state.epoch,
            now=state.now,
            closed_calendars=sorted(state.closed_calendars),
            interactions=[state.interactions[key] for key in sorted(state.interactions)],
            agents=[state.agents[key] for key in sorted(state.agents)],
            queues=[state.queues[key] for key in sorted(state.queues)],
            counters=state.counters,
            keys=list(state.keys.items()),
            finished=list(state.finished),
        )
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
    for row in state.agents.values():
        if row.loan is not None:
            state.returns.set(row.id, row.loan.until)
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
