"""What the types of settings take, and how that is said to people."""

import math
import re
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from msgspec import inspect

from lockgate.settings.tree import Items, Node, Scalar, Table, quoted

MAPPINGS = (inspect.StructType, inspect.DataclassType, inspect.TypedDictType, inspect.DictType)
LISTS = (inspect.CollectionType, inspect.TupleType)
_fields: dict[type, tuple[inspect.Field, ...]] = {}


def fields_of(cls: type) -> tuple[inspect.Field, ...]:
    """The fields of a Struct, as they stand in a file. Found once: it is asked for each row of many thousands."""
    if (fields := _fields.get(cls)) is None:
        kind = inspect.type_info(cls)
        assert isinstance(kind, inspect.StructType)  # noqa: S101  the callers pass Structs
        fields = _fields[cls] = kind.fields
    return fields


def did_you_mean(name: str, names: Iterable[str]) -> str:
    """`did you mean base_url?`, or nothing."""
    near = get_close_matches(name, sorted(names), 1, 0.6)
    return f"did you mean {near[0]}?" if near else ""


def fits(node: Node, kind: inspect.Type) -> bool:
    """Is the node of the right sort for this type, its bounds aside?"""
    if isinstance(kind, inspect.Metadata):
        return fits(node, kind.type)
    if isinstance(kind, inspect.AnyType | inspect.RawType):
        return True
    if isinstance(node, Table):
        return isinstance(kind, (*MAPPINGS, inspect.CustomType))
    if isinstance(node, Items):
        return isinstance(kind, (*LISTS, inspect.CustomType))
    value = node.value
    if isinstance(kind, inspect.NoneType):
        return value is None
    if isinstance(kind, inspect.BoolType):
        return isinstance(value, bool)
    if isinstance(kind, inspect.IntType):
        return isinstance(value, int) and not isinstance(value, bool)
    if isinstance(kind, inspect.FloatType):
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    if isinstance(kind, inspect.StrType):
        return isinstance(value, str)
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return any(type(value) is type(choice) and value == choice for choice in _choices(kind))
    # Dates, decimals, bytes and the like are told apart when the value is built.
    return value is not None and not isinstance(kind, (*MAPPINGS, *LISTS))


def refusal(value: object, kind: inspect.Type) -> str:
    """Which bound of the type the value breaks; empty when none."""
    if isinstance(value, int | float) and isinstance(kind, inspect.IntType | inspect.FloatType):
        if kind.gt is not None and not value > kind.gt:
            return f"must be more than {kind.gt}"
        if kind.ge is not None and not value >= kind.ge:
            return f"must be at least {kind.ge}"
        if kind.lt is not None and not value < kind.lt:
            return f"must be less than {kind.lt}"
        if kind.le is not None and not value <= kind.le:
            return f"must be at most {kind.le}"
        if kind.multiple_of is not None and value % kind.multiple_of:
            return f"must be a multiple of {kind.multiple_of}"
    if isinstance(value, str) and isinstance(kind, inspect.StrType):
        if kind.min_length is not None and len(value) < kind.min_length:
            return "is empty" if not value else f"is shorter than {kind.min_length} characters"
        if kind.max_length is not None and len(value) > kind.max_length:
            return f"is longer than {kind.max_length} characters"
        if kind.pattern is not None and not re.search(kind.pattern, value):
            return f"does not match {kind.pattern}"
    return ""


def _choices(kind: inspect.LiteralType | inspect.EnumType) -> list[Any]:
    return list(kind.values) if isinstance(kind, inspect.LiteralType) else [member.value for member in kind.cls]


def as_number(value: object, kind: inspect.Type) -> Any:
    """What an expanded value says, read as the type wants it; text stays text when it says no such thing."""
    text = str(value)
    if isinstance(kind, inspect.BoolType):
        return {"true": True, "false": False}.get(text.lower(), text)
    try:
        return int(text)
    except ValueError:
        try:
            return text if isinstance(kind, inspect.IntType) else float(text)
        except ValueError:
            return text


def said(node: Node) -> str:
    """What a node is, for people."""
    if isinstance(node, Table):
        return "a mapping"
    if isinstance(node, Items):
        return "a list"
    value = node.value
    if value is None:
        return "nothing (null)"
    if isinstance(value, bool):
        return "true or false"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number without end"
    if isinstance(value, str):
        return "a string"
    return "a whole number" if isinstance(value, int) else "a number"


def type_hint(node: Node, expected: str) -> str:
    """What to do about a value of the wrong type; may be empty."""
    if not isinstance(node, Scalar):
        return ""
    if node.value is None:
        return "give it a value, or take the key away"
    if expected == "a string":
        return "put it in quotes"
    if expected.startswith("a list"):
        return "put it in square brackets"
    if isinstance(node.value, str) and expected in ("a number", "a whole number") and not node.expanded:
        return "take the quotes away" if re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", node.value) else ""
    if isinstance(node.value, str) and expected.startswith("one of"):
        return did_you_mean(node.value, expected.removeprefix("one of ").split(", "))
    return ""


def words(kind: inspect.Type) -> str:
    """The type, for people: `a whole number`, `one of strict, drop`."""
    if isinstance(kind, inspect.Metadata):
        return words(kind.type)
    if isinstance(kind, inspect.UnionType):
        return " or ".join(dict.fromkeys(words(item) for item in kind.types if not isinstance(item, inspect.NoneType)))
    if isinstance(kind, inspect.LiteralType | inspect.EnumType):
        return f"one of {', '.join(quoted(item) if item == '' else str(item) for item in _choices(kind))}"
    if isinstance(kind, MAPPINGS):
        return "a mapping"
    if isinstance(kind, LISTS):
        return "a list"
    if isinstance(kind, inspect.CustomType):
        return f"a {kind.cls.__name__}"
    named: dict[type, str] = {
        inspect.BoolType: "true or false",
        inspect.IntType: "a whole number",
        inspect.FloatType: "a number",
        inspect.StrType: "a string",
        inspect.NoneType: "null",
    }
    return named.get(type(kind)) or f"a {type(kind).__name__.removesuffix('Type').lower()}"
