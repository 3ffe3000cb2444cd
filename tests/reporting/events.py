"""A small day in a centre, as events, for the tests of the history."""

from collections.abc import AsyncIterator, Sequence

from router.model import events as e
from router.model.agent import Presence
from router.model.catalogue import Catalogue, Queue, RuleSet
from router.model.content import Author
from router.model.events import Event, Recorded
from router.model.explanation import Explanation
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Medium,
    OfferId,
    Position,
    QueueName,
    SubjectId,
)
from router.model.interaction import OfferEnd, OfferKind, Outcome, Role
from router.model.skills import Requirement

BILLING = QueueName("billing")
CHAT = Medium("chat")
MIA = AgentId("mia")
START = 1_700_000_000_000


def at(seconds: float) -> Instant:
    """The moment this many seconds into the day."""
    return Instant(START + int(seconds * 1_000))


def catalogue() -> Catalogue:
    """One queue with a promise of 20 s for chats."""
    return Catalogue(
        version=CatalogueVersion("v1"),
        queues={BILLING: Queue(name=BILLING, target_ms={CHAT: 20_000})},
        rules=RuleSet(default_queue=BILLING),
    )


def signed_in() -> list[Event]:
    """The configuration takes effect, Mia opens her desk and is ready."""
    return [
        e.CatalogueChanged(at=at(0), catalogue=catalogue()),
        e.SignedIn(at=at(1), agent_id=MIA),
        e.PresenceChanged(at=at(2), agent_id=MIA, presence=Presence.READY),
    ]


def arrives(name: str, seconds: float) -> list[Event]:
    """A chat arrives and enters the queue."""
    interaction = InteractionId(name)
    return [
        e.Arrived(
            at=at(seconds),
            interaction_id=interaction,
            medium=CHAT,
            address="site",
            subject=SubjectId(f"subject of {name}"),
        ),
        e.EntryAdded(
            at=at(seconds),
            interaction_id=interaction,
            number=1,
            entry_id=EntryId(f"{name}/1"),
            author=Author.CUSTOMER,
            medium=CHAT,
        ),
        queued(name, seconds, visit=1, reason="arrival"),
    ]


def queued(name: str, seconds: float, *, visit: int, reason: str) -> Event:
    """An interaction enters the queue."""
    return e.Queued(
        at=at(seconds),
        interaction_id=InteractionId(name),
        queue=BILLING,
        visit=visit,
        entered=at(seconds),
        requirement=Requirement(),
        priority_class="normal",
        rank=0,
        slope=1.0,
        credit_ms=0,
        plan="",
        reason=reason,
        rule="all",
        version=CatalogueVersion("v1"),
    )


def offered(name: str, seconds: float, number: int = 1) -> Event:
    """Mia's desk rings."""
    return e.Offered(
        at=at(seconds),
        offer_id=OfferId(f"{name}.{number}"),
        interaction_id=InteractionId(name),
        agent_id=MIA,
        kind=OfferKind.QUEUE,
        queue=BILLING,
        medium=CHAT,
        expires=at(seconds + 30),
        why=Explanation(strategy="longest_idle", candidates=(MIA,), candidate_count=1),
    )


def offer_ended(name: str, seconds: float, end: OfferEnd, rang_ms: int, number: int = 1) -> Event:
    """The ringing is over."""
    return e.OfferEnded(
        at=at(seconds),
        offer_id=OfferId(f"{name}.{number}"),
        interaction_id=InteractionId(name),
        agent_id=MIA,
        end=end,
        rang_ms=rang_ms,
    )


def answered(name: str, seconds: float, waited_ms: int, visit: int = 1) -> list[Event]:
    """Mia accepts after two seconds of ringing."""
    return [
        offered(name, seconds - 2),
        offer_ended(name, seconds, OfferEnd.ACCEPTED, 2_000),
        e.Engaged(
            at=at(seconds),
            interaction_id=InteractionId(name),
            agent_id=MIA,
            role=Role.LEAD,
            queue=BILLING,
            medium=CHAT,
            visit=visit,
            waited_ms=waited_ms,
            offer_id=OfferId(f"{name}.1"),
        ),
    ]


def handled(name: str, seconds: float, talked_ms: int, wrap_up_ms: int) -> list[Event]:
    """Mia ends the chat, chooses a disposition and finishes wrap-up."""
    interaction = InteractionId(name)
    done = seconds + wrap_up_ms / 1_000
    return [
        e.EngagementEnded(
            at=at(seconds),
            interaction_id=interaction,
            agent_id=MIA,
            role=Role.LEAD,
            queue=BILLING,
            medium=CHAT,
            how="ended",
            talked_ms=talked_ms,
            held_ms=0,
            wrap_up_until=at(seconds + 120),
            wrap_up_blocks=True,
        ),
        e.DispositionSet(
            at=at(seconds), interaction_id=interaction, agent_id=MIA, disposition="solved"
        ),
        e.WrapUpEnded(
            at=at(done),
            interaction_id=interaction,
            agent_id=MIA,
            how="done",
            wrap_up_ms=wrap_up_ms,
        ),
        e.Closed(at=at(done), interaction_id=interaction, outcome=Outcome.HANDLED),
    ]


def abandoned(name: str, seconds: float, waited_ms: int) -> list[Event]:
    """The customer leaves while waiting."""
    interaction = InteractionId(name)
    return [
        e.CustomerLeft(at=at(seconds), interaction_id=interaction, waited_ms=waited_ms),
        e.Closed(
            at=at(seconds),
            interaction_id=interaction,
            outcome=Outcome.ABANDONED,
            waited_ms=waited_ms,
        ),
    ]


def a_day() -> list[Event]:
    """Four chats: one answered in time, one late, one abandoned at once, one waiting still."""
    return [
        *signed_in(),
        *arrives("in time", 10),
        *answered("in time", 20, 10_000),
        *handled("in time", 80, 60_000, 10_000),
        *arrives("gone", 91),
        *abandoned("gone", 94, 3_000),
        *arrives("late", 100),
        *answered("late", 130, 30_000),
        *handled("late", 230, 100_000, 20_000),
        *arrives("waiting", 300),
    ]


class Log:
    """A log as the projector reads it: recorded events that are all durable already."""

    def __init__(self, happened: Sequence[Event]) -> None:
        self.records = [
            Recorded(Position(number), 1, event) for number, event in enumerate(happened, 1)
        ]

    def head(self) -> Position:
        """The last position."""
        return Position(len(self.records))

    async def follow(self, after: Position) -> AsyncIterator[Sequence[Recorded]]:
        """What stands behind ``after``, in batches of seven; then the hub stops."""
        for start in range(after, len(self.records), 7):
            yield self.records[start : start + 7]
