"""What an agent's seat serves now: the catalogue's queues and skills, or those of a move."""

from collections.abc import Mapping

from router.model.ids import AgentId, QueueName, SkillName
from router.state.books import Books


def served(books: Books, agent_id: AgentId) -> tuple[QueueName, ...]:
    """The queues of the catalogue that an agent serves: their own and those of their teams.

    While their seat is moved it is the queues it was moved to.
    """
    catalogue = books.catalogue
    agent = catalogue.agents.get(agent_id)
    if agent is None:
        return ()
    row = books.agents.get(agent_id)
    if row is not None and row.loan is not None:
        queues = dict.fromkeys(row.loan.queues)
    else:
        queues = dict.fromkeys(own_queues(books, agent_id))
    return tuple(queue for queue in queues if queue in catalogue.queues)


def own_queues(books: Books, agent_id: AgentId) -> tuple[QueueName, ...]:
    """The queues an agent serves by the catalogue, wherever their seat is."""
    agent = books.catalogue.agents.get(agent_id)
    if agent is None:
        return ()
    queues = dict.fromkeys(agent.queues)
    for name in agent.teams:
        team = books.catalogue.teams.get(name)
        if team is not None:
            queues.update(dict.fromkeys(team.queues))
    return tuple(queue for queue in queues if queue in books.catalogue.queues)


def skills_of(books: Books, agent_id: AgentId) -> Mapping[SkillName, int]:
    """The agent's skills, with those that are lent to their seat."""
    agent = books.catalogue.agents.get(agent_id)
    own: Mapping[SkillName, int] = {} if agent is None else agent.skills
    row = books.agents.get(agent_id)
    if row is None or row.loan is None or not row.loan.skills:
        return own
    return {**own, **row.loan.skills}
