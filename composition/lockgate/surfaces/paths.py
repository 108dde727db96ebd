"""Which surface stands at a path."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Generic, TypeVar
from urllib.parse import unquote

from lockgate_ports.dialect import Surface
from lockgate_ports.errors import MethodNotAllowed, NotFound

T = TypeVar("T")

_NO_VALUES: Mapping[str, str] = MappingProxyType({})
_FIELD = re.compile(r"\{(\w+)(:path)?\}")


class Paths(Generic[T]):
    """Fixed paths by one dict lookup; patterns (`/v1/models/{id:path}`) in the order they were added."""

    def __init__(self) -> None:
        self._fixed: dict[str, dict[str, T]] = {}
        self._patterns: list[tuple[re.Pattern[str], str, T]] = []

    def add(self, surface: Surface, what: T) -> None:
        """Put `what` at a surface. Raises ValueError when another stands there."""
        if "{" in surface.path:
            self._patterns.append((_pattern(surface.path), surface.method, what))
            return
        methods = self._fixed.setdefault(surface.path, {})
        if surface.method in methods:
            raise ValueError(f"two surfaces claim {surface.method} {surface.path}")
        methods[surface.method] = what

    def find(self, method: str, path: str) -> tuple[T, Mapping[str, str]]:
        """What stands at `path` (percent-encoded), and the values its pattern matched, decoded.

        HEAD is answered as GET is. Raises NotFound, or MethodNotAllowed when only another method is served there.
        """
        methods = self._fixed.get(path)
        if methods is not None and method in methods:
            return methods[method], _NO_VALUES
        method = "GET" if method == "HEAD" else method
        if methods is not None:
            if method in methods:
                return methods[method], _NO_VALUES
            raise _not_allowed(method, path, methods)
        allowed: list[str] = []
        for pattern, offered, what in self._patterns:
            if match := pattern.fullmatch(path):
                if offered == method:
                    return what, {name: unquote(value) for name, value in match.groupdict().items()}
                allowed.append(offered)
        if allowed:
            raise _not_allowed(method, path, allowed)
        raise NotFound(f"nothing is served at {path[:200]}")


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(_FIELD.sub(lambda field: f"(?P<{field[1]}>{'.+' if field[2] else '[^/]+'})", path))


def _not_allowed(method: str, path: str, allowed: Iterable[str]) -> MethodNotAllowed:
    return MethodNotAllowed(f"{path[:200]} takes {', '.join(allowed)}, not {method[:20]}")
