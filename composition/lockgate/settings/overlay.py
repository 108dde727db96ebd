"""`environments:`: parts of the file again, laid over the rest of it."""

from lockgate.settings.faults import Fault
from lockgate.settings.kinds import did_you_mean
from lockgate.settings.tree import Entry, Node, Path, Scalar, Table, fault_at, quoted

ENVIRONMENTS = "environments"


def split(tree: Table) -> tuple[Table, dict[str, Table], list[Fault]]:
    """The file without its overlays, the overlays by name, and what is wrong with how they stand there."""
    entry = tree.entries.get(ENVIRONMENTS)
    base = Table({name: kept for name, kept in tree.entries.items() if name != ENVIRONMENTS}, tree.place)
    if entry is None:
        return base, {}, []
    if not isinstance(entry.node, Table):
        message = "expected a mapping of names to overlays, `dev:` and `prod:` say"
        return base, {}, [fault_at(entry.node.place, "wrong-type", (ENVIRONMENTS,), message)]
    overlays: dict[str, Table] = {}
    faults: list[Fault] = []
    for name, overlay in entry.node.entries.items():
        path = (ENVIRONMENTS, name)
        overlays[name] = Table({}, overlay.node.place)
        if not isinstance(overlay.node, Table):
            # An overlay whose lines are all commented out changes nothing.
            if not (isinstance(overlay.node, Scalar) and overlay.node.value is None):
                message = "expected a mapping with parts of the settings"
                faults.append(fault_at(overlay.node.place, "wrong-type", path, message))
        elif (inner := overlay.node.entries.get(ENVIRONMENTS)) is not None:
            message = "an overlay cannot hold overlays"
            faults.append(fault_at(inner.place, "unknown-key", (*path, ENVIRONMENTS), message))
        else:
            overlays[name] = overlay.node
    return base, overlays, faults


def choose(overlays: dict[str, Table], name: str, tree: Table) -> Table | Fault:
    """The overlay of that name, or a Fault that lists those there are."""
    if name in overlays:
        return overlays[name]
    entry = tree.entries.get(ENVIRONMENTS)
    place = entry.place if entry is not None else tree.place
    known = f"there are: {', '.join(overlays)}" if overlays else "the settings have no environments"
    hint = did_you_mean(name, overlays) or known
    hint = hint if hint == known else f"{hint} {known}"
    return fault_at(place, "unknown-environment", (ENVIRONMENTS,), f"there is no environment {quoted(name)}", hint)


def join(one: Table, other: Table, path: Path, faults: list[Fault]) -> Table:
    """Two files as one. A key that both have and that is no mapping in both is a fault at the second place."""
    entries = dict(one.entries)
    for name, entry in other.entries.items():
        there = entries.get(name)
        if there is None:
            entries[name] = entry
        elif isinstance(there.node, Table) and isinstance(entry.node, Table):
            entries[name] = Entry(there.place, join(there.node, entry.node, (*path, name), faults))
        else:
            message = f"stands twice; the first is at {there.place.file}:{there.place.line}"
            faults.append(fault_at(entry.place, "duplicate-key", (*path, name), message))
    return Table(entries, one.place)


def merge(base: Node, over: Node) -> Node:
    """Mappings key by key; anything else is replaced. A null in `over` removes the key; one that removes nothing stays,
    so that a misspelt key is found."""
    if not (isinstance(base, Table) and isinstance(over, Table)):
        return over
    entries = dict(base.entries)
    for name, entry in over.entries.items():
        if name not in entries:
            entries[name] = entry
        elif isinstance(entry.node, Scalar) and entry.node.value is None:
            del entries[name]
        else:
            entries[name] = Entry(entry.place, merge(entries[name].node, entry.node))
    return Table(entries, base.place)
