"""Names of models, and what is said of one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches

from lockgate_ports.context import Target


def direct(name: str) -> Target | None:
    """`provider_id/model` as a Target; None when `name` is not of that form."""
    provider_id, slash, model = name.partition("/")
    return Target(provider_id, model) if slash and provider_id and model else None


def shown(name: str) -> str:
    """A client's name in quotes, of bounded length."""
    return repr(name if len(name) <= 100 else name[:100] + "...")


def no_such(name: str, routes: Iterable[str], providers: Iterable[str]) -> str:
    """That there is none of this name, and which one may be meant."""
    target = direct(name)
    clipped = name[:100]
    known = [*routes, *(f"{provider}/" for provider in providers)]
    near: list[str] = []
    if target is not None:
        near = get_close_matches(target.provider_id, list(providers), 1)
        near = [f"{near[0]}/{target.model}"] if near else []
    near = near or get_close_matches(clipped, known, 1)
    hint = f"did you mean {shown(near[0])}? " if near else ""
    return f"no route or provider is named {shown(name)}; {hint}GET /v1/models lists what there is"
