"""What one may see: ``visible`` is asked for every object; absent and forbidden look the same."""

from collections.abc import Callable, Iterable

import msgspec

from agent_desktop.history import EVER, History
from agent_desktop.permissions import Permission, Scope
from agent_desktop.principal import Principal, teams_of
from router.model.errors import NotFound
from router.model.ids import AgentId, InteractionId, QueueName, SubjectId
from router.model.past import PastInteraction
from router.model.views import InteractionView
from router.ports import Floor
from router.seals import Customers

CONTACTS_LOOKED_AT = 200
"""Of a customer's contacts, when it is asked whether a team has had to do with them."""


class Target(msgspec.Struct, frozen=True):
    """What is looked at, as far as scopes ask: whose hands, which queues, whose customer."""

    agents: frozenset[AgentId] = frozenset()
    queues: frozenset[QueueName] = frozenset()
    subjects: frozenset[SubjectId] = frozenset()


class Sighting(msgspec.Struct, frozen=True):
    """An interaction one may see: its past, and its present while the floor has it."""

    interaction_id: InteractionId
    past: PastInteraction
    view: InteractionView | None

    @property
    def subject(self) -> SubjectId:
        """The customer."""
        return self.view.subject if self.view is not None else self.past.subject


class Sight:
    """Decides what a person sees, by the table's scopes and the teams of now.

    Whom a note asks to look at an interaction may read it: ``mentioned`` says who that is.
    """

    def __init__(self, floor: Floor, history: History, customers: Customers) -> None:
        self._floor = floor
        self._history = history
        self._customers = customers
        self.mentioned: Callable[[AgentId, InteractionId], bool] = lambda agent, about: False

    async def visible(self, principal: Principal, permission: Permission, target: Target) -> bool:
        """Whether this permission reaches this object."""
        match principal.grant(permission).scope:
            case Scope.ALL:
                return True
            case Scope.TEAM:
                return self._of_team(principal, target)
            case Scope.OWN:
                return await self._own(principal, target)
            case Scope.NONE:
                return False

    async def interaction(
        self, principal: Principal, permission: Permission, interaction_id: str
    ) -> Sighting:
        """An interaction. Raises NotFound unless it exists and may be seen."""
        place = InteractionId(interaction_id)
        past = await self._history.interaction(place)
        view = self._floor.interaction(place)
        if past is None:
            raise NotFound("there is no such interaction")
        target = Target(
            agents=frozenset((*past.agents, *(_ringing(view)))),
            queues=frozenset(past.queues),
            subjects=frozenset((past.subject,)),
        )
        asked = permission is Permission.CONTENT and self.mentioned(principal.agent_id, place)
        if not asked and not await self.visible(principal, permission, target):
            raise NotFound("there is no such interaction")
        return Sighting(place, past, view)

    async def agent(
        self, principal: Principal, permission: Permission, agent_id: AgentId
    ) -> AgentId:
        """An agent. Raises NotFound unless there is one and the permission reaches them."""
        agent = self._floor.catalogue().agents.get(agent_id)
        if agent is not None and await self.visible(
            principal, permission, Target(agents=frozenset((agent_id,)))
        ):
            return agent_id
        raise NotFound("there is no such agent")

    async def customer(
        self, principal: Principal, permission: Permission, subject: str
    ) -> SubjectId:
        """A customer. Raises NotFound unless one of their contacts may be seen.

        An agent sees whom they are engaged with; a team those it has had to do with.
        """
        found = SubjectId(subject)
        people = await self._same_person(found)
        target = Target(subjects=frozenset(people))
        if await self.visible(principal, permission, target):
            return found
        if principal.grant(permission).scope == Scope.TEAM:
            contacts = await self._history.contacts(people, EVER, CONTACTS_LOOKED_AT)
            if any(self._of_team(principal, _target(past)) for past in contacts):
                return found
        raise NotFound("there is no such customer")

    async def contacts(
        self, principal: Principal, permission: Permission, contacts: Iterable[PastInteraction]
    ) -> list[PastInteraction]:
        """Those of a customer's contacts that may be seen."""
        return [
            past for past in contacts if await self.visible(principal, permission, _target(past))
        ]

    def _of_team(self, principal: Principal, target: Target) -> bool:
        if target.queues & principal.queues or principal.agent_id in target.agents:
            return True
        catalogue = self._floor.catalogue()
        return any(
            teams_of(catalogue, agent_id, ()) & principal.teams for agent_id in target.agents
        )

    async def _own(self, principal: Principal, target: Target) -> bool:
        if principal.agent_id in target.agents:
            return True
        if not target.subjects:
            return False
        return bool(target.subjects & await self._engaged_with(principal.agent_id))

    async def _engaged_with(self, agent_id: AgentId) -> frozenset[SubjectId]:
        """The customers an agent has to do with now, by all the cards each of them has."""
        view = self._floor.agent(agent_id)
        ids = [*(view.interactions if view else ())]
        ids += [parked.interaction_id for parked in self._floor.parked(agent_id)]
        ids += [InteractionId(offer.rpartition(".")[0]) for offer in (view.offers if view else ())]
        found: set[SubjectId] = set()
        for interaction_id in ids:
            interaction = self._floor.interaction(interaction_id)
            if interaction is not None:
                found.update(await self._same_person(interaction.subject))
        return frozenset(found)

    async def _same_person(self, subject: SubjectId) -> tuple[SubjectId, ...]:
        try:
            return tuple({subject, *await self._customers.same_person(subject)})
        except NotFound:
            return (subject,)


def target_of(found: Sighting) -> Target:
    """What scopes ask of an interaction that was found."""
    return _target(found.past)


def _target(past: PastInteraction) -> Target:
    return Target(frozenset(past.agents), frozenset(past.queues), frozenset((past.subject,)))


def _ringing(view: InteractionView | None) -> tuple[AgentId, ...]:
    return (view.offer.agent_id,) if view is not None and view.offer is not None else ()
