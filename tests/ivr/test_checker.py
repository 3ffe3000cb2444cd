"""Every mistake of a flow is found at once, at its field, before a customer meets it."""

import msgspec
import pytest

from ivr.checker import Fault, Surroundings, check_flows
from router.conditions import check_condition
from tests.ivr.flows import BANK, LOOK_UPS, flows_of, look_ups_of

AROUND = Surroundings(
    calendars=frozenset({"office"}),
    queues=frozenset({"general"}),
    look_ups=LOOK_UPS,
    prompts=frozenset({("en", "welcome")}),
    check_condition=lambda source, known: "; ".join(check_condition(source, known)),
)


def faults_of(text: str) -> list[Fault]:
    return list(check_flows(flows_of(text), AROUND))


def said(text: str, *, serious: bool = True) -> list[str]:
    return [
        f"{'.'.join(map(str, fault.path))}: {fault.message}"
        for fault in faults_of(text)
        if fault.serious == serious
    ]


def test_a_good_set_of_flows_has_no_findings() -> None:
    assert faults_of(BANK) == []


ENDS = """
[main.node.bye]
do = "hang_up"
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            '[main]\nstart = "a"\n[main.node.b]\ndo = "hang_up"',
            'flow.main.start: there is no node "a"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "play"\nfile = "welcome"\nnext = "a"',
            "flow.main.node.a: circles without an exit: no way from here ends the flow",
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "play"\nfile = "gone"\nnext = "bye"' + ENDS,
            "flow.main.node.a.file: there is no recording prompts/en/gone.wav",
        ),
        (
            '[main]\nstart = "a"\nlanguages = ["en", "zh-CN"]\n[main.node.a]\ndo = "say"\n'
            'say = { en = "Hi" }\nnext = "bye"' + ENDS,
            "flow.main.node.a.say: says nothing in zh-CN",
        ),
        (
            '[main]\nstart = "a"\nlanguages = ["en", "zh-CN"]\n[main.node.a]\ndo = "say"\n'
            'say = "Hi"\nnext = "bye"' + ENDS,
            "flow.main.node.a.say: says only en; the flow speaks en, zh-CN",
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "say"\nsay = "You have {sum}"\nnext = "bye"'
            + ENDS,
            'flow.main.node.a.say: nothing in these flows sets "sum"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "say"\nsay = "A {brace"\nnext = "bye"' + ENDS,
            "flow.main.node.a.say: has a brace that belongs to no field such as {name}",
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "say"\nsay = "{caller:song}"\nnext = "bye"'
            + ENDS,
            'flow.main.node.a.say: cannot say a value as "song"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "branch"\notherwise = "bye"\n'
            'cases = [{ when = "valu.x == 1", to = "bye" }]' + ENDS,
            "flow.main.node.a.cases.0.when: unknown variable 'valu' (there is call, clock, "
            "customer, value)",
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "branch"\notherwise = "a"\n'
            'cases = [{ when = "value.x == 1", to = "bye" }]' + ENDS,
            "flow.main.node.a: circles without ever giving the customer time",
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "hours"\ncalendar = "offce"\nopen = "bye"\n'
            'closed = "bye"' + ENDS,
            'flow.main.node.a.calendar: there is no hours "offce"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "enqueue"\nqueue = "nowhere"',
            'flow.main.node.a.queue: there is no queue "nowhere"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "menu"\nsay = "1 or x"\notherwise = "bye"\n'
            'keys = { 1 = "bye", x = "bye", 2 = "gone" }' + ENDS,
            'flow.main.node.a.keys.x: "x" is no key of a telephone (0 to 9, * and #)',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "menu"\nsay = "1"\notherwise = "bye"\n'
            'keys = { 2 = "gone" }' + ENDS,
            'flow.main.node.a.keys.2: there is no node "gone"',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "subflow"\nflow = "main"\notherwise = "bye"'
            + ENDS,
            'flow.main.node.a.flow: the flow "main" leads back to "main": it calls itself',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "ask"\nsay = "PIN?"\ninto = "pin"\n'
            'mask = "pin"\nnext = "b"\notherwise = "bye"\n[main.node.b]\ndo = "say"\n'
            'say = "Your PIN is {pin}"\nnext = "bye"' + ENDS,
            'flow.main.node.b.say: would say the secret "pin" aloud',
        ),
        (
            '[main]\nstart = "a"\n[main.node.a]\ndo = "ask"\nsay = "PIN?"\ninto = "pin"\n'
            'mask = "pin"\nnext = "b"\notherwise = "b"\n[main.node.b]\ndo = "enqueue"\n'
            'attributes = { code = "{pin}" }',
            'flow.main.node.b.attributes.code: would keep the secret "pin"; only look-ups may '
            "have it",
        ),
    ],
)
def test_a_mistake_is_found_at_its_field(text: str, found: str) -> None:
    assert found in said(text)


@pytest.mark.parametrize(
    ("table", "found"),
    [
        ({"by": "http", "url": "ftp://x/"}, "look_up.x.url: is an address such as"),
        ({"by": "http", "url": "https://{host}/"}, "look_up.x.url: has a fixed host"),
        ({"by": "http", "url": "https://a@b/"}, "look_up.x.url: has a fixed host"),
        ({"by": "http", "url": "https://x/", "body": {"a": "b"}}, "look_up.x.body: is sent with"),
        ({"by": "sql", "statement": "select 1"}, "look_up.x.database: name a"),
        ({"by": "sql", "file": "../x", "statement": "select 1"}, "look_up.x.file: is a file"),
        (
            {"by": "sql", "file": "x", "statement": "select '{a}'"},
            "look_up.x.statement: values go in as parameters",
        ),
        (
            {"by": "sql", "file": "x", "statement": "select 1; drop table x"},
            "look_up.x.statement: is one statement",
        ),
    ],
)
def test_ivr_1_and_2_a_look_up_that_could_be_bent_is_refused(
    table: dict[str, object], found: str
) -> None:
    around = msgspec.structs.replace(AROUND, look_ups=look_ups_of({"x": table}))
    messages = [
        f"{'.'.join(map(str, each.path))}: {each.message}" for each in check_flows({}, around)
    ]
    assert any(message.startswith(found) for message in messages), messages


def test_a_look_up_gets_every_value_it_needs() -> None:
    text = (
        '[main]\nstart = "a"\n[main.node.a]\ndo = "look_up"\nsource = "balance"\n'
        'values = { account = "1" }\nfound = "bye"\nnot_found = "bye"\nfailed = "bye"' + ENDS
    )
    assert said(text) == ['flow.main.node.a.values: the look-up "balance" needs the value "pin"']


def test_all_mistakes_are_told_at_once() -> None:
    text = (
        '[main]\nstart = "x"\n[main.node.a]\ndo = "enqueue"\nqueue = "q"\n[main.node.b]\n'
        'do = "hours"\ncalendar = "c"\nopen = "y"\nclosed = "z"'
    )
    assert len(said(text)) == 5


def test_a_node_nobody_reaches_is_a_warning() -> None:
    text = '[main]\nstart = "a"\n[main.node.a]\ndo = "hang_up"\n[main.node.b]\ndo = "hang_up"'
    assert said(text) == []
    assert said(text, serious=False) == ["flow.main.node.b: nothing leads here"]


def test_a_name_that_is_nearly_right_comes_with_what_there_is() -> None:
    text = '[main]\nstart = "byee"\n[main.node.bye]\ndo = "hang_up"'
    fault = faults_of(text)[0]
    assert (fault.word, fault.known) == ("byee", frozenset({"bye"}))


def test_sub_flows_may_not_be_nested_deeper_than_a_session_goes() -> None:
    links = "".join(
        f'[f{n}]\nstart = "a"\n[f{n}.node.a]\ndo = "subflow"\nflow = "f{n + 1}"\notherwise = "b"\n'
        f'[f{n}.node.b]\ndo = "return"\n'
        for n in range(9)
    )
    text = links + '[f9]\nstart = "b"\n[f9.node.b]\ndo = "return"\n'
    assert any("nested deeper than 8" in line for line in said(text))
