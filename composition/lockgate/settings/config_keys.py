"""`config_keys`: every environment variable and secret that settings use, declared once."""

from collections.abc import Iterable, Mapping, Sequence

from lockgate.settings.faults import Place
from lockgate.settings.kinds import did_you_mean
from lockgate.settings.model import ConfigKey
from lockgate.settings.shape import Shape
from lockgate.settings.tree import Node, Path, Table, scalars

CONFIG_KEYS = "config_keys"
_ENV = "env:"


def check_uses(
    declared: Mapping[str, ConfigKey], refs: Sequence[tuple[str, Path, Place]], tree: Table, shape: Shape
) -> None:
    """Takes note of what is used undeclared, or otherwise than declared. `refs` are the references to secrets."""
    for ref, path, place in refs:
        name = ref.removeprefix(_ENV)
        if _declared(name, declared, path, place, shape) and not declared[name].secret:
            hint = f"say secret: true under {CONFIG_KEYS}"
            shape.fault(place, "undeclared", path, f"{name} is declared as no secret, and used as one", hint)
    for path, scalar in scalars(tree):
        for name in scalar.variables:
            if _declared(name, declared, path, scalar.place, shape) and declared[name].secret:
                hint = f"use a credential_ref, or say secret: false under {CONFIG_KEYS}"
                message = f"{name} is declared as a secret, and a setting is no place for one"
                shape.fault(scalar.place, "undeclared", path, message, hint)


def unused(declared: Iterable[str], trees: Iterable[Table]) -> list[str]:
    """What is declared and appears in none of the trees, in the order of the declarations."""
    used: set[str] = set()
    for tree in trees:
        rest: Node = Table({key: entry for key, entry in tree.entries.items() if key != CONFIG_KEYS}, tree.place)
        for _, scalar in scalars(rest):
            used.update(scalar.variables)
            if isinstance(scalar.value, str):
                used.add(scalar.value.removeprefix(_ENV))
    return [name for name in declared if name not in used]


def _declared(name: str, declared: Mapping[str, ConfigKey], path: Path, place: Place, shape: Shape) -> bool:
    if name in declared:
        return True
    hint = did_you_mean(name, declared) or f"declare it under {CONFIG_KEYS}: its purpose, and whether it is secret"
    shape.fault(place, "undeclared", path, f"{name} is not declared", hint)
    return False
