"""`reload:` in the settings."""

from typing import Annotated

from msgspec import Meta, Struct


class Reload(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When `lockgate serve` takes its settings anew, besides SIGHUP and `POST /admin/reload`."""

    watch: bool = False
    """Take them whenever their file changes, or the files of their folder."""
    history: str | None = None
    """The folder in which settings that were applied are kept, for `lockgate config rollback`; absent: `.lockgate`
    beside them."""
    keep: Annotated[int, Meta(ge=1, le=1000)] = 20
    """How many are kept."""
