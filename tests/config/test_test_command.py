"""``carillon test`` plays written conversations and names the line that does not hold."""

from pathlib import Path

import msgspec
import pytest

import config
from config.main import main
from tests.config.support import write

EXAMPLE = Path(config.__file__).parent / "examples" / "centre"

FLOW = """
[flow.main]
start = "menu"
[flow.main.node.menu]
do = "menu"
say = "Press 1"
wait = "4 s"
keys = { 1 = "agent" }
otherwise = "bye"
[flow.main.node.agent]
do = "enqueue"
queue = "general"
[flow.main.node.bye]
do = "hang_up"
"""

GOOD = """
[conversation.good]
flow = "main"
lines = ["hears Press 1", "presses 1", "goes to general"]
"""

BAD = """
[conversation.bad]
flow = "main"
lines = [
    "hears Press 1",
    "hears Press 2",
]
"""


def test_the_examples_conversations_all_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["test", "--folder", str(EXAMPLE)]) == 0
    assert "11 of 11 conversations went as written" in capsys.readouterr().out


def test_a_line_that_does_not_hold_is_named_with_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"flows.toml": FLOW, "talks.toml": GOOD + BAD})
    assert main(["test", "--folder", str(tmp_path)]) == 1
    printed = capsys.readouterr().out
    assert "ok      good" in printed
    assert "talks.toml:9: hears Press 2" in printed
    assert "heard instead: Press 1" in printed
    assert "1 of 2 conversations went as written" in printed


def test_chosen_conversations_as_json_with_the_ways_nobody_takes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path, {"flows.toml": FLOW, "talks.toml": GOOD + BAD})
    assert main(["test", "--folder", str(tmp_path), "go*", "--json", "--untested"]) == 0
    answer = msgspec.json.decode(capsys.readouterr().out)
    assert [each["name"] for each in answer["conversations"]] == ["good"]
    assert answer["untested"] == [["main", "menu", "otherwise"]]
    assert main(["test", "--folder", str(tmp_path), "nobody"]) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[flow.a]\nstart = "x"\n[flow.a.node.x]\ndo = "meny"', 'there is no "meny"; did you mean'),
        ('[flow.a]\nstart = "x"\n[flow.a.node.x]\nsay = "Hi"', '"do" is missing'),
        ('[flow.a]\nstart = "x"\n[flow.a.node.x]\ndo = "hang_up"\nsya = "x"', "unknown name"),
        ('[flow.a]\nstart = "y"\n[flow.a.node.x]\ndo = "hang_up"', 'there is no node "y"'),
        ('[conversation.c]\nflow = "a"\nlines = ["hangs up"]', 'there is no flow "a"'),
        (
            FLOW + '[conversation.c]\nflow = "main"\nat = "noon"\nlines = ["hangs up"]',
            "write a moment such as",
        ),
    ],
)
def test_mistakes_of_flows_are_told_with_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    write(tmp_path, {"flows.toml": text})
    assert main(["test", "--folder", str(tmp_path)]) == 1
    assert main(["check", "--folder", str(tmp_path)]) == 1
    printed = capsys.readouterr()
    assert said in printed.out
    assert said in printed.err
    assert "flows.toml:" in printed.out
