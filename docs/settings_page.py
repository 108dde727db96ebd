"""Writes docs/settings.md from the settings themselves: `make docs`. With `--print` it prints the page instead."""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any, cast

import msgspec
from msgspec import Struct
from msgspec.inspect import (
    CollectionType,
    DictType,
    Field,
    FloatType,
    IntType,
    Metadata,
    StructType,
    Type,
    UnionType,
    type_info,
)

from lockgate.adapters import builtins
from lockgate.adapters.data_rules import DataRule
from lockgate.plugins import Plugins, discover
from lockgate.settings import (
    Adaptive,
    Breaker,
    Chosen,
    Concurrency,
    ConfigKey,
    DataHandling,
    Fallbacks,
    HealthCheck,
    Hedge,
    Keep,
    Labels,
    Match,
    OwnRetry,
    OwnTimeouts,
    Parameters,
    PluginSettings,
    Priority,
    Profile,
    ProviderRow,
    Proxy,
    Reload,
    Retry,
    Rollout,
    Route,
    RouteTarget,
    ServerSettings,
    Settings,
    Shadow,
    Stream,
    Timeouts,
)
from lockgate.settings.auth import Auth, Claims, KeyFileSettings, TokenIssuer
from lockgate.settings.kinds import words
from lockgate.settings.limits import LimitRule, Limits
from lockgate_ports.cards import ModelCard, Price, Rates, Tier
from lockgate_ports.hooks import Factory, ModelFactory, NoSettings

PAGE = Path(__file__).with_name("settings.md")

_HEAD = """\
# Every setting

<!-- Written by docs/settings_page.py from the types of the settings; `make docs` writes it anew. -->

What each setting means, with its type and default. [Configuration](configuration.md) shows them at work. Times are in
seconds, sizes in bytes. An unknown key is a fault, and so is a value of another type: `lockgate check` names them all.
"""

# What the kinds of llm-plugin-openai say of their fields in the docstring of the class, if at all.
_SAID_ELSEWHERE = {
    "base_url": "Where it is asked: `http` or `https`, host, port, and the path prefix of `/chat/completions`.",
    "organization": "Sent as the header `openai-organization`.",
    "project": "Sent as the header `openai-project`.",
    "params": "What becomes of tuning the provider has no word for, when a request is translated: `strict` refuses, "
    "`drop` leaves out and names it in `x-lockgate-dropped`, `pass` sends it all the same.",
    "models": "What `lockgate models` lists: names, or mappings as under [A model](#a-model); laid over the "
    "catalogue of the kind, field by field, and hiding none of it. Other names can be asked for as well.",
    "response_limit": "The longest whole answer, in bytes.",
    "auth": "How the key is shown, as under [auth](#auth).",
    "headers": "Header fields sent with every request.",
    "stream_usage": "It takes `stream_options.include_usage`. With `false` the usage of its streams stays unknown.",
    "max_tokens_field": "The field that limits the answer.",
    "reasoning_field": "Where it takes back what a model thought; null: nowhere.",
    "header": "The header that carries the key.",
    "scheme": "The word before the key; empty: the bare key.",
    "max_label_sets": "How many sets of labels a metric may have before further models share `(other)`.",
}


def page() -> str:
    """The whole page. The kinds of other plugins stand in their own READMEs: adding one changes nothing here."""
    plugins = discover(allow=["llm-plugin-openai"], builtins=[builtins])
    return "\n".join([_HEAD, *_engine(), *_kinds(plugins)]).rstrip() + "\n"


def _engine() -> Iterator[str]:
    yield from _section("The file", Settings)
    yield from _section("server", ServerSettings)
    yield from _section("reload", Reload)
    yield from _section("plugins", PluginSettings)
    yield from _section("Who may call", Auth)
    yield from _section("auth.keys", KeyFileSettings)
    yield from _section("auth.jwt", TokenIssuer)
    yield from _section("claims", Claims)
    yield from _section("limits", Limits, leave_out=["settings"])
    yield from _section("A row of limits.rules", LimitRule)
    yield from _section("retry", Retry)
    yield from _section("breaker", Breaker)
    yield from _section("timeouts", Timeouts)
    yield from _section("A row of providers", ProviderRow, leave_out=["kind_settings"])
    yield "The kind's own settings stand beside these; see below, and the README of the plugin that brings it.\n"
    yield from _section("concurrency", Concurrency)
    yield from _section("adaptive", Adaptive)
    yield from _section("priority", Priority)
    yield from _section("data", DataHandling)
    yield from _section("health_check", HealthCheck)
    yield from _section("A row of routes", Route)
    yield from _section("A target", RouteTarget)
    yield from _section("match", Match)
    yield from _section("Fallbacks", Fallbacks)
    yield from _section("rollout", Rollout)
    yield from _section("stream", Stream)
    yield from _section("hedge", Hedge)
    yield from _section("Own timeouts", OwnTimeouts)
    yield from _section("Own retry", OwnRetry)
    yield from _section("shadow", Shadow)
    yield from _section("keep", Keep)
    yield from _section("A row of profiles", Profile)
    yield from _section("parameters", Parameters)
    yield from _section("A row of config_keys", ConfigKey)
    yield from _section("labels", Labels)
    yield from _section("proxy", Proxy)


