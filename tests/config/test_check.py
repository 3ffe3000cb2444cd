"""A table of bad files: each mistake is reported at its line, with its field and in a sentence."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from config.check import load
from tests.config.support import CENTRE, CHAT, check, lines, warned, with_line, write


def test_an_empty_folder_is_a_working_lab_centre(tmp_path: Path) -> None:
    loaded = check(tmp_path, {})
    assert lines(loaded) == []
    assert warned(loaded) == []
    assert loaded.settings is not None
    assert loaded.settings.lab
    assert loaded.settings.desk.listen.loopback
    assert loaded.catalogue is not None
    assert set(loaded.catalogue.queues) == {"general", "billing"}
    assert set(loaded.catalogue.agents) == {"mia", "tom"}
    assert loaded.catalogue.capacity.slots[CHAT] == 3


def test_a_small_centre_has_neither_mistakes_nor_warnings(tmp_path: Path) -> None:
    loaded = check(tmp_path, CENTRE)
    assert lines(loaded) == []
    assert warned(loaded) == []


NUMBERS = "[" + ",".join(map(str, range(50))) + "]"

BAD_FILES = [
    (
        {"queues.toml": "[queue.sales\n"},
        "queues.toml:1:13: is not valid TOML: Expected ']' at the end of a table declaration",
    ),
    (
        {"queues.toml": "[queue.sales]\nlimit = 5\nlimit = 6\n"},
        "queues.toml:3:10: is not valid TOML: Cannot overwrite a value",
    ),
    ({"a.toml": 'x = """open\n\n'}, "a.toml:1: is not valid TOML: Unterminated string"),
    (
        {"a.toml": "[queue.one]\n", "b.toml": "a = 1\n[queue.one]\n"},
        "b.toml:2:1: queue.one: stands already in a.toml, line 1",
    ),
    (
        {"a.toml": "[[rule]]\nname = 'x'\n", "b.toml": "[[rule]]\nname = 'y'\n"},
        "b.toml:1:1: rule: stands already in a.toml, line 1",
    ),
    (
        with_line("queues.toml", "[queue.support]", "[queu.support]"),
        'queues.toml:6:1: queu: unknown name; did you mean "queue"?',
    ),
    (
        with_line("queues.toml", "needs =", "need ="),
        'queues.toml:7:1: queue.support.need: unknown name; did you mean "needs"?',
    ),
    (
        with_line("queues.toml", '"30 s"', "30"),
        "queues.toml:4:12: queue.sales.target.chat: write a duration such as "
        '"20 s", "2 min", "4 h" or "1 h 30 min", with its unit',
    ),
    (
        with_line("queues.toml", '"30 s"', '"30 m"'),
        'queues.toml:4:12: queue.sales.target.chat: "m" is no unit of time; use ms, s, min, h or d'
        ' (minutes are "min")',
    ),
    (
        with_line("queues.toml", "chat =", "chatt ="),
        'queues.toml:4:12: queue.sales.target.chatt: there is no medium "chatt";'
        ' did you mean "chat"?',
    ),
    (
        with_line("queues.toml", '"patient"', '"patent"'),
        'queues.toml:2:1: queue.sales.plan: no plan is named "patent"; did you mean "patient"?',
    ),
    (
        with_line("queues.toml", '"office"', '"offices"'),
        'queues.toml:3:1: queue.sales.hours: no hours are named "offices"; did you mean "office"?',
    ),
    (
        with_line("queues.toml", "german >= 3", "german >= 11"),
        "queues.toml:7:10: queue.support.needs[0]: levels run from 1 to 10, not 11",
    ),
    (
        with_line("queues.toml", "german >= 3", "germen >= 3"),
        'queues.toml:7:10: queue.support.needs[0]: no skill is named "germen";'
        ' did you mean "german"?',
    ),
    (
        with_line("queues.toml", 'plan = "patient"', 'priority = "hihg"'),
        'queues.toml:2:1: queue.sales.priority: no priority is named "hihg"; did you mean "high"?',
    ),
    (
        with_line("queues.toml", 'plan = "patient"', 'goal = "180 %"'),
        "queues.toml:2:1: queue.sales.goal: a share lies between 0 and 1 (0 % and 100 %)",
    ),
    (
        with_line("queues.toml", 'plan = "patient"', 'on_full = "sales"'),
        "queues.toml:2:1: queue.sales.on_full: a full queue cannot flow into itself",
    ),
    (
        with_line("queues.toml", 'plan = "patient"', "limit = -1"),
        "queues.toml:2:1: queue.sales.limit: must be at least 0, not -1",
    ),
    (
        with_line("queues.toml", 'plan = "patient"', "limit = true"),
        "queues.toml:2:1: queue.sales.limit: must be a whole number, not true",
    ),
    (
        with_line("queues.toml", 'plan = "patient"', 'dispositions = ["a", "b", "a"]'),
        'queues.toml:2:27: queue.sales.dispositions[2]: "a" stands here twice',
    ),
    (
        with_line("queues.toml", 'plan = "patient"', 'wrap_up = { chat = { mode = "never" } }'),
        'queues.toml:2:22: queue.sales.wrap_up.chat.mode: "never" is not one of "mandatory",'
        ' "optional", "none"',
    ),
    (
        with_line("agents.toml", "german = 5", "german = 0"),
        "agents.toml:2:12: agent.ana.skills.german: must be at least 1, not 0",
    ),
    (
        with_line("agents.toml", '"south"', '"north"'),
        'agents.toml:3:10: agent.ana.teams[0]: no team is named "north"; known: south',
    ),
    (
        with_line("agents.toml", "[agent.ana]", '[agent."ana ruiz"]'),
        'agents.toml:1:1: agent."ana ruiz": "ana ruiz" cannot be a name: use a letter or digit,'
        ' then letters, digits, ".", "-" or "_", 64 characters at most',
    ),
    (
        with_line("rules.toml", 'default_queue = "sales"', ""),
        'rules.toml:1:1: rules: "default_queue" is missing',
    ),
    (
        with_line("rules.toml", 'default_queue = "sales"', 'default_queue = "sale"'),
        'rules.toml:2:1: rules.default_queue: no queue is named "sale"; did you mean "sales"?',
    ),
    (
        with_line("rules.toml", '== "problem"', "=="),
        "rules.toml:6:1: rule[0].when: the condition is not CEL: at its character 32:"
        " mismatched input the end",
    ),
    (
        with_line("rules.toml", "interaction.attributes", "contact.attributes"),
        'rules.toml:6:1: rule[0].when: the condition knows no "contact"; known: clock,'
        " customer, interaction",
    ),
    (
        with_line("rules.toml", '"problem"', '"' + "x" * 600 + '"'),
        "rules.toml:6:1: rule[0].when: the condition: longer than 512 characters",
    ),
    (
        with_line("rules.toml", "interaction.attributes", "interaction.atributes"),
        "rules.toml:6:1: rule[0].when: the condition: interaction has no field 'atributes'"
        " (there is address, attributes, last_agent, medium)",
    ),
    (
        with_line(
            "rules.toml",
            'interaction.attributes.topic == "problem"',
            f"{NUMBERS}.all(x, {NUMBERS}.all(y, {NUMBERS}.all(z, x + y > z)))",
        ),
        "rules.toml:6:1: rule[0].when: the condition: macros nested deeper than 2",
    ),
    (
        with_line("rules.toml", 'queue = "support"', 'prefer = "last"'),
        'rules.toml:7:1: rule[0].prefer: say how long to hold for this agent: prefer_for = "30 s"',
    ),
    (
        with_line("rules.toml", 'queue = "support"', 'name = "again"'),
        "rules.toml:7:15: is not valid TOML: Cannot overwrite a value",
    ),
    (
        with_line("plans.toml", 'raise = { credit = "30 s" }', ""),
        "plans.toml:3:1: plan.patient.step[0]: a step does exactly one thing, this one nothing;"
        " one of relax, widen, raise, announce, offer_callback, overflow, voicemail, give_up",
    ),
    (
        with_line("plans.toml", 'raise = { credit = "30 s" }', 'overflow = "sals"'),
        'plans.toml:5:1: plan.patient.step[0].overflow: no queue is named "sals";'
        ' did you mean "sales"?',
    ),
    (
        with_line("hours.toml", "Europe/Berlin", "Europe/Berlinn"),
        'hours.toml:2:1: hours.office.zone: there is no time zone "Europe/Berlinn";'
        ' did you mean "Europe/Berlin"?',
    ),
    (
        with_line("hours.toml", "13:00-18:00", "11:00-18:00"),
        "hours.toml:3:1: hours.office.workdays: 08:00-12:00 and 11:00-18:00 overlap",
    ),
    (
        with_line("hours.toml", "13:00-18:00", "13:00-25:00"),
        'hours.toml:3:28: hours.office.workdays[1]: "13:00-25:00" has a time that no clock shows'
        " (00:00 to 24:00)",
    ),
    (
        with_line("hours.toml", '["berlin"]', '["bremen"]'),
        'hours.toml:4:13: hours.office.holidays[0]: no holidays are named "bremen"; known: berlin',
    ),
    (
        with_line("hours.toml", "2026-12-25", "2026-13-25"),
        'hours.toml:7:1: holidays.berlin.2026-13-25: "2026-13-25" is not a date such as 2026-12-24',
    ),
    (
        CENTRE | {"replies.toml": "[reply.hi]\ntext = { en = 'Hi {customer.nam}' }\n"},
        'replies.toml:2:10: reply.hi.text.en: there is no field "{customer.nam}";'
        ' did you mean "customer.name"?',
    ),
    (
        CENTRE | {"not_ready.toml": "[not_ready.no_answer]\n"},
        "not_ready.toml:1:1: not_ready.no_answer: is set by the system itself; choose another name",
    ),
    (
        CENTRE | {"site.toml": "[desk]\nlisten = 8080\n"},
        "site.toml:2:1: desk.listen: write an address and a port such as"
        ' "127.0.0.1:8080" or "[::1]:8080"',
    ),
    (
        CENTRE | {"site.toml": "site = 5\n"},
        "site.toml:1:1: site: must be a table, not the number 5",
    ),
    (
        CENTRE | {"channels.toml": "[channels.pigeon]\n"},
        'channels.toml:1:1: channels.pigeon: no channel named "pigeon" is installed',
    ),
]


