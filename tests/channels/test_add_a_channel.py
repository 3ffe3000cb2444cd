"""The manual's page on adding a channel holds: its folder is found and keeps the contract."""

import re
import sys
from pathlib import Path
from typing import Any

import pytest

import channels
from channels.api import ChannelSpec
from router.model.commands import AddEntry, NewEntry
from router.model.content import CONTENT_SCHEMA, Author
from router.model.errors import InvalidInput
from router.model.ids import EntryId, Medium
from tests.contracts import test_channels as contract
from tests.support.waiting import soon

PAGE = Path(__file__).parents[2] / "docs" / "develop" / "add-a-channel.md"


@pytest.fixture
def slips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ChannelSpec:
    """The page's folder, made in a place that ``channels`` is told to look in as well."""
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    folder = tmp_path / "more" / "slips"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(code, encoding="utf-8")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path / "more")])
    monkeypatch.delitem(sys.modules, "channels.slips", raising=False)
    found = contract.found()
    assert set(found) >= {"chat", "dummy", "slips"}
    return found[Medium("slips")]


def test_a_new_folder_is_found_and_keeps_the_contract(slips: ChannelSpec, tmp_path: Path) -> None:
    contract.check_its_settings(slips)
    for number, check in enumerate(
        (contract.check_it_starts_and_stops, contract.check_it_performs)
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        check(slips, folder)


def test_a_slip_is_answered(slips: ChannelSpec, tmp_path: Path) -> None:
    async def story(channel: Any, context: Any, settings: Any) -> None:
        context.inbox.attach(channel)
        slip = await channel.push("When do you open?", "a neighbour")
        view = context.floor.interaction(slip)
        assert (view.medium, view.address, view.queue) == ("slips", "front", "main")
        entry_id = EntryId("a" * 32)
        words = b'{"text":"At nine."}'
        sealed = await context.seals.seal(view.subject, entry_id, CONTENT_SCHEMA, words)
        await context.inbox.submit(AddEntry(slip, Author.SYSTEM, NewEntry(entry_id, sealed=sealed)))
        await soon(lambda: slip in channel.answers)
        assert list(channel.answers[slip].values()) == ["At nine."]

    contract.tell(slips, tmp_path, story)


def test_two_channels_of_one_name_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "second_dummy"
    folder.mkdir()
    (folder / "__init__.py").write_text("from channels.dummy import CHANNEL as CHANNEL\n")
    monkeypatch.setattr(channels, "__path__", [*channels.__path__, str(tmp_path)])
    with pytest.raises(InvalidInput, match="two channels are named 'dummy'"):
        contract.found()
