"""What the contract suites share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.vaults import Vault


@pytest.fixture(params=["sqlite", "postgresql"])
def vault(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Vault]:
    if request.param == "sqlite":
        yield Vault(f"sqlite:///{tmp_path}/keys/keys.db", tmp_path)
    else:
        yield Vault(request.getfixturevalue("postgres").create_database(), tmp_path)
