"""Independent test data that nobody on this project made; never copied into it."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def oracle(name: str) -> Path:
    """The folder of one set; skips the test, saying why, where the data is not there."""
    base = Path(os.environ.get("CARILLON_ORACLES") or ROOT.parent / "shared" / "oracles")
    folder = base / name
    if not folder.is_dir():
        pytest.skip(f"independent test data not found: {name} (set CARILLON_ORACLES)")
    return folder
