"""From the claims of a token that counts to its caller."""

import re
from collections.abc import Mapping
from typing import Any, cast

from lockgate.settings.auth import TokenIssuer
from lockgate_core.priority import NAMED
from lockgate_ports.caller import Caller, Priority
from lockgate_ports.errors import Forbidden, Unauthenticated

_BETWEEN = re.compile(r"[\s,]+")
_LONGEST = 200


def caller_of(name: str, issuer: TokenIssuer, claims: Mapping[str, Any]) -> Caller:
    """Who shows a token with these claims. Its `key_id` is that of its subject, whichever token of his it is.

    Raises Unauthenticated when a claim that counts is not there or is no word, Forbidden when a scope is missing."""
    said = issuer.claims
    scopes = _words(said.scopes, _at(claims, said.scopes) or "")
    if issuer.scope is not None and issuer.scope not in scopes:
        raise Forbidden(f"this token has not the scope {issuer.scope!r}")
    return Caller(
        tenant=issuer.tenant if said.tenant is None else _word(claims, said.tenant),
        user=None if said.user is None else _word(claims, said.user),
        key_id=f"jwt:{name}/{_word(claims, 'sub')}",
        parents=tuple(f"{word}:{_word(claims, claim)}" for word, claim in said.parents.items()),
        models=_names(claims, said.models),
        surfaces=_names(claims, said.surfaces),
        admin=issuer.admin_scope is not None and issuer.admin_scope in scopes,
        priority=None if said.priority is None else _priority(claims, said.priority),
        labels=tuple((label, _word(claims, claim)) for label, claim in said.labels.items()),
    )


def _at(claims: Mapping[str, Any], path: str) -> Any:
    """What the claim of that name says, else what stands at the end of the path."""
    if path in claims:
        return claims[path]
    value: Any = claims
    for step in path.split("."):
        value = cast(Mapping[str, Any], value).get(step) if isinstance(value, Mapping) else None
    return value


def _word(claims: Mapping[str, Any], path: str) -> str:
    value = _at(claims, path)
    if not isinstance(value, str) or not 0 < len(value) <= _LONGEST or not value.isprintable():
        raise Unauthenticated(f"this token does not say {path!r}, in one word of at most {_LONGEST} letters")
    return value


def _priority(claims: Mapping[str, Any], path: str) -> Priority:
    known = NAMED.get(_word(claims, path))
    if known is None:
        raise Unauthenticated(f"this token does not say {path!r}, as one of {', '.join(NAMED)}")
    return known


def _names(claims: Mapping[str, Any], path: str | None) -> tuple[str, ...] | None:
    return None if path is None else _words(path, _at(claims, path))


def _words(path: str, value: Any) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(word for word in _BETWEEN.split(value) if word)
    if isinstance(value, list):
        found: list[Any] = value  # pyright: ignore[reportUnknownVariableType]
        if all(isinstance(word, str) for word in found):
            return tuple(found)
    raise Unauthenticated(f"this token does not say {path!r}, as a list of words")
