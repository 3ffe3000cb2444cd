"""Attack 40: the bill of materials names all that is in the product, as the locks pin it."""

import json
import re
import tomllib
from pathlib import Path

import pytest

from tools import materials
from tools.console import ROOT
from tools.locks import pins


def test_attack_40_every_locked_package_stands_in_the_bill_with_its_digests() -> None:
    found = {each["purl"]: each for each in materials.bill()["components"]}
    locked = pins((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    for name, (version, digests) in locked.items():
        hashes = found[f"pkg:pypi/{name}@{version}"]["hashes"]
        assert [each["content"] for each in hashes] == digests
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    for requirement in declared["project"]["dependencies"]:
        name = re.split(r"[\[<>=~! ]", requirement)[0].lower()
        assert any(purl.startswith(f"pkg:pypi/{name}@") for purl in found), name


def test_attack_40_the_pages_parts_stand_in_it_and_what_builds_them_does_not() -> None:
    found = {each["purl"]: each for each in materials.bill()["components"]}
    names = {purl.rpartition("@")[0] for purl in found if purl.startswith("pkg:npm/")}
    assert "pkg:npm/preact" in names
    assert not names & {"pkg:npm/typescript", "pkg:npm/vite"}
    for purl in names:
        (one, *_) = [each for key, each in found.items() if key.rpartition("@")[0] == purl]
        assert one["hashes"][0]["alg"] == "SHA-512"
        assert re.fullmatch(r"[0-9a-f]{128}", one["hashes"][0]["content"])


def test_attack_40_libraries_that_are_loaded_stand_in_it() -> None:
    """Whatever the code loads by its name is named; what is named is really loaded somewhere."""
    loaded = {
        name
        for folder in ("router", "channels", "agent_desktop", "ivr", "reporting", "config")
        for path in (ROOT / folder).rglob("*.py")
        for name in re.findall(r"CDLL\([\"']([^\"']+)", path.read_text(encoding="utf-8"))
    }
    assert loaded == set(materials.LOADED)


def test_the_bill_is_written_where_one_wants_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "made" / "bill.json"
    assert materials.main([str(path)]) == 0
    written = json.loads(path.read_text())
    assert (written["bomFormat"], written["specVersion"]) == ("CycloneDX", "1.5")
    assert str(len(written["components"])) in capsys.readouterr().err
    assert materials.main(["--what"]) == 2
