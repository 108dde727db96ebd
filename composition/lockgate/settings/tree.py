"""A settings source as a tree that remembers where each key and value stands."""

import json
import re
from collections.abc import Iterator

from msgspec import Struct

from lockgate.settings.faults import Fault, FaultCode, Place

Path = tuple[str | int, ...]
_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,80}")


class Scalar(Struct, frozen=True):
    """A single value. `expanded`: it came out of `!env`; `unset` says what its variables lack, empty when nothing."""

    value: str | int | float | bool | None
    place: Place
    expanded: bool = False
    unset: str = ""
    variables: tuple[str, ...] = ()
    """The environment variables that it was made of."""


class Items(Struct, frozen=True):
    """A list."""

    items: "tuple[Node, ...]"
    place: Place


class Entry(Struct, frozen=True):
    """A key's place, and its value."""

    place: Place
    node: "Node"


class Table(Struct, frozen=True):
    """A mapping."""

    entries: dict[str, Entry]
    place: Place


Node = Scalar | Items | Table


def path_text(path: Path) -> str:
    """`providers.openai.base_url`, `routes.fast.targets[0]`, `routes["gpt 4.1"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{quoted(part)}]"
    return text


def quoted(text: str) -> str:
    """A name for people: in quotes, on one line, of bounded length."""
    return json.dumps(text if len(text) <= 80 else text[:77] + "...", ensure_ascii=False)


def fault_at(place: Place, code: FaultCode, path: Path, message: str, hint: str = "") -> Fault:
    """A Fault; within an overlay its path leads there."""
    if place.environment and path[:1] != ("environments",):
        path = ("environments", place.environment, *path)
    return Fault(
        code=code,
        file=place.file,
        line=place.line,
        column=place.column,
        path=path_text(path),
        message=message,
        hint=hint,
    )


def plain(node: Node) -> object:
    """The tree as dicts, lists and scalars."""
    if isinstance(node, Table):
        return {name: plain(entry.node) for name, entry in node.entries.items()}
    if isinstance(node, Items):
        return [plain(item) for item in node.items]
    return node.value


def scalars(node: Node, path: Path = ()) -> Iterator[tuple[Path, Scalar]]:
    """Every scalar with the path that leads to it."""
    if isinstance(node, Table):
        for name, entry in node.entries.items():
            yield from scalars(entry.node, (*path, name))
    elif isinstance(node, Items):
        for index, item in enumerate(node.items):
            yield from scalars(item, (*path, index))
    else:
        yield path, node
