"""Every figure has words on the desk, in English those of its definition, and in Chinese."""

import re

import pytest

from reporting import metrics
from tools.console import ROOT

WORDS = ROOT / "agent_desktop" / "web" / "src" / "words"
ENTRY = re.compile(r'^  "metric\.([\w.]+)":\s+"(.*)",$', re.MULTILINE)
ENGLISH = re.compile(r"[A-Za-z]{2,}")


def words(language: str) -> dict[str, str]:
    """What the catalogue of a language says of figures."""
    return dict(ENTRY.findall((WORDS / f"{language}-metrics.ts").read_text(encoding="utf-8")))


@pytest.mark.parametrize("name", metrics.discover())
def test_the_english_words_of_a_figure_are_those_of_its_definition(name: str) -> None:
    metric, said = metrics.discover()[name], words("en")
    assert said[name] == metric.short or metric.short == ""
    assert said[f"{name}.title"] == metric.title
    assert said[f"{name}.formula"] == metric.formula
    assert said[f"{name}.over"] == metric.population


@pytest.mark.parametrize("name", metrics.discover())
def test_the_chinese_words_of_a_figure_have_no_english_in_them(name: str) -> None:
    said = words("zh")
    for each in (name, f"{name}.title", f"{name}.formula", f"{name}.over"):
        assert not ENGLISH.search(said[each]), said[each]


def test_no_words_are_kept_for_a_figure_that_is_gone() -> None:
    known = set(metrics.discover())
    for language in ("en", "zh"):
        assert {key.partition(".")[0] for key in words(language)} == known
