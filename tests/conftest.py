"""What any test may ask for: real servers, one of each for all tests of a process."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import loop
from tests.support.programs_postgres import PostgresServer, postgres_server
from tests.support.programs_redis import RedisServer, redis_server

loop.prepare()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """A PostgreSQL; take a database of your own with `create_database`."""
    with postgres_server() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The address of an empty database nobody else uses."""
    return postgres.create_database()


@pytest.fixture
def redis_program() -> Iterator[RedisServer]:
    """An empty Redis."""
    with redis_server() as server:
        yield server
