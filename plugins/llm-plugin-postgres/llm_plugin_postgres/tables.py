"""The tables, and how a database comes to have them (PostgreSQL documentation, Table Partitioning)."""

from collections.abc import Sequence
from datetime import UTC, datetime

from lockgate_ports.ledger_rows import Line

LINE_FIELDS = Line.__struct_fields__
CONTENT_FIELDS = ("number", "at", "request_id", "until", "prompt", "answer", "cut")
ROW_FIELDS = ("number", "at", "kind", "body", "hash")

MIGRATIONS: Sequence[str] = (
    """
    CREATE TABLE {schema}.rows (
        number bigint NOT NULL, at double precision NOT NULL, kind text, body bytea NOT NULL, hash bytea NOT NULL,
        PRIMARY KEY (number, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX ON {schema}.rows (at);
    CREATE INDEX ON {schema}.rows (number) WHERE kind IS NOT NULL;
    CREATE TABLE {schema}.lines (
        number bigint NOT NULL, place integer NOT NULL, last boolean NOT NULL, at double precision NOT NULL,
        tenant text, "user" text, key text, model text NOT NULL, provider text, target text, route text, profile text,
        operation text NOT NULL, surface text NOT NULL, outcome text NOT NULL, tried boolean NOT NULL,
        metered boolean NOT NULL, input_tokens bigint NOT NULL, output_tokens bigint NOT NULL,
        cache_read_tokens bigint NOT NULL, usd numeric, basis text,
        PRIMARY KEY (number, place, at)
    ) PARTITION BY RANGE (at);
    CREATE INDEX ON {schema}.lines (at);
    CREATE INDEX ON {schema}.lines (tenant, at);
    CREATE TABLE {schema}.ends (
        which text PRIMARY KEY, number bigint NOT NULL, hash bytea NOT NULL, at double precision NOT NULL
    );
    INSERT INTO {schema}.ends VALUES ('before_first', 0, decode(repeat('00', 32), 'hex'), 0);
    INSERT INTO {schema}.ends VALUES ('last', 0, decode(repeat('00', 32), 'hex'), 0);
    """,
    """
    CREATE TABLE {schema}.contents (
        number bigint PRIMARY KEY, at double precision NOT NULL, request_id text NOT NULL,
        until double precision NOT NULL, prompt text, answer text, cut boolean NOT NULL
    );
    CREATE INDEX ON {schema}.contents (request_id);
    CREATE INDEX ON {schema}.contents (until);
    """,
)
"""Each is run once, in this order. None of them is ever changed: what comes to differ is one more."""

MIGRATION_LOCK = 0x10C_4A7E
"""The advisory lock under which they run, so that gateways that start together do not collide."""


class Month:
    """The part of the tables that holds one calendar month, in UTC."""

    def __init__(self, at: float) -> None:
        day = datetime.fromtimestamp(at, UTC)
        self.year, self.month = day.year, day.month

    @property
    def name(self) -> str:
        """`2026_11`."""
        return f"{self.year:04d}_{self.month:02d}"

    @property
    def begins(self) -> float:
        """Seconds since 1970."""
        return datetime(self.year, self.month, 1, tzinfo=UTC).timestamp()

    @property
    def ends(self) -> float:
        """When the next one begins."""
        return self.before(-1).begins

    def before(self, months: int) -> "Month":
        """So many months earlier."""
        count = self.year * 12 + self.month - 1 - months
        return Month(datetime(count // 12, count % 12 + 1, 1, tzinfo=UTC).timestamp())

    def statements(self, schema: str) -> str:
        """What makes it. Attached, since a table that is made as a part locks out whoever reads the others."""
        return "".join(
            f"CREATE TABLE {schema}.{table}_{self.name} (LIKE {schema}.{table} INCLUDING ALL);"
            f"ALTER TABLE {schema}.{table} ATTACH PARTITION {schema}.{table}_{self.name} "
            f"FOR VALUES FROM ({self.begins:.0f}) TO ({self.ends:.0f});"
            for table in ("rows", "lines")
        )
