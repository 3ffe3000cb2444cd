"""The naive model: who should be offered what, worked out from the records by plain loops.

It shares no code with the matching engine: eligibility, capacity, scores and strategies are written
down again, literally, in exact integers.
"""

from __future__ import annotations

import msgspec

from router.core import State
from router.model.agent import Capacity, Presence
from router.model.catalogue import Agent, Catalogue
from router.model.ids import AgentId, InteractionId, Medium, QueueName
from router.model.interaction import Phase
from router.model.skills import satisfies, skills_satisfy
from router.state.records import Interaction, Visit


def serves(catalogue: Catalogue, agent: Agent) -> set[QueueName]:
    found = set(agent.queues)
    for team in agent.teams:
        if team in catalogue.teams:
            found |= set(catalogue.teams[team].queues)
    return found & set(catalogue.queues)


def capacity(catalogue: Catalogue, agent: Agent) -> Capacity:
    return agent.capacity if agent.capacity is not None else catalogue.capacity


def moved(state: State) -> Catalogue:
    """The catalogue as if each moved seat had been configured where it is now."""
    agents = dict(state.catalogue.agents)
    for row in state.agents.values():
        if row.loan is not None and row.id in agents:
            own = agents[row.id]
            agents[row.id] = msgspec.structs.replace(
                own, queues=row.loan.queues, teams=(), skills={**own.skills, **row.loan.skills}
            )
    return msgspec.structs.replace(state.catalogue, agents=agents)


def has_room(limits: Capacity, busy: list[Medium], medium: Medium) -> bool:
    if busy.count(medium) + 1 > limits.slots.get(medium, 0):
        return False
    if sum(limits.load.get(one, 1) for one in [*busy, medium]) > limits.total:
        return False
    for other in busy:
        joinable = limits.interrupted_by.get(other)
        if other != medium and joinable is not None and medium not in joinable:
            return False
    return True


