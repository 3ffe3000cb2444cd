"""The people of a demonstration: when who does what, as a function of a seed and of the log.

No clock, no I/O: ``due`` gives the acts whose time has come, ``heard`` takes what happened.
"""

import heapq
import itertools
import random
from collections.abc import Callable, Iterable, Sequence

import msgspec

from channels.dummy import lines
from channels.dummy.acts import (
    Act,
    Begin,
    Come,
    Finish,
    Go,
    Judge,
    Reply,
    Speak,
    Take,
    WrapItUp,
)
from router.model.agent import NO_ANSWER, Presence
from router.model.content import Author
from router.model.events import (
    Arrived,
    Closed,
    Engaged,
    EngagementEnded,
    EntryAdded,
    Event,
    Offered,
    PresenceChanged,
)
from router.model.ids import AgentId, Instant, InteractionId, Medium
from router.model.interaction import Role

CHAT = Medium("chat")
MAIL = Medium("mail")
DONE = "done"
LONGEST_CHAT_MS = 600_000
"""A customer whom nobody answers any more goes after ten minutes."""


class Scene(msgspec.Struct, frozen=True, kw_only=True):
    """How lively a demonstration is. Times are milliseconds.

    ``agents`` are played too; all others are left to people. ``media`` are drawn with equal
    chance. ``open_max`` customers are in the centre at once at most.
    """

    seed: int = 1
    customers_per_minute: float = 6.0
    media: tuple[Medium, ...] = (CHAT, CHAT, MAIL)
    agents: tuple[AgentId, ...] = ()
    open_max: int = 60
    patience_ms: int = 180_000
    pause_ms: int = 6_000
    ignored_offers: float = 0.03


class Customer(msgspec.Struct):
    """One customer in the centre: how many more things they will say, and whether somebody came.

    A ``guest`` came by a real door: a visitor of the chat page, a letter. Nobody speaks for them.
    """

    medium: Medium
    language: str
    turns: int
    agent_id: AgentId | None = None
    served: bool = False
    guest: bool = False


