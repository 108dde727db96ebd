"""Who may call: the part `auth` of a settings file."""

from typing import Annotated

from msgspec import Meta, Struct


class KeyFileSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where virtual keys are kept, which `lockgate keys` makes and revokes."""

    path: Annotated[str, Meta(min_length=1)]
    """A file of SQLite; it is made, readable by its owner alone, where there is none. It holds hashes, no keys."""


class Auth(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who may call, besides whoever shows a key of `server.client_credential_refs`."""

    keys: KeyFileSettings | None = None
    """The file of virtual keys; absent: there are none."""
    open: bool = False
    """Serve whoever reaches the port, also beyond this machine, when no key is asked for; without this, starting so
    is refused."""
