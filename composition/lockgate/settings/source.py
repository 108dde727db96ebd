"""Reads YAML (1.1, safe tags and `!env`) or plain values into a tree that remembers places."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import yaml
from yaml.composer import Composer
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from lockgate.settings.faults import Fault, FaultCode, Place, SettingsFaults
from lockgate.settings.tree import Entry, Items, Node, Path, Scalar, Table, fault_at, quoted

ENV_TAG = "!env"
_YAML = "tag:yaml.org,2002:"
_MERGE = _YAML + "merge"
_TEXT = {_YAML + "str", _YAML + "timestamp", _YAML + "value"}
_VARIABLE = re.compile(r"\$\$|\$\{(?:([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\})?")
_LOOKS_LIKE_ONE = re.compile(r"\$\{[A-Za-z_][A-Za-z0-9_]*(?::-[^}]*)?\}")
_MAX_NODES = 100_000
_CONSTRUCTOR = SafeConstructor()


def _quick_loader() -> type[Any] | None:
    """libyaml's parser, where PyYAML was built with it, under PyYAML's own composer: libyaml's overflows the stack on
    deep nesting."""
    try:
        from yaml._yaml import CParser
    except ImportError:
        return None

    class Loader(Composer, CParser, SafeConstructor, Resolver):
        def __init__(self, stream: str) -> None:
            CParser.__init__(self, stream)
            Composer.__init__(self)
            SafeConstructor.__init__(self)
            Resolver.__init__(self)

    return Loader


_QuickLoader = _quick_loader()


class Reading(msgspec.Struct, frozen=True):
    """The tree, and what is wrong with the text whatever the tree should mean."""

    tree: Table
    faults: tuple[Fault, ...]


def read_yaml(text: str, file: str, env: Mapping[str, str]) -> Reading:
    """`env` fills the `${NAME}` of values tagged `!env`. Raises SettingsFaults when the text is not YAML at all."""
    top = Place(file, 1, 1)
    try:
        root = _compose(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = Place(file, mark.line + 1, mark.column + 1) if mark else top
        said = ", ".join(part for part in (error.context, error.problem) if part)
        raise SettingsFaults([fault_at(place, "unreadable", (), f"not valid YAML: {said}")]) from None
    except yaml.reader.ReaderError as error:
        before = text[: error.position]
        place = Place(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = "holds a character that YAML does not allow (a control character?)"
        raise SettingsFaults([fault_at(place, "unreadable", (), message)]) from None
    except RecursionError:
        raise SettingsFaults([fault_at(top, "unreadable", (), "nested too deeply")]) from None
    if root is None:
        return Reading(Table({}, top), ())
    composed = _Composed(file, env)
    tree = composed.node(root, ())
    if isinstance(tree, Table):
        return Reading(tree, tuple(composed.faults))
    fault = fault_at(tree.place, "wrong-type", (), "expected a mapping at the top, `providers:` and `routes:` say")
    raise SettingsFaults([*composed.faults, fault])


def read_plain(value: Mapping[str, Any], name: str = "settings") -> Reading:
    """From dicts, lists, scalars and msgspec Structs, as an embedder has them; nothing has a line."""
    faults: list[Fault] = []
    tree = _from_plain(value, (), name, faults)
    return Reading(tree if isinstance(tree, Table) else Table({}, Place(name)), tuple(faults))


def _compose(text: str) -> yaml.Node | None:
    if _QuickLoader is not None:
        try:
            return yaml.compose(text, Loader=_QuickLoader)
        except yaml.YAMLError:
            pass  # PyYAML's own parser says in better words what is wrong, and counts places in letters
    return yaml.compose(text, Loader=yaml.SafeLoader)


class _Composed:
    """One composed document on its way to a tree."""

    def __init__(self, file: str, env: Mapping[str, str]) -> None:
        self._file = file
        self._env = env
        self._open: set[int] = set()
        self._count = 0
        self.faults: list[Fault] = []

    def node(self, node: yaml.Node, path: Path) -> Node:
        place = self._place(node, path)
        self._count += 1
        if id(node) in self._open or self._count > _MAX_NODES:
            why = "an alias that holds itself" if id(node) in self._open else f"more than {_MAX_NODES} values"
            raise SettingsFaults([fault_at(place, "unreadable", path, why)])
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node, place, path)
        self._open.add(id(node))
        try:
            if node.tag not in (_YAML + "map", _YAML + "seq"):
                self._bad_tag(node, place, path)
            if isinstance(node, yaml.MappingNode):
                return self._table(node, place, path)
            assert isinstance(node, yaml.SequenceNode)  # noqa: S101  narrows the last of three node types
            items = tuple(self.node(item, (*path, index)) for index, item in enumerate(node.value))
            return Items(items, place)
        finally:
            self._open.discard(id(node))

    def _table(self, node: yaml.MappingNode, place: Place, path: Path) -> Table:
        own: dict[str, Entry] = {}
        inherited: dict[str, Entry] = {}
        for key, value in node.value:
            at = self._place(key, path)
            if key.tag == _MERGE:
                self._merge(value, path, inherited)
            elif key.tag not in _TEXT:
                self._fault(at, "bad-name", path, "a key that is not a string", "put it in quotes")
            elif key.value in own:
                first = own[key.value].place.line
                self._fault(at, "duplicate-key", (*path, key.value), f"stands twice; the first is on line {first}")
            else:
                inner = (*path, key.value)
                own[key.value] = Entry(self._place(key, inner), self.node(value, inner))
        return Table({**inherited, **own}, place)

    def _merge(self, value: yaml.Node, path: Path, inherited: dict[str, Entry]) -> None:
        several = isinstance(value, yaml.SequenceNode)
        for source in value.value if several else [value]:
            table = self.node(source, path)
            if isinstance(table, Table):
                inherited.update((name, entry) for name, entry in table.entries.items() if name not in inherited)
            else:
                self._fault(table.place, "wrong-type", path, "`<<` takes a mapping, or a list of mappings")

    def _scalar(self, node: yaml.ScalarNode, place: Place, path: Path) -> Scalar:
        text: str = node.value
        kind = node.tag.removeprefix(_YAML)
        if node.tag == ENV_TAG:
            value, unset = expand(text, self._env)
            variables = tuple(dict.fromkeys(found[1] for found in _VARIABLE.finditer(text) if found[1]))
            return Scalar(value, place, expanded=True, unset=unset, variables=variables)
        if node.tag in _TEXT:
            if _LOOKS_LIKE_ONE.search(text):
                message = "${...} is replaced only in a value tagged !env"
                self._fault(place, "bad-value", path, message, "write `!env` before the value ($$ for a plain $)")
            return Scalar(text, place)
        try:
            if kind == "null":
                return Scalar(None, place)
            if kind == "bool":
                return Scalar(_CONSTRUCTOR.construct_yaml_bool(node), place)
            if kind == "int":
                return Scalar(_CONSTRUCTOR.construct_yaml_int(node), place)
            if kind == "float":
                return Scalar(_CONSTRUCTOR.construct_yaml_float(node), place)
        except (ValueError, KeyError, IndexError):
            self._fault(place, "bad-value", path, f"cannot be read as YAML's {kind}")
            return Scalar(None, place)
        self._bad_tag(node, place, path)
        return Scalar(text, place)

    def _place(self, node: yaml.Node, path: Path) -> Place:
        overlay = str(path[1]) if len(path) > 1 and path[0] == "environments" else ""
        mark = node.start_mark
        return Place(self._file, mark.line + 1, mark.column + 1, overlay)

    def _bad_tag(self, node: yaml.Node, place: Place, path: Path) -> None:
        hint = "only plain YAML types and, for strings, !env are read"
        self._fault(place, "bad-value", path, f"the tag {quoted(node.tag)} is not read here", hint)

    def _fault(self, place: Place, code: FaultCode, path: Path, message: str, hint: str = "") -> None:
        self.faults.append(fault_at(place, code, path, message, hint))


def expand(text: str, env: Mapping[str, str]) -> tuple[str, str]:
    """`${NAME}` and `${NAME:-default}` filled in, `$$` as `$`; and what is lacking, empty when nothing is.

    As in a shell, `:-` also stands in for a variable that is empty.
    """
    lacking: list[str] = []

    def fill(match: re.Match[str]) -> str:
        name: str | None = match[1]
        if match[0] == "$$":
            return "$"
        if name is None:
            lacking.append("`${` begins no variable; write ${NAME}, ${NAME:-default}, or $$ for a plain $")
            return ""
        value = env.get(name)
        if match[2] is not None:
            return value or match[2]
        if value is None:
            lacking.append(f"the environment variable {name} is not set")
        return value or ""

    return _VARIABLE.sub(fill, text), "; ".join(dict.fromkeys(lacking))


def _from_plain(value: object, path: Path, name: str, faults: list[Fault]) -> Node:
    overlay = str(path[1]) if len(path) > 1 and path[0] == "environments" else ""
    place = Place(name, environment=overlay)
    if isinstance(value, msgspec.Struct):
        value = msgspec.to_builtins(value)
    if isinstance(value, Mapping):
        entries: dict[str, Entry] = {}
        for key, item in value.items():  # pyright: ignore[reportUnknownVariableType]
            if isinstance(key, str):
                entries[key] = Entry(place, _from_plain(item, (*path, key), name, faults))  # pyright: ignore[reportUnknownArgumentType]
            else:
                faults.append(fault_at(place, "bad-name", path, "a key that is not a string"))
        return Table(entries, place)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes | bytearray):
        items = enumerate(value)  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        return Items(tuple(_from_plain(item, (*path, index), name, faults) for index, item in items), place)  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
    if isinstance(value, str) and _LOOKS_LIKE_ONE.search(value):
        faults.append(fault_at(place, "bad-value", path, "${...} is not replaced here", "put the value itself"))
    if value is None or isinstance(value, str | int | float | bool):
        return Scalar(value, place)
    message = f"a {type(value).__name__} is no setting"
    faults.append(
        fault_at(place, "wrong-type", path, message, "give strings, numbers, true, false, lists and mappings")
    )
    return Scalar(None, place)
