"""The kind postgres: its settings, and how one is made of them."""

import re
from typing import Annotated, Literal

from msgspec import Meta, Struct

from lockgate_ports.hooks import BuildContext, Factory
from lockgate_ports.ledger import LedgerPort
from lockgate_ports.secrets import CredentialRef

_NAME = re.compile(r"[a-z_][a-z0-9_]{0,40}")


class PostgresSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One schema of one database, which any number of gateways may share."""

    credential_ref: CredentialRef
    """Where the connection string is kept, `postgresql://user:password@host:5432/database?sslmode=verify-full`."""
    schema: str = "lockgate"
    """The schema that holds the tables; it is made where there is none."""
    durability: Literal["async", "before_answer"] = "async"
    """`async`: rows are written behind the calls, some hundredths of a second later. `before_answer`: no answer is
    complete before the database has committed its row."""
    queue: Annotated[int, Meta(ge=1)] = 10_000
    """With `async`: the most rows that wait to be written, and so the most that a dying process loses."""
    keep_months: Annotated[int, Meta(ge=1)] | None = None
    """Older months are removed, whole; absent: all are kept. The chain then begins with the oldest row kept."""
    timeout: Annotated[float, Meta(gt=0)] = 10.0
    """Seconds that connecting, or one statement, may take."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.schema):
            raise ValueError("schema must be lower case letters, digits and underscores, and no longer than 41 of them")


def _build(settings: PostgresSettings, context: BuildContext) -> LedgerPort:
    from llm_plugin_postgres.ledger import PostgresLedger  # the driver is heavy

    async def dsn() -> str:
        return (await context.secret(settings.credential_ref)).reveal()

    return PostgresLedger(settings, dsn)


POSTGRES: Factory[PostgresSettings, LedgerPort] = Factory(
    kind="postgres",
    settings=PostgresSettings,
    build=_build,
    summary="each call and each audit event in PostgreSQL, chained by hashes, shared by many gateways",
)
