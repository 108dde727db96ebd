"""What of a settings file is for one process, and cannot be for the several that `server.workers` asks for."""

from collections.abc import Iterator, Mapping
from typing import Any

from lockgate.settings.concurrency import Concurrency
from lockgate.settings.faults import Place
from lockgate.settings.model import ProviderRow
from lockgate.settings.shape import FAULTY, Shape
from lockgate.settings.tree import Entry, Path, Table

_KIND: Path = ("responses", "kind")


def check_workers(values: Mapping[str, Any], entries: Mapping[str, Entry], shape: Shape) -> None:
    """`values` are the fields of Settings that were read from `entries`."""
    server = values.get("server", FAULTY)
    if server is FAULTY or server.workers == 1:
        return
    workers = server.workers
    responses = values.get("responses", FAULTY)
    if responses is not FAULTY and responses.kind == "memory":
        message = f"memory is one process's own, and server.workers is {workers}: the others would not know the answers"
        hint = "keep them in a file that all share: `responses: {kind: sqlite, path: answers.db}`"
        shape.fault(_place(entries, _KIND), "bad-value", _KIND, message, hint)
    providers = values.get("providers", FAULTY)
    for provider_id, row in () if providers is FAULTY else providers.items():
        for path, most in () if row is FAULTY else _places_of(row):
            if most < workers:
                where: Path = ("providers", provider_id, *path)
                message = f"{most} at a time cannot be shared out among {workers} workers (server.workers)"
                hint = f"say {workers} or more, or fewer workers"
                shape.fault(_place(entries, where), "bad-value", where, message, hint)


def _places_of(row: ProviderRow) -> Iterator[tuple[Path, int]]:
    """Where it says how many calls run at a time, and how many."""
    if row.max_parallel is not None:
        yield ("max_parallel",), row.max_parallel
    said: dict[Path, Concurrency] = {("model_concurrency", model): own for model, own in row.model_concurrency.items()}
    if row.concurrency is not None:
        said["concurrency",] = row.concurrency
    for path, own in said.items():
        if own.fixed is not None:
            yield (*path, "fixed"), own.fixed
        elif own.adaptive is not None:
            yield (*path, "adaptive"), own.adaptive.max


def _place(entries: Mapping[str, Entry], path: Path) -> Place:
    """Where the value at the path stands."""
    entry = entries[str(path[0])]
    for name in path[1:]:
        assert isinstance(entry.node, Table)  # noqa: S101  it was read as one
        entry = entry.node.entries[str(name)]
    return entry.node.place
