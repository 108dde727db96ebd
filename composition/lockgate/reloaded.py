"""What became of new settings."""

from msgspec import Struct


class Reloaded(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`at` is in seconds since 1970; `error` says why they were refused."""

    ok: bool
    at: float
    actor: str
    """Who asked: `signal`, `file`, `embedder`, or whoever called."""
    error: str | None = None
