"""PostgreSQL for Lockgate: the ledger postgres."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.ledger import LedgerPort


@hookimpl
def register_ledgers() -> tuple[Factory[Any, LedgerPort], ...]:
    """`postgres`."""
    from llm_plugin_postgres.kind import POSTGRES

    return (POSTGRES,)
