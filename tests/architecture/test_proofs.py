"""The page of proofs tells the truth: each test it names is there, each promise has one."""

import ast
import re
from functools import cache

import pytest

from tools.console import ROOT

PAGE = ROOT / "docs" / "proofs.md"
PROMISED = (
    *("PRIV-1", "PRIV-2", "WEB-1", *(f"WEB-{number}" for number in range(3, 9))),
    *("CHAT-1", "CHAT-2", "CHAT-3", "CHAT-4", "CHAT-6"),
    *(f"MAIL-{number}" for number in range(1, 9)),
    *("FILE-1", "FILE-2", "FILE-3", "FILE-5", "IVR-3", "CFG-1", "CFG-2", "CFG-3"),
    *("DB-1", "DB-3", "LOG-1", "LOG-2", "SUP-1", "SUP-3", "section 3"),
    *(str(number) for number in (*range(18, 33), 35, 36, 39, 40)),
)


@cache
def rows() -> dict[str, list[str]]:
    """Id -> the tests that its rows name."""
    found: dict[str, list[str]] = {}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if len(cells) == 3 and cells[2].startswith("`"):
            found.setdefault(cells[0], []).extend(re.findall(r"`([^`]+)`", cells[2]))
    return found


@cache
def words_of(path: str) -> dict[str, str]:
    """Test -> its name and what it and its module say of it."""
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    module = ast.get_docstring(tree) or ""
    return {
        node.name: f"{node.name} {ast.get_docstring(node) or ''} {module}"
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
    }


@pytest.mark.parametrize("identity", PROMISED)
def test_every_promise_has_proofs_that_are_there(identity: str) -> None:
    named = rows().get(identity, [])
    assert named, f"no test proves {identity}"
    for test in named:
        path, _, name = test.partition("::")
        assert (ROOT / "tests" / path).is_file(), f"{identity}: there is no {path}"
        assert name in words_of(path), f"{identity}: there is no {test}"


@pytest.mark.parametrize("identity", [each for each in PROMISED if "-" in each])
def test_a_test_names_the_promise_it_proves(identity: str) -> None:
    """At least one of them, so that who changes it knows what rests on it."""
    spelt = re.compile(re.escape(identity).replace(r"\-", "[-_]") + r"(?!\d)", re.IGNORECASE)
    said = []
    for test in rows()[identity]:
        path, _, name = test.partition("::")
        said.append(words_of(path).get(name, ""))
    assert any(spelt.search(words) for words in said), f"none of them names {identity}"


def test_what_is_not_promised_is_not_proved_by_mistake() -> None:
    assert set(rows()) == set(PROMISED)
