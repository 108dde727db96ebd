"""How a ledger in SQLite is kept."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class SqliteLedgerSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One file, beside which SQLite keeps two more while it is open."""

    path: str
    """The file; it is made, readable by its owner alone, where there is none. Its folder must exist."""
    durability: Literal["async", "before_answer"] = "async"
    """`async`: rows are written behind the calls, some milliseconds later. `before_answer`: no answer is complete
    before its row is on the disk."""
    queue: Annotated[int, Meta(ge=1)] = 10_000
    """With `async`: the most rows that wait to be written, and so the most that a dying process loses."""
    keep_days: Annotated[int, Meta(ge=1)] | None = None
    """Older rows are removed, by the hour; absent: all are kept. The chain then begins with the oldest one kept."""
