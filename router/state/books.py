"""The books: the records of everything the router knows, and how they are found."""

from collections import deque

from router.model.catalogue import Catalogue, RuleSet
from router.model.ids import (
    AgentId,
    CaseId,
    CatalogueVersion,
    Instant,
    InteractionId,
    OfferId,
    QueueName,
)
from router.model.interaction import Phase
from router.state.records import AgentRow, Counters, Interaction, QueueRow
from router.state.shelves import Shelves

NO_CATALOGUE = Catalogue(
    version=CatalogueVersion(""), queues={}, rules=RuleSet(default_queue=QueueName(""))
)
"""What is in force before the first ``ChangeCatalogue``: nothing can be queued."""

RECENT_KEYS = 100_000
"""How many source keys are remembered, so that the same words are not taken twice."""

OVER = frozenset({Phase.WRAP_UP, Phase.FINISHED})
"""The phases in which the customer's part is over."""


class Books:
    """The truth: the fold of all events. ``now`` is the moment of the last one.

    ``cases`` (what is going on, by case) and ``parked`` (by agent) only help to find records.
    ``shelves`` are there while a picture is taken: records are shown to them before they change.
    """

    __slots__ = (
        "agents",
        "cases",
        "catalogue",
        "closed_calendars",
        "counters",
        "epoch",
        "finished",
        "interactions",
        "key_order",
        "keys",
        "now",
        "parked",
        "queues",
        "shelves",
    )

    def __init__(self) -> None:
        self.catalogue = NO_CATALOGUE
        self.epoch = 0
        self.now = Instant(0)
        self.closed_calendars: set[str] = set()
        self.interactions: dict[InteractionId, Interaction] = {}
        self.agents: dict[AgentId, AgentRow] = {}
        self.queues: dict[QueueName, QueueRow] = {}
        self.counters = Counters()
        self.keys: dict[str, InteractionId] = {}
        self.key_order: deque[str] = deque()
        self.finished: deque[InteractionId] = deque()
        self.cases: dict[CaseId, InteractionId] = {}
        self.parked: dict[AgentId, dict[InteractionId, None]] = {}
        self.shelves: Shelves | None = None

    def of_offer(self, offer_id: OfferId) -> Interaction | None:
        """The interaction an offer was made of; the offer itself may be over."""
        return self.interactions.get(InteractionId(offer_id.rpartition(".")[0]))

    def queue(self, name: QueueName) -> QueueRow:
        """The queue's memory, made when first asked for, to be changed."""
        if self.shelves is not None:
            self.shelves.queues.before_change(name)
        row = self.queues.get(name)
        if row is None:
            row = self.queues[name] = QueueRow(name=name)
        return row
