"""What the people of a demonstration do: plain records, turned into commands elsewhere."""

import msgspec

from router.model.ids import AgentId, InteractionId, Medium, OfferId


class Act(msgspec.Struct, frozen=True):
    """What all acts share."""


class Come(Act, frozen=True):
    """A customer comes with first words."""

    interaction_id: InteractionId
    medium: Medium
    name: str
    mail: str
    language: str
    topic: str
    words: str


class Speak(Act, frozen=True):
    """A customer says more."""

    interaction_id: InteractionId
    words: str


class Go(Act, frozen=True):
    """A customer has waited long enough, or is done."""

    interaction_id: InteractionId
    reason: str


class Judge(Act, frozen=True):
    """A customer says how it was, 1 to 5."""

    interaction_id: InteractionId
    score: int


class Begin(Act, frozen=True):
    """An agent signs in, or is ready again."""

    agent_id: AgentId


class Take(Act, frozen=True):
    """An agent accepts what rings."""

    offer_id: OfferId
    agent_id: AgentId


class Reply(Act, frozen=True):
    """An agent answers."""

    interaction_id: InteractionId
    agent_id: AgentId
    words: str


class Finish(Act, frozen=True):
    """An agent ends the conversation."""

    interaction_id: InteractionId
    agent_id: AgentId


class WrapItUp(Act, frozen=True):
    """An agent is done with wrap-up; ``choice`` from 0 to 1 picks one of the dispositions."""

    interaction_id: InteractionId
    agent_id: AgentId
    choice: float = 0.0
