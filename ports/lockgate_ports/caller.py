"""Who makes a call: told by a surface from the key or token that was shown, or by the embedder."""

from fnmatch import fnmatchcase
from typing import Literal

from msgspec import Struct

from lockgate_ports.http import NO_PURPOSE, Purpose
from lockgate_ports.limits import Limit

Priority = Literal["low", "normal", "high"]
"""Who goes first where calls wait for a place: the last one named."""


class Caller(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One client. What is None is not known, and no limit or rule that asks for it holds for this caller."""

    tenant: str | None = None
    user: str | None = None
    key_id: str | None = None
    """The public name of the virtual key that was shown; never the key."""
    parents: tuple[str, ...] = ()
    """The scopes above it whose limits hold as well, the nearest first: `team:search`, `organisation:acme`."""
    limits: tuple[Limit, ...] = ()
    """Those of its own key, besides what the settings say of its scopes."""
    models: tuple[str, ...] | None = None
    """Names that may be asked for, with `*` for any part; None: all."""
    surfaces: tuple[str, ...] | None = None
    """Dialects that may be spoken, with `*` for any part; None: all."""
    admin: bool = False
    """May look at and change the gateway itself."""
    priority: Priority | None = None
    """What its calls have where they wait for a place, and the highest it may ask for; None: what settings say."""
    labels: tuple[tuple[str, str], ...] = ()
    """What the egress policy goes by: `residency: eu`, say."""

    @property
    def purpose(self) -> Purpose:
        """On whose behalf bytes leave."""
        return Purpose(self.tenant, self.labels) if self.tenant is not None or self.labels else NO_PURPOSE

    def may_ask(self, model: str) -> bool:
        """Is this name one of those that it may ask for?"""
        return self.models is None or any(fnmatchcase(model, pattern) for pattern in self.models)

    def may_speak(self, dialect: str) -> bool:
        """Is this one of the languages that it may speak?"""
        return self.surfaces is None or any(fnmatchcase(dialect, pattern) for pattern in self.surfaces)


NOBODY = Caller()
"""A caller of whom nothing is known."""
