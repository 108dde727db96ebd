"""Walks a tree against types, collects every fault on the way, and builds the values that the types describe."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, cast

import msgspec
from msgspec import inspect

from lockgate.redaction import redact
from lockgate.settings.faults import Fault, FaultCode, Place
from lockgate.settings.kinds import LISTS, as_number, did_you_mean, fits, refusal, said, type_hint, words
from lockgate.settings.tree import Items, Node, Path, Scalar, Table, fault_at, plain, scalars
from lockgate_ports.errors import LockgateError, clip
from lockgate_ports.secret import Secret

Special = Callable[[Node, Path, Place], Any]


class _Faulty:
    """Stands for a value that could not be built; a fault says why."""


FAULTY: Final = _Faulty()

_SENSITIVE = re.compile(r"credential|secret|key|token|password|auth|header", re.IGNORECASE)
_KEY_NAMES = frozenset({"api_key", "apikey", "key", "token", "secret", "api_token", "password"})
_WHERE = re.compile(r" - at `(\$.*)`$")
_WHERE_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]")
_NUMERIC = (inspect.IntType, inspect.FloatType, inspect.BoolType)


class Shape:
    """One walk. `special` reads types that stand otherwise in the file than in memory; `marks` reads strings whose
    type carries that mark in `Meta(extra=...)`."""

    def __init__(self, special: Mapping[type, Special], marks: Mapping[str, Special]) -> None:
        self._special = special
        self._marks = marks
        self.faults: list[Fault] = []

    def fault(self, place: Place, code: FaultCode, path: Path, message: str, hint: str = "") -> None:
        """Take note of one."""
        self.faults.append(fault_at(place, code, path, message, hint))

    def read(self, node: Node, kind: inspect.Type, path: Path, at: Place) -> Any:
        """The value of `node` as `kind`, or FAULTY. `at` is the place of the key that leads to it."""
        before = len(self.faults)
        value = self._read(node, kind, path, at)
        return value if len(self.faults) == before else FAULTY

    def fields(
        self, table: Table, fields: Iterable[inspect.Field], path: Path, at: Place, passed_over: Iterable[str] = ()
    ) -> dict[str, Any]:
        """The values of a mapping's fields by name. The names in `passed_over` are known and read elsewhere."""
        known = {field.encode_name: field for field in fields}
        names = {*known, *passed_over}
        values: dict[str, Any] = {}
        for name, entry in table.entries.items():
            if name in known:
                values[name] = self.read(entry.node, known[name].type, (*path, name), entry.place)
            elif name not in names:
                self.fault(entry.place, "unknown-key", (*path, name), "unknown key", _key_hint(name, names))
        for name, field in known.items():
            if field.required and name not in values:
                self.fault(at, "missing-key", path, f"{name} is missing", f"it must be {words(field.type)}")
        return values

    def build(self, values: object, cls: Any, node: Node, path: Path, at: Place) -> Any:
        """`cls` from values that were read; what its own checks say becomes a fault. Call it when all was read well."""
        try:
            return msgspec.convert(values, cls)
        except (msgspec.ValidationError, LockgateError) as error:
            message = str(error)
            place = at
            if where := _WHERE.search(message):
                message = message[: where.start()]
                node, path, place = _follow(node, path, where[1])
            self.fault(place, "bad-value", path, without_secrets(message, node))
        except Exception as error:  # noqa: BLE001  a plugin's own check may raise anything, and its words may tell a key
            self.fault(at, "bad-value", path, f"the checks of {cls.__name__} stopped with {type(error).__name__}")
        return FAULTY

    def _read(self, node: Node, kind: inspect.Type, path: Path, at: Place) -> Any:
        if isinstance(kind, inspect.Metadata):
            extra = cast(dict[str, Any], kind.extra or {})  # pyright: ignore[reportUnknownMemberType]  untyped in msgspec
            for mark, read in self._marks.items():
                if mark in extra:
                    return read(node, path, at)
            return self._read(node, kind.type, path, at)
        if isinstance(node, Scalar) and node.unset:
            return self.fault(node.place, "unset-variable", path, node.unset, "set it, or write ${NAME:-default}")
        if isinstance(kind, inspect.UnionType):
            return self._union(node, kind, path, at)
        if isinstance(kind, inspect.StructType) and kind.cls in self._special:
            return self._special[kind.cls](node, path, at)
        if isinstance(kind, inspect.StructType | inspect.DataclassType | inspect.TypedDictType):
            return self._object(node, kind, path, at)
        if isinstance(kind, inspect.DictType):
            return self._dict(node, kind, path, at)
        if isinstance(kind, LISTS):
            return self._list(node, kind, path)
        if isinstance(node, Scalar) and node.expanded and isinstance(kind, _NUMERIC):
            node = msgspec.structs.replace(node, value=as_number(node.value, kind))
        if not fits(node, kind):
            return self.wrong_type(node, words(kind), path)
        if isinstance(node, Scalar) and (message := refusal(node.value, kind)):
            return self.fault(node.place, "out-of-range", path, message)
        return plain(node)

    def wrong_type(self, node: Node, expected: str, path: Path) -> None:
        """Take note of a value of another type than `expected` (in words)."""
        self.fault(node.place, "wrong-type", path, f"expected {expected}, got {said(node)}", type_hint(node, expected))

    def _object(
        self,
        node: Node,
        kind: inspect.StructType | inspect.DataclassType | inspect.TypedDictType,
        path: Path,
        at: Place,
    ) -> Any:
        if not isinstance(node, Table):
            return self.wrong_type(node, words(kind), path)
        tag = kind.tag_field if isinstance(kind, inspect.StructType) else None
        before = len(self.faults)
        values = self.fields(node, kind.fields, path, at, [tag] if tag else [])
        if tag and tag in node.entries:
            values[tag] = plain(node.entries[tag].node)
        return self.build(values, kind.cls, node, path, at) if len(self.faults) == before else FAULTY

    def _dict(self, node: Node, kind: inspect.DictType, path: Path, at: Place) -> Any:
        if not isinstance(node, Table):
            return self.wrong_type(node, words(kind), path)
        values: dict[str, Any] = {}
        for name, entry in node.entries.items():
            inner = (*path, name)
            self._read(Scalar(name, entry.place), kind.key_type, inner, entry.place)
            values[name] = self.read(entry.node, kind.value_type, inner, entry.place)
        self._length(len(values), kind, path, at)
        return values

    def _list(self, node: Node, kind: inspect.CollectionType | inspect.TupleType, path: Path) -> Any:
        if not isinstance(node, Items):
            return self.wrong_type(node, words(kind), path)
        if isinstance(kind, inspect.TupleType):
            if len(kind.item_types) != len(node.items):
                message = f"expected {len(kind.item_types)} items, got {len(node.items)}"
                return self.fault(node.place, "out-of-range", path, message)
            kinds = kind.item_types
        else:
            self._length(len(node.items), kind, path, node.place)
            kinds = (kind.item_type,) * len(node.items)
        return [
            self.read(item, kind, (*path, index), item.place)
            for index, (item, kind) in enumerate(zip(node.items, kinds, strict=True))
        ]

    def _length(self, length: int, kind: inspect.CollectionType | inspect.DictType, path: Path, place: Place) -> None:
        if kind.min_length is not None and length < kind.min_length:
            least = kind.min_length
            self.fault(place, "out-of-range", path, "is empty" if not length else f"has fewer than {least} items")
        if kind.max_length is not None and length > kind.max_length:
            self.fault(place, "out-of-range", path, f"has more than {kind.max_length} items")

    def _union(self, node: Node, kind: inspect.UnionType, path: Path, at: Place) -> Any:
        if isinstance(node, Scalar) and node.value is None and kind.includes_none:
            return None
        choices = [choice for choice in kind.types if not isinstance(choice, inspect.NoneType)]
        if len(choices) == 1:
            return self.read(node, choices[0], path, at)
        if isinstance(node, Table) and (tagged := _by_tag(node, choices)):
            return self.read(node, tagged, path, at)
        fitting = [choice for choice in choices if fits(node, choice)]
        first: list[Fault] = []
        for choice in fitting:
            before = len(self.faults)
            value = self.read(node, choice, path, at)
            if value is not FAULTY:
                return value
            first = first or self.faults[before:]
            del self.faults[before:]
        self.faults += first
        return FAULTY if fitting else self.wrong_type(node, words(kind), path)


