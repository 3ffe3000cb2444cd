"""The canned replies of the centre that the desk's tests run."""

from __future__ import annotations

import msgspec

from agent_desktop.context import Canned
from router.model.ids import Medium, QueueName, TeamName

BILLING = QueueName("billing")


class Reply(msgspec.Struct, frozen=True):
    """A canned reply as the configuration has them."""

    name: str
    title: dict[str, str]
    text: dict[str, str]
    media: tuple[Medium, ...] = ()
    queues: tuple[QueueName, ...] = ()
    teams: tuple[TeamName, ...] = ()


REPLIES: tuple[Canned, ...] = (
    Reply(
        "greeting",
        {"en": "Greeting", "zh": "问候"},
        {"en": "Hello {customer.name}, this is {agent.name}.", "zh": "{customer.name}您好。"},
        media=(Medium("chat"),),
    ),
    Reply("refund", {"en": "Refund"}, {"en": "We refund it."}, queues=(BILLING,)),
)