class People:
    """Customers and agents of a demonstration."""

    def __init__(self, scene: Scene, new_id: Callable[[], str], now: Instant) -> None:
        # Drawn from a seed so that a demonstration can be repeated; nothing is kept safe by it.
        self._random = random.Random(scene.seed)  # noqa: S311 -- a repeatable demonstration
        self._scene = scene
        self._new_id = new_id
        self._order = itertools.count()
        self._plans: list[tuple[Instant, int, Act | None]] = []
        self._customers: dict[InteractionId, Customer] = {}
        self._agents = set(scene.agents)
        for agent_id in scene.agents:
            self._plan(Instant(now + self._between(0, 3_000)), Begin(agent_id))
        self._plan_arrival(now)

    @property
    def customers(self) -> int:
        """How many customers are in the centre."""
        return len(self._customers)

    def next_due(self) -> Instant:
        """When somebody does something next."""
        return self._plans[0][0]

    def due(self, now: Instant) -> Sequence[Act]:
        """What is done by now; each act once."""
        acts: list[Act] = []
        while self._plans[0][0] <= now:
            at, _, act = heapq.heappop(self._plans)
            if act is None:
                self._plan_arrival(at)
                if len(self._customers) < self._scene.open_max:
                    acts.append(self._come(at))
            elif self._still(act):
                acts.append(act)
        return acts

    def heard(self, events: Iterable[Event]) -> None:
        """React to what happened."""
        for event in events:
            match event:
                case Arrived() if event.interaction_id not in self._customers:
                    language = "zh-CN" if event.attributes.get("language") == "zh-CN" else "en"
                    guest = Customer(event.medium, language, turns=1, guest=True)
                    self._customers[event.interaction_id] = guest
                case Engaged(role=Role.LEAD):
                    self._engaged(event)
                case EntryAdded(note=False, author=Author.AGENT):
                    self._answered(event)
                case EntryAdded(note=False, author=Author.CUSTOMER):
                    self._asked(event)
                case Offered() if event.agent_id in self._agents:
                    if self._random.random() >= self._scene.ignored_offers:
                        self._later(event.at, 1_000, 6_000, Take(event.offer_id, event.agent_id))
                case EngagementEnded() if event.agent_id in self._agents and event.wrap_up_until:
                    choice = self._random.random()
                    wrap = WrapItUp(event.interaction_id, event.agent_id, choice)
                    self._later(event.at, 3_000, 15_000, wrap)
                case PresenceChanged(presence=Presence.NOT_READY, reason=reason):
                    if event.agent_id in self._agents and reason == NO_ANSWER:
                        self._later(event.at, 10_000, 20_000, Begin(event.agent_id))
                case Closed():
                    self._closed(event)
                case _:
                    continue

    def turned_away(self, interaction_id: InteractionId) -> None:
        """Somebody who came was not let in: they are not in the centre."""
        self._customers.pop(interaction_id, None)

    def _engaged(self, event: Engaged) -> None:
        customer = self._customers.get(event.interaction_id)
        if customer is None:
            return
        customer.served = True
        if customer.medium != MAIL and not customer.guest:
            self._plan(Instant(event.at + LONGEST_CHAT_MS), Go(event.interaction_id, DONE))
        customer.agent_id = event.agent_id
        if event.agent_id not in self._agents:
            return
        if customer.medium == MAIL:
            self._reply_later(event.at, event.interaction_id, customer)
            finish = Finish(event.interaction_id, event.agent_id)
            self._later(event.at, 20_000, 60_000, finish)
        else:
            self._reply_later(event.at, event.interaction_id, customer)

    def _answered(self, event: EntryAdded) -> None:
        """An agent said something: the customer answers, thanks, or has nothing more to say."""
        customer = self._customers.get(event.interaction_id)
        if customer is None or customer.medium == MAIL or customer.guest:
            return
        customer.turns -= 1
        if customer.turns <= 0:
            self._later(event.at, 20_000, 40_000, Go(event.interaction_id, DONE))
        if customer.turns < 0:
            return
        words = self._random.choice(lines.MORE[customer.language])
        if customer.turns == 0:
            words = lines.THANKS[customer.language]
        self._later(event.at, 2_000, self._scene.pause_ms * 2, Speak(event.interaction_id, words))

    def _asked(self, event: EntryAdded) -> None:
        """A customer said something to an agent who is played."""
        customer = self._customers.get(event.interaction_id)
        if customer is None or event.number == 1:
            return
        if customer.agent_id is None or customer.agent_id not in self._agents:
            return
        if customer.turns <= 0:
            finish = Finish(event.interaction_id, customer.agent_id)
            self._later(event.at, 2_000, 8_000, finish)
        else:
            self._reply_later(event.at, event.interaction_id, customer)

    def _reply_later(self, now: Instant, interaction_id: InteractionId, customer: Customer) -> None:
        if customer.agent_id is not None:
            words = self._random.choice(lines.ANSWERS[customer.language])
            reply = Reply(interaction_id, customer.agent_id, words)
            self._later(now, 2_000, self._scene.pause_ms * 2, reply)

    def _closed(self, event: Closed) -> None:
        customer = self._customers.pop(event.interaction_id, None)
        spoken_for = customer is not None and customer.served and not customer.guest
        judges = spoken_for and customer is not None and customer.medium == CHAT
        if judges and self._random.random() < 0.4:
            score = self._random.choice((2, 3, 4, 4, 5, 5, 5))
            self._later(event.at, 1_000, 8_000, Judge(event.interaction_id, score))

    def _come(self, now: Instant) -> Come:
        name, language = self._random.choice(lines.NAMES)
        topic = self._random.choice(("other", "other", "billing"))
        medium = self._random.choice(self._scene.media)
        interaction_id = InteractionId(self._new_id())
        turns = self._random.randint(1, 4)
        if medium != MAIL:
            # Who writes a letter is in the centre when the letter is: a guest, by its number there.
            self._customers[interaction_id] = Customer(medium, language, turns)
            patience_ms = int(self._random.expovariate(1 / self._scene.patience_ms)) + 10_000
            self._plan(Instant(now + patience_ms), Go(interaction_id, "impatient"))
        return Come(
            interaction_id=interaction_id,
            medium=medium,
            name=name,
            mail=f"{name.lower().replace(' ', '.')}@example.invalid",
            language=language,
            topic=topic,
            words=self._random.choice(lines.FIRST[(language, topic)]),
        )

    def _still(self, act: Act) -> bool:
        """Whether an act that was planned makes sense by now."""
        match act:
            case Go(interaction_id=interaction_id):
                customer = self._customers.get(interaction_id)
                return customer is not None and (act.reason == DONE or not customer.served)
            case Speak(interaction_id=interaction_id) | Reply(interaction_id=interaction_id):
                return interaction_id in self._customers
            case Finish(interaction_id=interaction_id):
                return interaction_id in self._customers
            case _:
                return True

    def _plan_arrival(self, now: Instant) -> None:
        gap_ms = self._random.expovariate(self._scene.customers_per_minute / 60_000)
        self._plan(Instant(now + max(1, int(gap_ms))), None)

    def _later(self, now: Instant, least_ms: int, most_ms: int, act: Act) -> None:
        self._plan(Instant(now + self._between(least_ms, most_ms)), act)

    def _between(self, least_ms: int, most_ms: int) -> int:
        return self._random.randint(least_ms, max(least_ms, most_ms))

    def _plan(self, at: Instant, act: Act | None) -> None:
        heapq.heappush(self._plans, (at, next(self._order), act))
