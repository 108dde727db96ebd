"""Which targets may answer a request, in which order. Pure: the same function decides and explains."""

from collections.abc import Collection, Mapping
from difflib import get_close_matches

from msgspec import Struct

from lockgate_ports.context import Target
from lockgate_ports.errors import ModelNotFound


class Plan(Struct, frozen=True):
    """What routing decided."""

    route: str
    targets: tuple[Target, ...]


class Routes(Struct, frozen=True):
    """All that routing knows: named routes, and the providers that can be asked as `provider_id/model`."""

    named: Mapping[str, tuple[Target, ...]]
    providers: Collection[str]


def plan(name: str, routes: Routes) -> Plan:
    """The targets for the model `name`: a route of that name, else `provider_id/model`. Raises ModelNotFound."""
    targets = routes.named.get(name)
    if targets is not None:
        return Plan(name, targets)
    target = direct(name)
    if target is not None and target.provider_id in routes.providers:
        return Plan(name, (target,))
    raise ModelNotFound(_no_such(name, target, routes), param="model")


def direct(name: str) -> Target | None:
    """`provider_id/model` as a Target; None when `name` is not of that form."""
    provider_id, slash, model = name.partition("/")
    return Target(provider_id, model) if slash and provider_id and model else None


def _no_such(name: str, target: Target | None, routes: Routes) -> str:
    shown = name if len(name) <= 100 else name[:100] + "..."
    known = [*routes.named, *(f"{provider}/" for provider in routes.providers)]
    if target is not None:
        near = get_close_matches(target.provider_id, routes.providers, 1)
        near = [f"{near[0]}/{target.model}"] if near else get_close_matches(shown, known, 1)
    else:
        near = get_close_matches(shown, known, 1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    return f"no route or provider is named {shown!r}; {hint}GET /v1/models lists what there is"
