"""Organisations, teams, tenants and users above keys and tokens: their limits hold for all below them. Pure."""

from collections.abc import Mapping

from msgspec import Struct, structs

from lockgate_core.limits.rules import scopes_of
from lockgate_ports.caller import Caller
from lockgate_ports.errors import Unauthenticated
from lockgate_ports.limits import Limit


class Parent(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is kept of one. Times are in seconds since 1970."""

    scope: str
    """A word, a colon and a name: `team:search`, `tenant:acme`, `user:acme/ada`."""
    above: tuple[str, ...] = ()
    """The scopes above it, the nearest first."""
    limits: tuple[Limit, ...] = ()
    """Those of all below it together."""
    created_at: float
    revoked_at: float | None = None
    """Since when nobody below it is let in."""


Parents = Mapping[str, Parent]
"""By scope."""


def lineage(scopes: tuple[str, ...], parents: Parents) -> tuple[str, ...]:
    """These scopes and all above them, each once, the nearer ones first."""
    found = dict.fromkeys(scopes)
    waiting = list(found)
    for scope in waiting:
        for above in parents[scope].above if scope in parents else ():
            if above not in found:
                found[above] = None
                waiting.append(above)
    return tuple(found)


def revoked_above(caller: Caller, parents: Parents) -> str | None:
    """The nearest scope of the caller that is revoked."""
    scopes = lineage(scopes_of(caller), parents)
    return next((each for each in scopes if each in parents and parents[each].revoked_at is not None), None)


def under(caller: Caller, parents: Parents) -> Caller:
    """`caller` with the limits of all that it counts for: its tenant, its user, its parents and what is above those.

    Raises Unauthenticated where one of them is revoked."""
    if (revoked := revoked_above(caller, parents)) is not None:
        raise Unauthenticated(f"this API key belongs to {revoked}, which is revoked; ask whoever gave it to you")
    own = scopes_of(caller)
    scopes = lineage(own, parents)
    limits = tuple(limit for each in scopes if each in parents for limit in parents[each].limits)
    if not limits and scopes == own:
        return caller
    return structs.replace(
        caller,
        parents=(*caller.parents, *(each for each in scopes if each not in own)),
        limits=(*caller.limits, *limits),
    )
