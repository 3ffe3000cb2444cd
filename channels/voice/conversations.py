"""All conversations in hand."""

from channels.voice.conversation import Conversation
from channels.voice.members import Member
from router.model.ids import AgentId, InteractionId


class Conversations:
    """All conversations in hand, by the interaction they are."""

    def __init__(self) -> None:
        self._going: dict[InteractionId, Conversation] = {}

    def add(self, conversation: Conversation) -> None:
        """Take one in hand."""
        self._going[conversation.interaction_id] = conversation

    def get(self, interaction_id: InteractionId) -> Conversation | None:
        """The conversation of an interaction, or None."""
        return self._going.get(interaction_id)

    def drop(self, conversation: Conversation) -> None:
        """It is over."""
        self._going.pop(conversation.interaction_id, None)

    def all(self) -> list[Conversation]:
        """All of them."""
        return list(self._going.values())

    def of_agent(self, agent_id: AgentId) -> list[tuple[Conversation, Member]]:
        """Every part an agent has, oldest conversation first."""
        return [
            (conversation, member)
            for conversation in self._going.values()
            for member in conversation.members
            if member.agent_id == agent_id
        ]

    def __len__(self) -> int:
        return len(self._going)