@pytest.mark.parametrize(("files", "expected"), BAD_FILES, ids=[each[1] for each in BAD_FILES])
def test_a_bad_file_is_reported_at_its_line(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    loaded = check(tmp_path, files)
    assert expected in lines(loaded)
    assert loaded.settings is None
    assert loaded.catalogue is None


def test_ivr_3_a_condition_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    ones = "[" + ",".join("1" * 99) + "]"
    slow = f"{ones}.all(x, {ones}.all(y, x + y < 3))"
    files = with_line("rules.toml", 'interaction.attributes.topic == "problem"', slow)
    (line,) = lines(check(tmp_path, files))
    assert re.fullmatch(
        r"rules.toml:6:1: rule\[0\].when: the condition takes [\d.]+ ms at worst; 1 ms is the most",
        line,
    )


def test_the_demonstration_runs_every_channel_that_is_installed(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, {}), environment={})
    assert lines(loaded) == []
    assert warned(loaded) == []
    assert loaded.settings is not None
    assert set(loaded.settings.channels) >= {"chat", "mail"}


def test_one_slip_is_one_line(tmp_path: Path) -> None:
    """A queue with a mistake of its own is not also missed by those who refer to it."""
    files = with_line("queues.toml", "needs = [", "needs = [7, ")
    assert lines(check(tmp_path, files)) == [
        'queues.toml:7:10: queue.support.needs[0]: write a skill such as "billing" or "german >= 3"'
    ]


