"""A centre in a test: short names for catalogues, and a driver that keeps the log."""

from __future__ import annotations

from typing import Any

from router.core import Decision, State, decide, new_state, next_deadline
from router.model.agent import Capacity, Presence
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import (
    Accept,
    Arrive,
    ChangeCatalogue,
    Command,
    NewEntry,
    SetPresence,
    SignIn,
    Tick,
)
from router.model.events import Event
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    QueueName,
    SkillName,
    SubjectId,
)

MAIL, CHAT, VOICE = Medium("mail"), Medium("chat"), Medium("voice")
ROOMY = Capacity(slots={MAIL: 2, CHAT: 3, VOICE: 1})


def an_agent(name: str, *queues: str, skills: dict[str, int] | None = None, **more: Any) -> Agent:
    """An agent of these queues (``main`` when none is named)."""
    return Agent(
        id=AgentId(name),
        skills={SkillName(skill): level for skill, level in (skills or {}).items()},
        queues=tuple(QueueName(queue) for queue in queues or ("main",)),
        **more,
    )


def a_queue(name: str = "main", **more: Any) -> Queue:
    return Queue(name=QueueName(name), **more)


def a_catalogue(*parts: Agent | Queue, version: str = "v1", **more: Any) -> Catalogue:
    """A catalogue of these agents and queues; the first queue is the default one."""
    queues = [part for part in parts if isinstance(part, Queue)] or [a_queue()]
    more.setdefault("capacity", ROOMY)
    more.setdefault("rules", RuleSet(default_queue=queues[0].name))
    return Catalogue(
        version=CatalogueVersion(version),
        queues={queue.name: queue for queue in queues},
        agents={part.id: part for part in parts if isinstance(part, Agent)},
        **more,
    )


class Floor:
    """One site on a clock of its own: ``now`` moves only when a test says so."""

    def __init__(self, *parts: Agent | Queue, now: int = 1_000_000, **more: Any) -> None:
        self.state: State = new_state()
        self.now = now
        self.log: list[Event] = []
        self.last = self.do(ChangeCatalogue(a_catalogue(*parts, **more)))

    def do(self, command: Command) -> Decision:
        self.last = decide(self.state, command, Instant(self.now))
        self.log.extend(self.last.events)
        return self.last

    def change(self, *parts: Agent | Queue, **more: Any) -> Decision:
        return self.do(ChangeCatalogue(a_catalogue(*parts, **more)))

    def later(self, ms: int) -> Decision:
        """Time passes, with a tick at each deadline on the way; the last decision with events."""
        end = self.now + ms
        last = Decision((), ())
        while (due := next_deadline(self.state)) is not None and due <= end:
            self.now = max(due, self.now)
            decision = self.do(Tick())
            last = decision if decision.events else last
        self.now = end
        return last

    def ready(self, *names: str) -> None:
        for name in names:
            self.do(SignIn(AgentId(name)))
            self.do(SetPresence(AgentId(name), Presence.READY))

    def arrive(self, name: str, medium: Medium = CHAT, **more: Any) -> Decision:
        more.setdefault("entry", NewEntry(EntryId(f"{name}-first")))
        return self.do(Arrive(InteractionId(name), medium, "site", SubjectId(f"s-{name}"), **more))

    def accept(self, offer: str, agent: str) -> Decision:
        return self.do(Accept(OfferId(offer), AgentId(agent)))

    def served(self, name: str, agent: str, medium: Medium = CHAT, **more: Any) -> None:
        """An interaction arrives and this agent, who must be offered it, takes it."""
        offered = one(self.arrive(name, medium, **more), "Offered")
        assert offered.agent_id == agent
        self.accept(offered.offer_id, agent)


def names(decision: Decision) -> list[str]:
    """The kinds of a decision's events, in order."""
    return [type(event).__name__ for event in decision.events]


def all_of(decision: Decision, kind: str) -> list[Any]:
    return [event for event in decision.events if type(event).__name__ == kind]


def one(decision: Decision, kind: str) -> Any:
    """The only event of this kind in a decision."""
    found = all_of(decision, kind)
    assert len(found) == 1, f"one {kind} in {names(decision)}"
    return found[0]
