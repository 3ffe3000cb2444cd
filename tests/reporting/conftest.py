"""What the tests of the history share: an empty history on each kind of database."""

from pathlib import Path

import pytest


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty history."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/history.db"
    made = request.getfixturevalue("postgres").create_database()
    return str(made).replace("postgresql://", "postgresql+psycopg://", 1)