def without_secrets(message: str, node: Node) -> str:
    """`message`, cut to 200 bytes on one line, with no value of `node` that may be a secret, nor a URL's password."""
    for path, scalar in scalars(node):
        hide = scalar.expanded or any(isinstance(part, str) and _SENSITIVE.search(part) for part in path)
        if hide and isinstance(scalar.value, str) and len(scalar.value) >= 4:
            message = Secret(scalar.value).redact(message)
    return clip(" ".join(redact(message).split()))


def _key_hint(name: str, names: set[str]) -> str:
    if name.lower() in _KEY_NAMES and "credential_ref" in names:
        return "name the place of the key instead: `credential_ref: env:NAME`"
    return did_you_mean(name, names) or f"known here: {', '.join(sorted(names))}"


def _by_tag(table: Table, choices: list[inspect.Type]) -> inspect.Type | None:
    for choice in choices:
        if isinstance(choice, inspect.StructType) and choice.tag_field in table.entries:
            node = table.entries[choice.tag_field].node
            if isinstance(node, Scalar) and node.value == choice.tag:
                return choice
    return None


def _follow(node: Node, path: Path, where: str) -> tuple[Node, Path, Place]:
    for match in _WHERE_STEP.finditer(where):
        name, index = match[1], match[2]
        if name is not None and isinstance(node, Table) and name in node.entries:
            node, path = node.entries[name].node, (*path, name)
        elif index is not None and isinstance(node, Items) and int(index) < len(node.items):
            node, path = node.items[int(index)], (*path, int(index))
        else:
            break
    return node, path, node.place