def test_all_mistakes_of_all_files_come_at_once(tmp_path: Path) -> None:
    files = with_line("queues.toml", '"patient"', '"patent"')
    files["hours.toml"] = files["hours.toml"].replace("Berlin", "Berlinn")
    files["agents.toml"] = files["agents.toml"].replace("german = 5", "german = 50")
    found = {mistake.file for mistake in check(tmp_path, files).mistakes}
    assert found == {"queues.toml", "hours.toml", "agents.toml"}


def test_a_file_that_cannot_be_parsed_is_not_missed_by_every_other(tmp_path: Path) -> None:
    """What it would define is not known; only what is wrong for certain is told beside it."""
    files = with_line("hours.toml", "Berlin", "Berlinn")
    files["queues.toml"] = files["plans.toml"] = files["rules.toml"] = "["
    found = check(tmp_path, files).mistakes
    assert [mistake.file for mistake in found] == [
        "hours.toml",
        "plans.toml",
        "queues.toml",
        "rules.toml",
    ]


def test_a_missing_folder_is_a_mistake_and_no_error(tmp_path: Path) -> None:
    loaded = load(tmp_path / "nowhere", environment={}, channels={})
    assert lines(loaded) == [f"{tmp_path / 'nowhere'}: there is no such folder"]


def test_text_that_is_not_utf8_is_a_mistake_with_its_line(tmp_path: Path) -> None:
    write(tmp_path, CENTRE)
    (tmp_path / "odd.toml").write_bytes(b"a = 1\nb = '\xff'\n")
    os.chmod(tmp_path / "odd.toml", 0o600)
    loaded = load(tmp_path, environment={}, channels={})
    assert "odd.toml:2: is not UTF-8 text" in lines(loaded)


