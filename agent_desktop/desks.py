"""The desks that are connected: which tab owns sound and offers, who is signed in, who is lost.

The first desk of an agent signs them in; when the last one has been gone for the grace time the
router is told, and told again when one is back. Time comes from the Clock; ``sweep`` is called
once a second.
"""

import asyncio
import logging
from typing import Protocol

import msgspec

from agent_desktop.protocol import ELSEWHERE, GRACE_MS, SILENCE_MS, SILENT, Outgoing, Owner
from router.model.agent import Presence
from router.model.commands import DeskBack, DeskLost, SignIn, SignOut
from router.model.errors import CarillonError, NotFound, Refused
from router.model.ids import AgentId, Instant
from router.ports import Clock, Floor, Inbox

OWNER_AWAY_MS = 3_000
"""How long an owner's place is kept for a tab whose line broke, while other tabs are there."""

SWEPT_AT_ONCE = 100

log = logging.getLogger(__name__)


class Tab(Protocol):
    """One connected desk, as this register sees it."""

    agent_id: AgentId
    desk: str
    heard: Instant

    def send(self, frame: Outgoing) -> None:
        """Send a frame; never waits."""
        ...

    def send_queues(self) -> None:
        """Send all queues as they are now; never waits."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close; never waits."""
        ...


class _Agent(msgspec.Struct):
    """The tabs of one agent; ``owner`` is a desk's id, kept for a while when its line breaks.

    ``told_lost``: the router was told that there is no desk, and not yet that there is.
    """

    tabs: list[Tab]
    owner: str = ""
    owner_left: Instant | None = None
    lost_since: Instant | None = None
    told_lost: bool = False


class Desks:
    """All connected desks of this process."""

    def __init__(self, inbox: Inbox, floor: Floor, clock: Clock) -> None:
        self._inbox = inbox
        self._floor = floor
        self._clock = clock
        self._agents: dict[AgentId, _Agent] = {}

    def begin(self) -> None:
        """At the start: who is signed in and has no desk here has the grace time to come back."""
        now = self._clock.now()
        for view in self._floor.agents():
            if view.presence != Presence.OFFLINE and view.agent_id not in self._agents:
                self._agents[view.agent_id] = _Agent([], lost_since=now)

    def __len__(self) -> int:
        return sum(len(agent.tabs) for agent in self._agents.values())

    def agents(self) -> list[AgentId]:
        """The agents with a desk."""
        return [agent_id for agent_id, agent in self._agents.items() if agent.tabs]

    def tabs(self, agent_id: AgentId) -> tuple[Tab, ...]:
        """An agent's connected desks."""
        agent = self._agents.get(agent_id)
        return tuple(agent.tabs) if agent else ()

    async def arrive(self, agent_id: AgentId) -> None:
        """Before a desk joins: sign the agent in, or back in. Raises NotFound or Refused."""
        view = self._floor.agent(agent_id)
        if view is None or agent_id not in self._floor.catalogue().agents:
            raise NotFound("you are no agent of this centre")
        if view.presence == Presence.OFFLINE:
            await self._inbox.submit(SignIn(agent_id=agent_id))
        elif view.desk_lost:
            await self._inbox.submit(DeskBack(agent_id=agent_id))

    def join(self, tab: Tab, *, take: bool) -> bool:
        """A desk is connected; whether it owns. An older socket of the same tab is closed."""
        agent = self._agents.setdefault(tab.agent_id, _Agent([]))
        for older in [each for each in agent.tabs if each.desk == tab.desk]:
            agent.tabs.remove(older)
            older.end(ELSEWHERE, "the same desk is open elsewhere")
        nobody = not agent.tabs
        agent.tabs.append(tab)
        agent.lost_since = None
        if take or nobody or not agent.owner or agent.owner == tab.desk:
            self._give(agent, tab.desk)
        return agent.owner == tab.desk

    def take(self, tab: Tab) -> None:
        """This desk owns from now on."""
        agent = self._agents.get(tab.agent_id)
        if agent is not None and tab in agent.tabs:
            self._give(agent, tab.desk)
            tab.send(Owner(owner=True))

    def owns(self, tab: Tab) -> bool:
        """Whether this desk may command."""
        agent = self._agents.get(tab.agent_id)
        return agent is not None and agent.owner == tab.desk

    def leave(self, tab: Tab) -> None:
        """A desk is gone."""
        agent = self._agents.get(tab.agent_id)
        if agent is None or tab not in agent.tabs:
            return
        agent.tabs.remove(tab)
        now = self._clock.now()
        if agent.owner == tab.desk:
            agent.owner_left = now
        if not agent.tabs:
            agent.lost_since = now

    async def signed_out(self, agent_id: AgentId) -> None:
        """A session of this agent ended on purpose: sign out, unless there is work in hand."""
        view = self._floor.agent(agent_id)
        if view is None or view.presence == Presence.OFFLINE:
            return
        try:
            await self._inbox.submit(SignOut(agent_id=agent_id))
        except Refused:
            return  # Work is never dropped: the grace time runs, then the router decides.

    async def sweep(self) -> None:
        """Close silent sockets, pass ownership on, tell the router of desks that stay away."""
        now = self._clock.now()
        for number, (agent_id, agent) in enumerate(list(self._agents.items()), 1):
            if number % SWEPT_AT_ONCE == 0:
                await asyncio.sleep(0)  # An offer goes between them.
            for tab in tuple(agent.tabs):
                if now - tab.heard > SILENCE_MS:
                    self.leave(tab)
                    tab.end(SILENT, "nothing was heard")
            self._pass_on(agent, now)
            if agent.lost_since is not None and now - agent.lost_since >= GRACE_MS:
                await self._lost(agent_id, agent)
            if agent.told_lost and agent.tabs:
                await self._found(agent_id, agent)

    def _give(self, agent: _Agent, desk: str) -> None:
        former, agent.owner, agent.owner_left = agent.owner, desk, None
        for tab in agent.tabs:
            if tab.desk == former and former != desk:
                tab.send(Owner(owner=False))

    def _pass_on(self, agent: _Agent, now: Instant) -> None:
        left = agent.owner_left
        if left is None or now - left < OWNER_AWAY_MS or not agent.tabs:
            return
        heir = agent.tabs[-1]
        self._give(agent, heir.desk)
        heir.send(Owner(owner=True))

    async def _lost(self, agent_id: AgentId, agent: _Agent) -> None:
        view = self._floor.agent(agent_id)
        try:
            if view is not None and view.presence != Presence.OFFLINE and not view.desk_lost:
                agent.told_lost = True
                await self._inbox.submit(DeskLost(agent_id=agent_id))
        except CarillonError as error:
            _not_told("lost", agent_id, error)
            return
        if not agent.tabs:
            del self._agents[agent_id]

    async def _found(self, agent_id: AgentId, agent: _Agent) -> None:
        """A desk joined while the router was being told that there is none."""
        try:
            await self._inbox.submit(DeskBack(agent_id=agent_id))
        except CarillonError as error:
            _not_told("found", agent_id, error)
            return
        agent.told_lost = False


def _not_told(what: str, agent_id: AgentId, error: CarillonError) -> None:
    log.warning(
        "the router was not told of a desk, trying again",
        extra={"event": f"desk_{what}_failed", "agent": agent_id, "reason": error.code},
    )
