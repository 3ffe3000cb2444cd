"""The rows of numbers that desks and boards show: made once for all of them, anew when needed."""

from agent_desktop.history import agents_named
from agent_desktop.shapes import ColleagueShape, QueueShape
from agent_desktop.showing import colleague_shape, queue_shape
from router.model.events import CatalogueChanged, Recorded
from router.model.ids import AgentId, QueueName
from router.ports import Floor


class Rows:
    """Queues and agents as rows. A row is as of the last fact that was noted."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._queues: dict[QueueName, QueueShape] = {}
        self._agents: dict[AgentId, ColleagueShape] = {}
        self._dirty: set[AgentId] = set()
        self._moved = True
        self._everybody = True
        self._changed_queues: dict[QueueName, QueueShape] = {}
        self._changed_agents: dict[AgentId, ColleagueShape] = {}

    def note(self, recorded: Recorded) -> None:
        """A fact was taken: the rows it is about are made anew when they are asked for."""
        self._moved = True
        event = recorded.event
        if isinstance(event, CatalogueChanged):
            self._everybody = True
        else:
            self._dirty.update(agents_named(event))

    def queues(self) -> dict[QueueName, QueueShape]:
        """All queues."""
        if self._moved:
            self._moved = False
            catalogue = self._floor.catalogue()
            found = {view.queue: queue_shape(view, catalogue) for view in self._floor.queues()}
            for name, row in found.items():
                if self._queues.get(name) != row:
                    self._changed_queues[name] = row
            self._queues = found
        return self._queues

    def agents(self) -> dict[AgentId, ColleagueShape]:
        """All agents."""
        if self._everybody:
            self._everybody = False
            known = self._floor.catalogue().agents
            self._agents = {each: row for each, row in self._agents.items() if each in known}
            self._dirty.update(known)
        dirty, self._dirty = self._dirty, set()
        for agent_id in dirty:
            view = self._floor.agent(agent_id)
            if view is None:
                self._agents.pop(agent_id, None)
                continue
            row = colleague_shape(view, self._floor)
            if self._agents.get(agent_id) != row:
                self._agents[agent_id] = self._changed_agents[agent_id] = row
        return self._agents

    def changed(self) -> tuple[dict[QueueName, QueueShape], dict[AgentId, ColleagueShape]]:
        """What has changed since this was asked before."""
        self.queues()
        self.agents()
        found = self._changed_queues, self._changed_agents
        self._changed_queues, self._changed_agents = {}, {}
        return found
