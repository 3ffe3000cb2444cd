"""Static checks: what is valid but hardly meant is a warning that names its line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from config.check import load
from tests.config.support import CENTRE, check, lines, warned, with_line, write

RULES = CENTRE["rules.toml"]


def rules(more: str) -> dict[str, str]:
    """The small centre with further rules, lines 8 and on."""
    return CENTRE | {"rules.toml": RULES.rstrip() + "\n" + more}


def plan(steps: str) -> dict[str, str]:
    """The small centre with other steps of its plan."""
    return CENTRE | {"plans.toml": "[plan.patient]\n" + steps}


HARDLY_MEANT = [
    (
        rules("[[rule]]\nname='all'\nqueue='sales'\n[[rule]]\nname='late'\nqueue='support'\n"),
        'rules.toml:11:1: rule[2]: rule "late" is never reached: "all" before it always matches',
    ),
    (
        rules("[[rule]]\nname='all'\nwhen='1 < 2'\n[[rule]]\nname='late'\nwhen='customer.x'\n"),
        'rules.toml:11:1: rule[2]: rule "late" is never reached: "all" before it always matches',
    ),
    (
        rules("[[rule]]\nname='again'\nwhen='''interaction.attributes.topic ==  \"problem\"'''\n"),
        'rules.toml:10:1: rule[1].when: rule "again" is never reached:'
        ' "problems" has the same condition',
    ),
    (
        rules("[[rule]]\nname='never'\nwhen='false'\n"),
        'rules.toml:10:1: rule[1].when: rule "never" can never match',
    ),
    (
        rules("[[rule]]\nname='vip'\nwhen='customer.x'\nqueue='sales'\nneeds=['german >= 8']\n"),
        "rules.toml:8:1: rule[1]: nobody on the roster has german >= 8",
    ),
    (
        with_line("queues.toml", "german >= 3", "german >= 6"),
        "queues.toml:6:1: queue.support: nobody on the roster has german >= 6",
    ),
    (
        with_line("queues.toml", '"german >= 3"', '["german >= 7", "german >= 8"]'),
        "queues.toml:6:1: queue.support: nobody on the roster meets all of this requirement",
    ),
    (
        plan("[[plan.patient.step]]\nafter='1 min'\nrelax={needs=['german >= 9']}\n"),
        "plans.toml:4:1: plan.patient.step[0].relax: nobody on the roster has german >= 9",
    ),
    (
        with_line("teams.toml", '["sales", "support"]', '["sales"]'),
        "queues.toml:6:1: queue.support: no agent serves this queue",
    ),
    (
        with_line("rules.toml", 'queue = "support"', 'queue = "sales"'),
        "queues.toml:6:1: queue.support: no rule and no plan leads here;"
        " only a transfer by hand can",
    ),
    (
        with_line("agents.toml", '["south"]', "[]"),
        "agents.toml:1:1: agent.ana: serves no queue, neither alone nor by a team",
    ),
    (
        plan(
            "[[plan.patient.step]]\nafter='1 min'\ngive_up='bye'\n"
            "[[plan.patient.step]]\nafter='2 min'\nannounce='still here?'\n"
        ),
        "plans.toml:5:1: plan.patient.step[1]: this step can never run:"
        " step 1 has ended the wait before",
    ),
    (
        plan("[[plan.patient.step]]\nafter='1 min'\nwhen='false'\nannounce='hello'\n"),
        "plans.toml:4:1: plan.patient.step[0].when: this step can never run:"
        " its condition is false",
    ),
    (
        plan("[[plan.patient.step]]\nafter='1 min'\noverflow='sales'\n"),
        "queues.toml:2:1: queue.sales.plan: overflows in a circle: what waits here comes back here",
    ),
    (
        with_line("queues.toml", 'plan = "patient"', ""),
        "plans.toml:1:1: plan.patient: no queue and no rule uses this plan",
    ),
    (
        with_line("hours.toml", 'holidays = ["berlin"]', ""),
        "hours.toml:1:1: hours.office: no holiday is set: it will be open on every one",
    ),
    (
        with_line("hours.toml", 'workdays = ["08:00-12:00", "13:00-18:00"]', ""),
        "hours.toml:1:1: hours.office: is never open",
    ),
]


@pytest.mark.parametrize(
    ("files", "expected"), HARDLY_MEANT, ids=[each[1] for each in HARDLY_MEANT]
)
def test_what_is_hardly_meant_is_a_warning_at_its_line(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    loaded = check(tmp_path, files)
    assert lines(loaded) == []
    assert expected in warned(loaded)


def test_a_centre_without_agents_is_warned_of_once(tmp_path: Path) -> None:
    loaded = check(tmp_path, CENTRE | {"agents.toml": ""})
    assert len([each for each in warned(loaded) if "no agent" in each]) == 1


def test_holidays_that_are_all_over_are_warned_of(tmp_path: Path) -> None:
    write(tmp_path, CENTRE)
    later = load(tmp_path, environment={}, channels={}, today=date(2027, 1, 2))
    assert warned(later) == [
        "hours.toml:1:1: hours.office: the last holiday set, 2026-12-25, is over;"
        " set the coming ones"
    ]


def test_a_queue_widened_to_by_a_plan_is_served(tmp_path: Path) -> None:
    files = plan("[[plan.patient.step]]\nafter='1 min'\nwiden=['support']\n")
    files["teams.toml"] = "[team.south]\nqueues = ['support']\n"
    assert not [each for each in warned(check(tmp_path, files)) if "no agent serves" in each]


def test_accumulating_rules_end_only_at_one_that_stops(tmp_path: Path) -> None:
    more = "[[rule]]\nname='all'\nqueue='sales'\n[[rule]]\nname='late'\ncredit='1 s'\n"
    files = rules(more)
    files["rules.toml"] = files["rules.toml"].replace("[rules]", "[rules]\nmode = 'accumulate'")
    assert warned(check(tmp_path / "a", files)) == []
    files["rules.toml"] = files["rules.toml"].replace("name='all'", "name='all'\nstop=true")
    assert len(warned(check(tmp_path / "b", files))) == 1
