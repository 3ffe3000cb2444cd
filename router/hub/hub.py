"""The single writer: take commands, decide, make durable, then answer, act and tell.

One task does it all, turn by turn: whatever has queued while the last batch was being made durable
is decided against the state in memory and appended as one batch. Nothing is acknowledged, carried
out or told before its events are durable. When the log does not take a batch, the state is folded
anew from the log, because what was decided never happened.
"""

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Mapping, Sequence

import msgspec

from router import core
from router.hub.batch import Batch, CoreFailed
from router.hub.collector import keep, paused
from router.hub.effects import Effects, Owned, Placed
from router.hub.floor import Views
from router.hub.inbox import Mailbox
from router.hub.keeping import Keeping
from router.hub.recovery import recover, reread
from router.hub.replay import Replay
from router.hub.settings import HubSettings
from router.hub.tail import Tail
from router.model.commands import Arrive, Command, Enqueue, SetAttributes
from router.model.errors import InvalidInput, Overloaded, StaleWriter, StorageFailed
from router.model.events import Recorded, WriterStarted
from router.model.ids import Instant, Medium, Position
from router.ports import Clock, EventLog, MediumPort, Receipt

_LOG = logging.getLogger(__name__)

_MEND_FIRST_S = 0.1
_MEND_MOST_S = 2.0
_TICK_AFTER_FAULT_MS = 1_000

_ENCODER = msgspec.msgpack.Encoder()
_WITH_ATTRIBUTES = (Arrive, Enqueue, SetAttributes)


