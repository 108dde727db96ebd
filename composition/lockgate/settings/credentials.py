"""References to keys that hold nothing: told when settings are loaded, with all other faults."""

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from lockgate.settings.faults import Place
from lockgate.settings.shape import Shape
from lockgate.settings.tree import Entry, Path, Scalar, Table


class Unset(Struct, frozen=True):
    """Why there is no key where a reference points, and what to do."""

    message: str
    hint: str


LookUp = Callable[[str], Unset | None]
"""None for a reference that holds a key, and for one of which only a store elsewhere could tell."""
_UNUSED = "or say status: disabled for a provider that is not used here"


def look_nowhere(ref: str) -> None:
    """Every reference is taken to hold a key."""


def check_credentials(
    refs: Sequence[tuple[str, Path, Place]], providers: Mapping[str, Entry], look_up: LookUp, shape: Shape
) -> None:
    """Takes note of each of `refs` that holds nothing, but for those of providers that are disabled."""
    for ref, path, place in refs:
        of_provider = path[0] == "providers"
        if of_provider and _disabled(providers[str(path[1])]):
            continue
        if (unset := look_up(ref)) is not None:
            hint = ", ".join(each for each in (unset.hint, _UNUSED if of_provider else "") if each)
            shape.fault(place, "unset-credential", path, unset.message, hint)


def _disabled(entry: Entry) -> bool:
    status = entry.node.entries.get("status") if isinstance(entry.node, Table) else None
    return status is not None and isinstance(status.node, Scalar) and status.node.value == "disabled"
