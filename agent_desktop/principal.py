"""Who is asking: a signed-in person as the checks see them."""

import msgspec

from agent_desktop.permissions import (
    REAUTHENTICATION_MS,
    Grant,
    Permission,
    Role,
    Scope,
    grant,
)
from router.model.catalogue import Catalogue
from router.model.errors import Refused
from router.model.ids import AgentId, Instant, QueueName, TeamName


class Forbidden(Refused):
    """The asker's role does not have this permission at all."""

    code = "forbidden"


class ConfirmationNeeded(Refused):
    """The password has to be typed again first."""

    code = "confirmation_needed"


class Principal(msgspec.Struct, frozen=True):
    """A signed-in person. ``queues`` and ``colleagues`` follow from the teams.

    ``confirmed`` is when the password was last typed.
    """

    user: str
    name: str
    role: Role
    agent_id: AgentId
    teams: frozenset[TeamName]
    queues: frozenset[QueueName]
    session: str
    confirmed: Instant
    address: str = ""

    def grant(self, permission: Permission) -> Grant:
        """What they have of a permission."""
        return grant(self.role, permission)

    def demand(self, permission: Permission, now: Instant) -> Grant:
        """Their grant of a permission; Forbidden without one, ConfirmationNeeded when it is R."""
        granted = self.grant(permission)
        if granted.scope == Scope.NONE:
            raise Forbidden("your role does not allow this")
        if granted.reauthenticate and now - self.confirmed > REAUTHENTICATION_MS:
            raise ConfirmationNeeded("type your password again to do this")
        return granted


def teams_of(
    catalogue: Catalogue, agent_id: AgentId, more: tuple[TeamName, ...]
) -> frozenset[TeamName]:
    """The teams of a person: those of their agent and those of their user."""
    agent = catalogue.agents.get(agent_id)
    return frozenset((*(agent.teams if agent else ()), *more))


def queues_of(
    catalogue: Catalogue, agent_id: AgentId, teams: frozenset[TeamName]
) -> frozenset[QueueName]:
    """The queues a person sees: those their agent serves, and those of their teams."""
    agent = catalogue.agents.get(agent_id)
    served = set(agent.queues if agent else ())
    for name in teams:
        team = catalogue.teams.get(name)
        served.update(team.queues if team else ())
    return frozenset(served)
