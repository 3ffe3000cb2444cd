"""The people of a demonstration: the same seed and the same log make the same day."""

import itertools
from pathlib import Path
from typing import Any

from channels.dummy import CHANNEL
from channels.dummy.acts import Begin, Come, Finish, Go, Reply, Speak, WrapItUp
from channels.dummy.demo import Demo
from channels.dummy.people import CHAT, DONE, MAIL, People, Scene
from router.model.agent import Capacity
from router.model.catalogue import Agent, Catalogue, Queue, RuleSet
from router.model.commands import ChangeCatalogue
from router.model.content import Author
from router.model.events import Arrived, Closed, Engaged, EngagementEnded, EntryAdded, Event
from router.model.ids import (
    AgentId,
    CatalogueVersion,
    EntryId,
    Instant,
    InteractionId,
    Position,
    QueueName,
    SubjectId,
)
from router.model.interaction import Outcome, Role
from tests.contracts.test_channels import tell

MIA, TOM, MAIN = AgentId("mia"), AgentId("tom"), QueueName("main")
START = Instant(1_000_000)


def people(**scene: Any) -> People:
    numbers = itertools.count()
    return People(Scene(**scene), lambda: f"{next(numbers):032x}", START)


def day(seed: int) -> list[str]:
    played = people(seed=seed, agents=(MIA,))
    acts: list[str] = []
    for minute in range(30):
        acts += [repr(act) for act in played.due(Instant(START + minute * 60_000))]
    return acts


def test_the_same_seed_makes_the_same_day_and_another_another() -> None:
    assert day(1) == day(1)
    assert day(1) != day(2)


def test_customers_come_at_the_rate_asked_for() -> None:
    played = people(customers_per_minute=10, media=(MAIL,), open_max=10_000)
    came = [act for act in played.due(Instant(START + 3_600_000)) if isinstance(act, Come)]
    assert 520 < len(came) < 680


def test_no_more_customers_are_in_than_allowed_and_who_waits_too_long_goes() -> None:
    played = people(customers_per_minute=60, media=(CHAT,), open_max=5, patience_ms=20_000)
    acts = list(played.due(Instant(START + 600_000)))
    assert sum(isinstance(act, Come) for act in acts) == 5
    assert sum(isinstance(act, Go) for act in acts) == 5
    played.heard(
        Closed(Instant(START), act.interaction_id, Outcome.ABANDONED)
        for act in acts
        if isinstance(act, Go)
    )
    assert played.customers == 0


def test_who_was_not_let_in_leaves_room_for_others() -> None:
    played = people(customers_per_minute=60, media=(CHAT,), open_max=5, patience_ms=10**9)
    came = [act for act in played.due(Instant(START + 60_000)) if isinstance(act, Come)]
    for act in came:
        played.turned_away(act.interaction_id)
    assert played.customers == 0
    more = [act for act in played.due(Instant(START + 120_000)) if isinstance(act, Come)]
    assert len(more) == 5


def test_a_customer_answers_thanks_and_goes_when_an_agent_is_a_person() -> None:
    played = people(media=(CHAT,), patience_ms=10**9)
    come = next(act for act in played.due(Instant(START + 60_000)) if isinstance(act, Come))
    now = Instant(START + 60_000)
    one = come.interaction_id
    played.heard([Engaged(now, one, TOM, Role.LEAD, MAIN, CHAT, 1, 100)])
    said: list[Speak] = []
    gone: list[Go] = []
    for number in range(2, 20):
        played.heard([_words(now, one, number)])
        now = Instant(now + 41_000)
        for act in played.due(now):
            if isinstance(act, Speak) and act.interaction_id == one:
                said.append(act)
            elif isinstance(act, Go) and act.interaction_id == one:
                gone.append(act)
        if gone:
            break
    assert 1 <= len(said) <= 4
    assert gone[0].reason == DONE


def test_played_agents_sign_in_first() -> None:
    acts = people(agents=(MIA, TOM)).due(Instant(START + 3_000))
    assert {act.agent_id for act in acts if isinstance(act, Begin)} == {MIA, TOM}


