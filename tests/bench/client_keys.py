"""A file of virtual keys, as many as are wanted; the same each time, so that clients know them."""

from collections.abc import Iterator
from pathlib import Path
from random import Random

from lockgate.adapters.key_file import KeyFile
from lockgate_core.client_keys import ClientKey, new_id, sealed
from lockgate_ports.caller import Caller


def key_file(path: Path, count: int) -> Path:
    """Writes it, where it is not there yet."""
    if not path.exists():
        file = KeyFile(path)
        file.put(*(key for _, key in _made(count)))
        file.close()
    return path


def shown(count: int, most: int) -> list[str]:
    """How clients show them: all of `count`, or `most` out of all parts of the file."""
    keys = [shown for shown, _ in _made(count)]
    return keys[:: -(-count // most)]


def _made(count: int) -> Iterator[tuple[str, ClientKey]]:
    chance = Random(1).randbytes
    for _ in range(count):
        key_id = new_id(chance)
        shown, seal = sealed(key_id, chance)
        yield shown, ClientKey(id=key_id, caller=Caller(key_id=key_id), seals=(seal,), created_at=0.0)