def test_a_file_nested_beyond_reason_is_a_mistake_and_no_crash(tmp_path: Path) -> None:
    loaded = check(tmp_path, CENTRE | {"deep.toml": "a = " + "[" * 5_000 + "]" * 5_000 + "\n"})
    assert "deep.toml: is nested too deeply" in lines(loaded)


def test_a_thousand_mistakes_are_counted_and_not_all_listed(tmp_path: Path) -> None:
    text = "\n".join(f"[queue.q{number}]\nlimit = -1\n" for number in range(1_000))
    loaded = check(tmp_path, CENTRE | {"queues.toml": text})
    assert len(loaded.mistakes) == 500
    assert loaded.left_out > 400


def test_the_version_changes_with_the_text_and_only_with_it(tmp_path: Path) -> None:
    first = check(tmp_path / "a", CENTRE)
    same = check(tmp_path / "b", CENTRE)
    other = check(tmp_path / "c", with_line("queues.toml", '"30 s"', '"31 s"'))
    assert first.catalogue is not None
    assert same.catalogue is not None
    assert other.catalogue is not None
    assert first.catalogue.version == same.catalogue.version
    assert first.catalogue.version != other.catalogue.version


def test_a_rule_remembers_its_file_and_line(tmp_path: Path) -> None:
    loaded = check(tmp_path, CENTRE)
    assert loaded.catalogue is not None
    source = loaded.catalogue.rules.rules[0].source
    assert (source.file, source.line) == ("rules.toml", 4)


def test_sections_may_stand_in_any_file(tmp_path: Path) -> None:
    """Only names are unique: one big file says the same as many small ones."""
    whole = "\n".join(text.replace("\n        ", "\n") for text in CENTRE.values())
    loaded = check(tmp_path, {"centre.toml": whole})
    assert lines(loaded) == []
    assert loaded.catalogue is not None
    assert set(loaded.catalogue.queues) == {"sales", "support"}