class Roster:
    """The agents of one moment: what they have in hand and what they have room for."""

    def __init__(self, state: State) -> None:
        self.state = state
        self.catalogue = moved(state)
        self.busy: dict[AgentId, list[Medium]] = {}
        self.taking: list[Agent] = []
        self.rooms: dict[tuple[AgentId, Medium], bool] = {}
        hands: dict[AgentId, list[Medium]] = {}
        for interaction in state.interactions.values():
            for holder in holders(interaction):
                hands.setdefault(holder, []).append(interaction.medium)
        for agent in self.catalogue.agents.values():
            row = state.agents[agent.id]
            self.busy[agent.id] = hands.get(agent.id, [])
            ready = row.presence is Presence.READY and row.asked is None and not row.desk_lost
            if ready:
                self.taking.append(agent)

    def eligible(self, interaction: Interaction) -> list[Agent]:
        """The agents who may be offered the interaction now."""
        visit = interaction.visit
        assert visit is not None
        holding = visit.prefer_until is not None
        named = holding and visit.reason in ("transfer", "unparked")
        found = []
        for agent in self.taking:
            row = self.state.agents[agent.id]
            if row.media is not None and interaction.medium not in row.media:
                continue
            if not self.room(agent, interaction.medium):
                continue
            if agent.id in visit.declined or (holding and agent.id != visit.preferred):
                continue
            if not named and not self.fits(visit, agent):
                continue
            found.append(agent)
        return found

    def reason_against(self, interaction: Interaction, agent: Agent) -> str:
        """The first question the agent fails, in the order a person would ask."""
        visit = interaction.visit
        assert visit is not None
        row = self.state.agents[agent.id]
        if not {visit.queue, *visit.widened} & serves(self.catalogue, agent):
            return "queue"
        limits = capacity(self.catalogue, agent)
        if limits.slots.get(interaction.medium, 0) < 1:
            return "no_capacity"
        if row.presence is Presence.OFFLINE:
            return "offline"
        if agent not in self.taking:
            return "not_ready"
        if row.media is not None and interaction.medium not in row.media:
            return "medium_off"
        if not self.room(agent, interaction.medium):
            if row.offers:
                return "being_offered"
            alone = Capacity(slots=limits.slots, total=limits.total, load=limits.load)
            full = not has_room(alone, self.busy[agent.id], interaction.medium)
            return "no_capacity" if full else "not_interruptible"
        return self.personal_reason(visit, agent)

    def personal_reason(self, visit: Visit, agent: Agent) -> str:
        only = visit.requirement.agents
        if visit.prefer_until is not None and visit.preferred is not None:
            only = (visit.preferred,)
        if only and agent.id not in only:
            return "not_preferred"
        if agent.id in visit.declined:
            return "declined"
        if agent.id in visit.requirement.excluded:
            return "excluded"
        return "" if skills_satisfy(visit.requirement, agent.skills) else "skills"

    def room(self, agent: Agent, medium: Medium) -> bool:
        known = self.rooms.get((agent.id, medium))
        if known is None:
            limits = capacity(self.catalogue, agent)
            known = has_room(limits, self.busy[agent.id], medium)
            self.rooms[agent.id, medium] = known
        return known

    def fits(self, visit: Visit, agent: Agent) -> bool:
        queues = {visit.queue, *visit.widened}
        if visit.prefer_until is not None and agent.id == visit.preferred:
            # A held interaction waits for one person, whoever else the requirement names.
            wanted = visit.requirement
            wanted = type(wanted)(wanted.all_of, wanted.any_of, wanted.none_of, (), wanted.excluded)
        else:
            wanted = visit.requirement
        if not queues & serves(self.catalogue, agent):
            return False
        return satisfies(wanted, agent.id, agent.skills)

    def idle_order(self, agent: Agent) -> tuple[bool, int]:
        limits = capacity(self.catalogue, agent)
        load = sum(limits.load.get(medium, 1) for medium in self.busy[agent.id])
        return load > 0, self.state.agents[agent.id].idle_number

    def chosen(self, interaction: Interaction, agents: list[Agent]) -> Agent:
        """The agent that the strategy of the interaction's queue puts first."""
        visit = interaction.visit
        assert visit is not None
        queue = self.catalogue.queues.get(visit.queue)
        strategy = "longest_idle" if queue is None else queue.strategy
        return min(
            agents,
            key=lambda agent: (self.rank(strategy, visit, agent), self.idle_order(agent)),
        )

    def rank(self, strategy: str, visit: Visit, agent: Agent) -> int:
        row = self.state.queues.get(visit.queue)
        match strategy:
            case "best_skilled":
                level = sum(agent.skills.get(need.skill, 0) for need in visit.requirement.all_of)
                for group in visit.requirement.any_of:
                    level += max(agent.skills.get(need.skill, 0) for need in group)
                return -level
            case "least_skilled":
                return sum(agent.skills.values())
            case "least_occupied":
                limits = capacity(self.catalogue, agent)
                loads = {medium: limits.load.get(medium, 1) for medium in limits.slots}
                most = sum(count * loads[medium] for medium, count in limits.slots.items())
                load = sum(limits.load.get(medium, 1) for medium in self.busy[agent.id])
                return load * 1_000_000 // max(min(most, limits.total), 1)
            case "round_robin":
                return 0 if row is None else row.turns.get(agent.id, 0)
            case "weighted":
                if row is None:
                    return 0
                return max(row.passes.get(agent.id, 0), row.wheel)
            case _:
                return 0


def holders(interaction: Interaction) -> list[AgentId]:
    found = [
        offer.agent_id for offer in (interaction.offer, interaction.consult) if offer is not None
    ]
    found.extend(
        part.agent_id for part in interaction.engagements if not part.ended or part.wrap_up_blocks
    )
    return found


def precedence(interaction: Interaction, now: int) -> tuple[int, int, int]:
    """Smaller goes first: rank, then score in millionths, then order of entry."""
    visit = interaction.visit
    assert visit is not None
    score = 1_000_000 * visit.credit_ms + round(visit.slope * 1_000_000) * (now - visit.entered)
    return -visit.rank, -score, visit.place


def next_offer(state: State, now: int) -> tuple[InteractionId, AgentId] | None:
    """What should be offered to whom next, or None when nothing can be."""
    roster = Roster(state)
    if not roster.taking:
        return None
    waiting = [one for one in state.interactions.values() if one.phase is Phase.WAITING]
    for interaction in sorted(waiting, key=lambda one: precedence(one, now)):
        agents = roster.eligible(interaction)
        if agents:
            return interaction.id, roster.chosen(interaction, agents).id
    return None


def refusals(state: State, interaction_id: InteractionId) -> dict[str, int]:
    """How many agents fail which question; the candidates are counted under no reason at all."""
    roster = Roster(state)
    interaction = state.interactions[interaction_id]
    found: dict[str, int] = {}
    for agent in roster.catalogue.agents.values():
        code = roster.reason_against(interaction, agent)
        found[code] = found.get(code, 0) + 1
    return found
