"""Flows that channels name: they are there, and those that are read run in writing."""

from __future__ import annotations

from pathlib import Path

from config.check import load
from tests.config.support import lines, write

FLOWS = """
[flow.shop]
start = "choose"

[flow.shop.node.choose]
do = "subflow"
flow = "inner"
otherwise = "agent"

[flow.shop.node.agent]
do = "enqueue"

[flow.inner]
start = "leave"

[flow.inner.node.leave]
do = "voicemail"
queue = "billing"
otherwise = "back"

[flow.inner.node.back]
do = "return"
"""


def test_a_chat_site_names_a_flow_that_is_there_and_can_be_written(tmp_path: Path) -> None:
    def told(flow: str, flows: str = FLOWS) -> list[str]:
        site = f'[channels.chat.sites.k]\norigins = ["https://a.example"]\nflow = "{flow}"\n'
        write(tmp_path, {"chat.toml": site, "flows.toml": flows})
        return lines(load(tmp_path))

    assert told("shopp") == [
        'chat.toml:3:1: channels.chat.sites.k.flow: there is no flow "shopp"; did you mean "shop"?'
    ]
    assert told("shop") == [
        "flows.toml:16:1: flow.inner.node.leave.do: records a voice:"
        " chat, by sites.k.flow, cannot run it"
    ]
    spoken = FLOWS.replace('voicemail"\nqueue = "billing"\notherwise', 'say"\nplay = "hello"\nnext')
    assert any("plays a recording" in each for each in told("shop", spoken))
    written = FLOWS.replace(
        'do = "voicemail"\nqueue = "billing"\notherwise', 'do = "say"\nsay = "Hi"\nnext'
    )
    assert told("shop", written) == []


def test_a_called_number_leads_into_a_flow_that_is_there(tmp_path: Path) -> None:
    def told(entry: str) -> list[str]:
        voice = f'[channels.voice.entries."4711"]\n{entry}\n'
        write(tmp_path, {"voice.toml": voice, "flows.toml": FLOWS})
        return lines(load(tmp_path))

    assert told('flow = "shopp"') == [
        'voice.toml:2:1: channels.voice.entries.4711.flow: there is no flow "shopp";'
        ' did you mean "shop"?'
    ]
    assert told('flow = "shop"') == []
    both = told('flow = "shop"\nqueue = "billing"')
    assert [each for each in both if each.startswith("voice.toml:3:1: ")] == both != []
