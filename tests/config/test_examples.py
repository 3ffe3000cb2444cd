"""The examples that come with the program are right, and do what their comments say."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

import pytest

import config
from config.check import Loaded, load
from router.business_hours import is_open
from router.model.catalogue import Catalogue
from router.model.commands import Scalar
from router.model.ids import AgentId, Instant, Medium
from router.model.skills import satisfies
from router.rules import Contact, Route, route
from tests.config.support import lines, warned, write

EXAMPLES = Path(config.__file__).parent / "examples"
TODAY = date(2026, 11, 22)


@cache
def centre() -> Loaded:
    return load(EXAMPLES / "centre", environment={}, today=TODAY)


def catalogue() -> Catalogue:
    found = centre().catalogue
    assert found is not None
    return found


def at(text: str) -> Instant:
    """An instant of a local time in winter (UTC+1)."""
    return Instant(
        int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() - 3_600) * 1_000
    )


def routed(
    attributes: Mapping[str, Scalar],
    medium: str = "chat",
    customer: Mapping[str, Scalar] | None = None,
    last_agent: str | None = None,
    now: str = "2026-11-24T14:00",
) -> Route:
    contact = Contact(
        medium=Medium(medium),
        address="www",
        attributes=attributes,
        customer=customer or {},
        last_agent=AgentId(last_agent) if last_agent else None,
    )
    return route(catalogue(), contact, at(now))


def test_the_example_centre_has_neither_mistakes_nor_warnings() -> None:
    assert lines(centre()) == []
    assert warned(centre()) == []
    assert centre().settings is not None


def test_every_word_for_customers_is_there_in_english_and_chinese() -> None:
    settings = centre().settings
    assert settings is not None
    titles = [queue.title for queue in catalogue().queues.values()]
    titles += [team.title for team in catalogue().teams.values()]
    titles += [reply.text for reply in settings.replies]
    titles += [reply.title for reply in settings.replies]
    assert all(set(title) == {"en", "zh-CN"} for title in titles)


@pytest.mark.parametrize(
    ("attributes", "queue"),
    [
        ({}, "general"),
        ({"topic": "billing"}, "billing"),
        ({"topic": "sales"}, "sales"),
        ({"topic": "technique"}, "support"),
        ({"topic": "emergency"}, "emergency"),
        ({"mailbox": "billing@mail.localhost"}, "billing"),
        ({"automatic": True, "topic": "emergency"}, "general"),
    ],
)
def test_rules_send_each_topic_to_its_queue(attributes: dict[str, Scalar], queue: str) -> None:
    assert routed(attributes).queue == queue


def test_chinese_customers_reach_those_who_speak_it() -> None:
    for found in (
        routed({"topic": "sales", "language": "zh-CN"}),
        routed({"topic": "sales"}, customer={"language": "zh"}),
    ):
        able = [
            agent.id
            for agent in catalogue().agents.values()
            if found.queue in agent.queues and satisfies(found.requirement, agent.id, agent.skills)
        ]
        assert able == ["lin"]


def test_gold_customers_and_known_agents_are_preferred() -> None:
    gold = routed({"topic": "billing"}, customer={"tier": "gold"}, last_agent="mia")
    assert gold.priority_class == "high"
    assert gold.credit_ms == 12 * 60_000
    assert (gold.prefer, gold.prefer_ms) == ("mia", 30_000)
    plain = routed({"topic": "billing"})
    assert (plain.credit_ms, plain.prefer) == (0, None)


def test_monday_mornings_are_by_the_centres_own_clock() -> None:
    assert routed({}, "mail", now="2026-11-23T10:59").credit_ms == 60_000
    assert routed({}, "mail", now="2026-11-23T11:00").credit_ms == 0
    assert routed({}, "mail", now="2026-11-24T10:00").credit_ms == 0


@pytest.mark.parametrize(
    ("hours", "moment", "expected"),
    [
        ("office", "2026-11-24T08:00", True),
        ("office", "2026-11-24T12:45", False),
        ("office", "2026-11-27T15:30", False),
        ("office", "2026-11-28T10:00", False),
        ("office", "2026-12-25T10:00", False),
        ("office", "2026-12-29T10:00", True),
        ("office", "2026-12-29T14:00", False),
        ("shop", "2026-11-28T15:59", True),
        ("shop", "2026-12-26T11:00", False),
        ("always", "2026-12-25T03:00", True),
    ],
)
def test_hours_have_breaks_short_fridays_holidays_and_exceptions(
    hours: str, moment: str, expected: bool
) -> None:
    assert is_open(catalogue().calendars[hours], at(moment)) is expected


def test_the_containers_example_is_right_once_its_secrets_are_there(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "database-password": "k2Jd-93ja",
            "key-encryption-key": "0f9a27c1b7e5d3480f9a27c1b7e5d348",
        },
    )
    for name in ("database-password", "key-encryption-key"):
        os.chmod(tmp_path / name, 0o440)
    loaded = load(
        EXAMPLES / "container",
        environment={"CREDENTIALS_DIRECTORY": str(tmp_path)},
        today=TODAY,
    )
    assert lines(loaded) == []