def _words(now: Instant, interaction_id: InteractionId, number: int) -> EntryAdded:
    entry_id = EntryId(f"{number:032x}")
    return EntryAdded(now, interaction_id, number, entry_id, Author.AGENT, CHAT, TOM)


def test_a_demonstration_moves_the_real_centre_from_coming_to_going(tmp_path: Path) -> None:
    """On a clock set by hand, an hour of the demonstration leaves a log that balances."""

    async def story(channel: Any, context: Any, settings: Any) -> None:
        await context.inbox.submit(ChangeCatalogue(_catalogue()))
        clock = context.clock
        scene = Scene(customers_per_minute=400, agents=(MIA, TOM), open_max=30, seed=3)
        demo = Demo(context, scene)
        head = Position(0)
        events: list[Event] = []
        shift_ms = 0
        for _ in range(120):
            shift_ms += 1_000
            acts = demo.people.due(Instant(clock.now() + shift_ms))
            for act in acts:
                await demo.carry_out(act)
            batch = await anext(aiter(context.feed.follow(head)), ())
            demo.people.heard(recorded.event for recorded in batch)
            events += [recorded.event for recorded in batch]
            head = batch[-1].position if batch else head
        law = context.floor.conservation()
        assert law.balances
        assert law.accepted >= 25
        kinds = {type(event) for event in events}
        assert {Arrived, Engaged, EntryAdded} <= kinds

    tell(CHANNEL, tmp_path, story)


def _catalogue() -> Catalogue:
    return Catalogue(
        version=CatalogueVersion("v2"),
        queues={MAIN: Queue(name=MAIN)},
        rules=RuleSet(default_queue=MAIN),
        agents={name: Agent(id=name, queues=(MAIN,)) for name in (MIA, TOM)},
        capacity=Capacity(slots={CHAT: 3, MAIL: 2}),
        offer_ms={CHAT: 30_000, MAIL: 60_000},
    )


def test_a_letter_that_came_by_a_real_door_is_answered_and_finished_by_a_played_agent() -> None:
    played = people(agents=(MIA,), media=(CHAT,), customers_per_minute=0.001)
    one = InteractionId("a" * 32)
    arrived = Arrived(START, one, MAIL, "help@mail.localhost", SubjectId("s"))
    played.heard([arrived, Engaged(START, one, MIA, Role.LEAD, MAIN, MAIL, 1, 100)])
    acts = [act for act in played.due(Instant(START + 120_000)) if not isinstance(act, Begin)]
    assert [type(act) for act in acts] == [Reply, Finish]


def test_nobody_speaks_for_a_real_visitor_and_a_played_agent_answers_them() -> None:
    played = people(agents=(MIA,), media=(CHAT,), customers_per_minute=0.001)
    one = InteractionId("b" * 32)
    arrived = Arrived(START, one, CHAT, "demo", SubjectId("s"))
    played.heard([arrived, Engaged(START, one, MIA, Role.LEAD, MAIN, CHAT, 1, 100)])
    acts = list(played.due(Instant(START + 60_000)))
    assert any(isinstance(act, Reply) for act in acts)
    played.heard([_words(START, one, 2)])
    later = played.due(Instant(START + 3_600_000))
    assert not any(isinstance(act, Speak | Go) for act in later)


def test_played_agents_choose_among_the_dispositions() -> None:
    played = people(agents=(MIA,), customers_per_minute=0.001)
    for number in range(20):
        one = InteractionId(f"{number:032x}")
        until = Instant(START + 60_000)
        ended = EngagementEnded(
            START, one, MIA, Role.LEAD, MAIN, CHAT, "ended", 1_000, 0, wrap_up_until=until
        )
        played.heard([ended])
    acts = played.due(Instant(START + 60_000))
    choices = [act.choice for act in acts if isinstance(act, WrapItUp)]
    assert len(choices) == 20
    assert min(choices) < 0.4 < 0.6 < max(choices)