class Hub(Views):
    """Inbox, Feed and Floor over one EventLog, which must be open before ``start``.

    Constructor: ``Hub(log, clock, media, settings)``. ``media`` are the ports effects go to;
    ``attach`` adds one later (channels are built with the hub as their Inbox, so wiring builds the
    hub first). A medium that needs a running hub to come up is expected first and attached when it
    is up. Order of life: construct, ``log.open()``, expect or attach media, ``start``, ``stop``,
    ``log.close()``.
    """

    def __init__(
        self,
        log: EventLog,
        clock: Clock,
        media: Mapping[Medium, MediumPort] | None = None,
        settings: HubSettings = HubSettings(),  # noqa: B008 - immutable
    ) -> None:
        tail = self._tail = Tail(log, settings.tail)
        self.past = Replay(log, self.head)
        super().__init__(core.new_state(), clock, tail)
        self._log = log
        self._settings = settings
        self._mailbox = Mailbox(settings.mailbox)
        self._effects = Effects(media or {}, settings, self._reread)
        self._keeping = Keeping(log, self._effects, settings)
        self._epoch = 0
        self._put_up_to = Position(0)
        self._folded_from = Position(0)
        self._tick_not_before = Instant(0)
        self._due: Instant | None = None
        self._recovered = False
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._ended = asyncio.Event()
        self._stopping = False
        self._trouble: StorageFailed | None = StorageFailed("the hub has not started")

    # --- life -----------------------------------------------------------------------------

    def expect(self, medium: Medium) -> None:
        """This medium will be attached when it is up: its effects wait until then."""
        self._effects.expect(medium)

    def attach(self, port: MediumPort) -> None:
        """Let a medium carry out its effects. Raises InvalidInput when it is attached already."""
        self._effects.attach(port)

    async def start(self) -> None:
        """Take the lead, fold the log, carry out what was left undone, take commands.

        Raises StorageFailed when the log cannot be read or written.
        """
        await self._lead()
        self._effects.start()
        self._keeping.start(self._folded_from)
        self._trouble = None
        self._task = asyncio.create_task(self._run(), name="hub")

    async def stop(self, deadline_ms: int = 5_000) -> None:
        """Take no more commands, decide those that wait, carry out effects, keep a snapshot.

        What is not done by the deadline is left to the next start; nothing is lost.
        """
        await self.past.stop()
        if self._task is None:
            return
        self._stopping = True
        self._mailbox.wake()
        try:
            async with asyncio.timeout(deadline_ms / 1_000):
                await asyncio.shield(self._task)
                await self._effects.drain()
        except TimeoutError:
            _LOG.warning("not everything was carried out within %d ms of stopping", deadline_ms)
        sound = self._task.done() and self._trouble is None
        self._task.cancel()
        await asyncio.wait([self._task])
        self._task = None
        self._leave(StorageFailed("the hub has stopped", code="stopped"))
        await self._effects.stop()
        # Cut off in the middle, the state may hold what the log does not.
        await self._keeping.stop(self._state if sound else None, self._tail.head)

    async def ended(self) -> None:
        """Return when the hub leads no longer: it was stopped, or another writer took over."""
        await self._ended.wait()

    def health(self) -> Mapping[str, str]:
        """What is not well, by part, with the reason; empty when all is (readiness asks this)."""
        found = {f"effects.{medium}": reason for medium, reason in self._effects.trouble()}
        if self._trouble is not None:
            part = "lead" if isinstance(self._trouble, StaleWriter) else "log"
            found[part] = self._trouble.message
        return found

    @property
    def epoch(self) -> int:
        """The epoch under which this hub writes; 0 before it leads."""
        return self._epoch

    # --- Inbox and Feed -------------------------------------------------------------------

    async def submit(self, command: Command, *, deadline_ms: int = 10_000) -> Receipt:
        """Decide the command; returns once its events are durable. Errors as in ``Inbox``."""
        if self._trouble is not None:
            raise StorageFailed(
                f"no command is taken: {self._trouble.message}", code=self._trouble.code
            )
        if self._stopping:
            raise Overloaded("the hub is stopping", code="stopping")
        _require_writable(command)
        return await self._mailbox.put(command, deadline_ms)

    def follow(self, after: Position) -> AsyncIterator[Sequence[Recorded]]:
        """Yield what stands behind ``after`` in batches, then what comes; ends with the hub."""
        return self._tail.follow(after)

    def head(self) -> Position:
        """The position of the last durable event."""
        return self._tail.head

    # --- the one task ---------------------------------------------------------------------

    async def _run(self) -> None:
        try:
            while not (self._stopping and not len(self._mailbox)):
                await self._mailbox.wait()
                if not await self._turn():
                    return
        except Exception as error:
            # A mistake of ours: the state is in doubt, and the log is not.
            _LOG.critical("the hub broke", exc_info=error)
            self._leave(StorageFailed(f"the hub broke: {error!r}", code="internal"))

    async def _turn(self) -> bool:
        """Decide, make durable, publish what has queued; False when the hub leads no longer."""
        batch = self._decide()
        if batch.events:
            failure = await self._make_durable(batch)
            if failure is not None:
                return await self._mend(failure, batch)
        else:
            # Nothing to write: let others have their turn all the same.
            await asyncio.sleep(0)
        self._publish(batch)
        if batch.broken is not None:
            return await self._mend(batch.broken, Batch(batch.last))
        self._keeping.consider(self._state, self._tail.head)
        self._arm()
        return True

    def _decide(self) -> Batch:
        batch = Batch(self._tail.head)
        now = self._now()
        if self._recovered or (self._due is not None and self._due <= now):
            # What waits may fit whom the log left idle, so recovery is followed by a tick.
            self._recovered = False
            batch.tick(self._state, now)
        if batch.broken is None:
            batch.take(self._state, self._mailbox.take(self._settings.batch), now)
        else:
            self._tick_not_before = Instant(now + _TICK_AFTER_FAULT_MS)
        return batch

    async def _make_durable(self, batch: Batch) -> StorageFailed | None:
        try:
            async with asyncio.timeout(self._settings.append_ms / 1_000):
                last = await self._log.append(batch.events, self._epoch)
        except StorageFailed as error:
            return error
        except (InvalidInput, TimeoutError, OSError) as error:
            return StorageFailed(f"the log did not take the events: {error!r}")
        if last != batch.last:
            return StorageFailed(f"the log stands at {last}, not at {batch.last}")
        return None

    def _publish(self, batch: Batch) -> None:
        """Answer, act, tell: all in one go, so that nobody sees a half of it."""
        batch.acknowledge()
        for position, owned in batch.effects:
            for medium, effect in owned:
                self._effects.put(medium, position, effect)
        self._reach(batch.last)
        self._tail.grow(batch.records(self._epoch))

    def _arm(self) -> None:
        """Set the one timer to the moment at which something is due next."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._due = core.next_deadline(self._state)
        if self._due is None:
            return
        self._due = max(self._due, self._tick_not_before)
        wait_ms = max(self._due - self._now(), 1)
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(wait_ms / 1_000, self._mailbox.wake)

    # --- taking the lead, and when something goes wrong -------------------------------------

    async def _lead(self) -> Position:
        """Take the lead and fold the log anew; where the log ended before."""
        epoch = await self._log.take_lead()
        with paused():
            recovered = await recover(self._log, self._put)
            keep(len(recovered.state.interactions))
        self._state = recovered.state
        started = WriterStarted(at=self._now(), epoch=epoch)
        batch = Batch(recovered.head)
        batch.note(self._state, started)
        if await self._log.append(batch.events, epoch) != batch.last:
            raise StorageFailed("another writer appended while the lead was taken")
        for position, owned in batch.effects:
            self._put(position, owned)
        self._reach(batch.last)
        self._tail.restart(batch.last)
        self._folded_from = recovered.snapshot
        self._epoch = epoch
        self._recovered = True
        self._arm()
        self._mailbox.wake()
        return recovered.head

    async def _mend(self, failure: StorageFailed | CoreFailed, batch: Batch) -> bool:
        """Lead anew, again and again, until the log works; False when the hub leads no longer.

        At the first try it comes out whether the log took the batch in spite of the failure; its
        senders are answered accordingly, after that all commands are refused until it works.
        """
        _LOG.error("folding the log anew: %s", failure, exc_info=failure)
        wait_s = _MEND_FIRST_S
        while True:
            try:
                head = await self._lead_again(failure)
            except StaleWriter as error:
                batch.refuse(error)
                self._leave(error)
                return False
            except (StorageFailed, TimeoutError, OSError) as error:
                failure = StorageFailed(str(error) or "the log did not answer in time")
            else:
                if head == batch.last:
                    batch.acknowledge()
                batch.refuse(StorageFailed(failure.message, code=failure.code))
                self._trouble = None
                return True
            self._trouble = failure
            batch.refuse(failure)
            self._mailbox.refuse_all(failure)
            if self._stopping:
                return False
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _MEND_MOST_S)

    async def _lead_again(self, failure: StorageFailed | CoreFailed) -> Position:
        if isinstance(failure, StaleWriter):
            raise failure
        async with asyncio.timeout(self._settings.append_ms / 1_000):
            await self._log.append((), self._epoch)
        return await self._lead()

    def _leave(self, reason: StorageFailed) -> None:
        """Lead no longer: refuse everyone, let followers finish, say so."""
        self._trouble = reason
        self._mailbox.refuse_all(reason)
        self._mailbox.close()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._tail.end()
        self._ended.set()

    def _put(self, position: Position, owned: Sequence[Owned]) -> None:
        """Give effects to their media, unless that was done before the log was folded anew."""
        if position > self._put_up_to:
            self._put_up_to = position
            for medium, effect in owned:
                self._effects.put(medium, position, effect)

    def _reach(self, head: Position) -> None:
        self._put_up_to = head
        self._effects.reached(head)

    async def _reread(self, medium: Medium, first: Position, most: int) -> list[Placed]:
        return await reread(self._log, medium, first, most, lambda: self._put_up_to)


def _require_writable(command: Command) -> None:
    """Refuse here what the log could not hold, before it touches the state."""
    try:
        _ENCODER.encode(command)
    except (OverflowError, UnicodeError, TypeError) as error:
        kind = type(command).__name__
        raise InvalidInput(
            f"{kind} holds a value that cannot be kept: {error}", field=kind
        ) from error
    if isinstance(command, _WITH_ATTRIBUTES):
        for name, value in command.attributes.items():
            if isinstance(value, float) and not math.isfinite(value):
                raise InvalidInput(f"attribute {name!r} is not a finite number", field=name)
