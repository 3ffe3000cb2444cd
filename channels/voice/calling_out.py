"""Calls to numbers outside, whoever wants them: by a trunk, within the policy, timed."""

import asyncio
import logging
from collections.abc import Callable

from channels.voice.call_ends import CallEnd, NoSound
from channels.voice.dialling import Allowed, DialPolicy
from channels.voice.house import House
from channels.voice.nodes import LegEvent
from channels.voice.sip.attempts import Caller
from channels.voice.sip.calls import Call
from channels.voice.sip.happenings import Answered, CallEvent, Ended
from channels.voice.sip.sdp import Description
from router.model.errors import Refused
from router.model.ids import AgentId

log = logging.getLogger(__name__)

BUSY = frozenset({486, 600, 603})
SILENT = frozenset({408, 480, 487, 504})
Told = Callable[[CallEvent | LegEvent], None]


class OutCall:
    """A call to a number outside. ``outcome`` becomes ``connected``, ``busy``, ``no_answer`` or
    ``failed``; ``told`` hears what happens, the same as of any end of a call.
    """

    def __init__(self, house: House, policy: DialPolicy, allowed: Allowed, told: Told) -> None:
        self._house = house
        self._policy = policy
        self._allowed = allowed
        self._told = told
        self._agent_id: AgentId | None = None
        self._answered_at = house.now
        self._counted = False
        self._timer: asyncio.TimerHandle | None = None
        self.outcome: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        names = house.settings.dialling.trunks or tuple(house.settings.trunks)
        self._trunks = [name for name in names if name in house.settings.trunks]
        networks = [
            network for name in self._trunks for network in house.settings.trunks[name].sound_from
        ]
        self.end = CallEnd(house.nodes, house.settings.codecs, networks, self._hear)

    async def begin(
        self,
        *,
        beside: str,
        caller_id: str,
        agent_id: AgentId | None = None,
        ring_ms: int = 0,
    ) -> None:
        """Call. Raises Refused: ``too_many``, ``no_route`` (no trunk), ``no_sound``."""
        if not self._trunks:
            raise Refused("no trunk is configured", code="no_route")
        self._agent_id = None if self._allowed.emergency else agent_id
        self._policy.begin(self._agent_id)
        self._counted = True
        endpoint = self._house.endpoint

        def call(description: Description) -> Call:
            return endpoint.call_trunk(
                self._allowed.number,
                description,
                trunks=self._trunks,
                listener=self.end.listen,
                caller=Caller(number=caller_id),
            )

        try:
            await self.end.make(call, beside=beside)
        except Refused as problem:
            self._uncount()
            raise Refused(problem.message, code="no_route") from problem
        except NoSound as problem:
            self._uncount()
            raise Refused(problem.reason, code="no_sound") from problem
        except BaseException:
            self._uncount()
            raise
        wait_ms = ring_ms or self._house.settings.dialling.ring_ms
        self._after(wait_ms, "no_answer")

    def _hear(self, event: CallEvent | LegEvent) -> None:
        if isinstance(event, Answered):
            self._answered_at = self._house.now
            self._settle("connected")
            self._after(self._house.settings.dialling.call_ms, "")
        elif isinstance(event, Ended):
            if self._timer is not None:
                self._timer.cancel()
            self._uncount()
            self._settle(_outcome_of(event.status))
        self._told(event)

    def _after(self, wait_ms: int, outcome: str) -> None:
        """End it when it has rung, or lasted, for as long as it may."""
        if self._timer is not None:
            self._timer.cancel()

        def over() -> None:
            if outcome:
                self._settle(outcome)
            self.end.hang_up()

        self._timer = asyncio.get_running_loop().call_later(wait_ms / 1_000, over)

    def _settle(self, outcome: str) -> None:
        if not self.outcome.done():
            self.outcome.set_result(outcome)

    def _uncount(self) -> None:
        if not self._counted:
            return
        self._counted = False
        connected = self.outcome.done() and self.outcome.result() == "connected"
        now = self._house.now
        lasted_ms = now - self._answered_at if connected else 0
        self._policy.end(self._agent_id, self._allowed, lasted_ms, now)


def _outcome_of(status: int) -> str:
    if status in BUSY:
        return "busy"
    return "no_answer" if status in SILENT else "failed"
