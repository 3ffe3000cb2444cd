"""Every warning a mail or a form can carry is told in words at the desk, in each language."""

import re

import pytest

from channels.mail.parsing import NOTICES
from tools.console import ROOT

WORDS = ROOT / "agent_desktop" / "web" / "src" / "words"


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_desk_has_words_for_every_notice(language: str) -> None:
    text = (WORDS / f"{language}-desk.ts").read_text(encoding="utf-8")
    known = set(re.findall(r'"notice\.(\w+)": "[^"]+"', text))
    assert {*NOTICES, "from_form"} - known == set()