def _kinds(plugins: Plugins) -> Iterator[str]:
    families: dict[str, Mapping[str, ModelFactory[Any] | Factory[Any, Any]]] = {
        "provider": plugins.models,
        "secret store": plugins.secrets,
        "egress policy": plugins.egress,
        "metrics backend": plugins.metrics,
        "trace exporter": plugins.traces,
        "ledger": plugins.ledgers,
    }
    for family, factories in families.items():
        for kind, factory in sorted(factories.items()):
            summary = factory.summary.rstrip(".")
            yield f"## {family.capitalize()} `{kind}`\n\n{summary[0].upper()}{summary[1:]}.\n"
            if factory.settings is NoSettings:
                yield "No settings.\n"
            else:
                yield from _table(factory.settings)
    yield from _section("A rule of the egress policy", DataRule)
    yield from _section("auth", _struct_in(plugins.models["openai-compatible"].settings, "auth"))
    yield from _section("A model", ModelCard)
    yield from _section("A price", Price)
    yield from _section("Rates", Rates)
    yield from _section("A tier", Tier)


def _section(title: str, cls: Any, leave_out: Iterable[str] = ()) -> Iterator[str]:
    yield f"## {title}\n"
    yield " ".join((inspect.getdoc(cls) or "").split()) + "\n"
    yield from _table(cls, leave_out)


def _table(cls: Any, leave_out: Iterable[str] = ()) -> Iterator[str]:
    said = docstrings(cls)
    yield "| setting | type | default | |"
    yield "|---|---|---|---|"
    for field in fields(cls):
        if field.name not in leave_out:
            text = said.get(field.name) or _SAID_ELSEWHERE[field.name]
            text = text.partition(" Loaded: ")[0].replace("None", "null")
            yield f"| `{field.name}` | {_words(field.type)} | {_default(field)} | {text} |".replace("  ", " ")
    yield ""


def fields(cls: Any) -> tuple[Field, ...]:
    """The fields of a Struct, in the order of its source."""
    return cast(StructType, type_info(cls)).fields


def docstrings(cls: type) -> dict[str, str]:
    """The string that stands below each field of a class, on one line."""
    body = cast(ast.ClassDef, ast.parse(textwrap.dedent(inspect.getsource(cls))).body[0]).body
    found: dict[str, str] = {}
    for field, below in pairwise(body):
        if (
            isinstance(field, ast.AnnAssign)
            and isinstance(field.target, ast.Name)
            and isinstance(below, ast.Expr)
            and isinstance(below.value, ast.Constant)
            and isinstance(below.value.value, str)
        ):
            found[field.target.id] = " ".join(below.value.value.split())
    return found


def _words(kind: Type) -> str:
    match kind:
        case Metadata():
            return _words(kind.type)
        case UnionType():
            told = [_words(each) for each in kind.types]
            return " or ".join(each for each in dict.fromkeys(told) if each != "null")
        case CollectionType():
            return f"list of {_words(kind.item_type).replace(' or ', 's or ')}s"
        case DictType():
            inner = _words(kind.value_type)
            return f"mapping of {inner}s" if inner != "any" else "mapping"
        case IntType() | FloatType():
            return _bounded(kind)
        case _:
            return words(kind).removeprefix("a ")


def _bounded(kind: IntType | FloatType) -> str:
    told = words(kind).removeprefix("a ")
    if kind.ge is not None and kind.ge == kind.le:
        return f"{kind.ge}"
    if kind.ge is not None and kind.le is not None:
        return f"{told}, {kind.ge:,} to {kind.le:,}"
    if kind.ge is not None:
        return f"{told}, {kind.ge} or more"
    return f"{told} above {kind.gt}" if kind.gt is not None else told


def _default(field: Field) -> str:
    if field.required:
        return "required"
    value = field.default
    if value in (msgspec.NODEFAULT, None, (), {}):
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"`{each}`" for each in cast(tuple[object, ...], value))
    if isinstance(value, Struct):
        return f"`{value.kind}`" if isinstance(value, Chosen) else ""
    if isinstance(value, bool | str):
        return f"`{value}`".lower() if isinstance(value, bool) else f"`{value}`"
    return f"{value:,}" if isinstance(value, int) and value >= 100_000 else f"{value:g}"


def _struct_in(cls: Any, name: str) -> Any:
    (kind,) = [field.type for field in fields(cls) if field.name == name]
    return cast(StructType, kind).cls


if __name__ == "__main__":
    if "--print" in sys.argv[1:]:
        sys.stdout.write(page())
    else:
        PAGE.write_text(page())
