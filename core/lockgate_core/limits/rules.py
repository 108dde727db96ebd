"""Which limits hold for a call: those of its caller's key, and those of the rules whose scope fits. Pure."""

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from msgspec import Struct, structs

from lockgate_ports.caller import Caller
from lockgate_ports.context import Target
from lockgate_ports.limits import Limit

EVERYBODY = "all"
"""The scope of every call."""


class Rule(Struct, frozen=True):
    """Limits for each scope that `scope` fits, where `*` stands for any part: `tenant:*` is a limit for each tenant on
    its own. Those of `limits` have `scope` for theirs."""

    scope: str
    limits: tuple[Limit, ...]

    @property
    def of_target(self) -> bool:
        """Does it hold for whoever is asked, and not for who asks?"""
        return self.scope.startswith(("provider:", "model:"))


def scopes_of(caller: Caller) -> tuple[str, ...]:
    """Where a caller counts. A user is one of a tenant, where that is known."""
    found = [EVERYBODY]
    if caller.key_id is not None:
        found.append(f"key:{caller.key_id}")
    if caller.tenant is not None:
        found.append(f"tenant:{caller.tenant}")
    if caller.user is not None:
        found.append(f"user:{caller.user if caller.tenant is None else f'{caller.tenant}/{caller.user}'}")
    return (*found, *caller.parents)


def scopes_of_target(target: Target) -> tuple[str, ...]:
    """Where a call counts once it is known who is asked."""
    return (f"provider:{target.provider_id}", f"model:{target}")


def limits_in(scopes: Iterable[str], rules: Sequence[Rule], own: Iterable[Limit] = ()) -> tuple[Limit, ...]:
    """Those that hold in these scopes, and `own` ones. Where several say the same of one scope, the least counts."""
    found: dict[tuple[object, ...], Limit] = {}
    fitting = (
        structs.replace(limit, scope=scope)
        for scope in scopes
        for rule in rules
        if fnmatchcase(scope, rule.scope)
        for limit in rule.limits
    )
    for limit in (*own, *fitting):
        of = (limit.scope, limit.unit, limit.window, limit.shadow)
        if of not in found or limit.amount < found[of].amount:
            found[of] = limit
    return tuple(found.values())
