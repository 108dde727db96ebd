"""Asks one plugin, alone with pluggy, what it offers, and checks that this is what the hooks promise."""

import re
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any

import pluggy
from msgspec import Struct, json

from lockgate.plugins.reason import Misbehaviour, said
from lockgate.settings.model import ProviderRow
from lockgate_ports.hooks import PROJECT, Factory, ModelFactory, PluginHooks

FAMILIES = {
    "register_models": "models",
    "register_dialects": "dialects",
    "register_secrets": "secrets",
    "register_egress_policies": "egress",
    "register_metrics": "metrics",
    "register_traces": "traces",
    "register_ledgers": "ledgers",
    "register_limits": "limits",
    "register_steps": "steps",
    "register_weights": "weights",
    "register_commands": "commands",
}
"""Each hook, and the field of Plugins that its factories go to."""

_KIND = re.compile(r"[a-z0-9]+([._-][a-z0-9]+)*")
_NAMED = {
    "register_dialects": ("a SurfaceDialect or CatalogueDialect", "write_error"),
    "register_weights": ("Weights", "pull"),
    "register_commands": ("a click command", "__call__"),
}
"""Hooks whose things have a `name` in place of a kind: what was promised, and a part that shows that it is that."""
_TAKEN = {"register_models": set(ProviderRow.__struct_fields__) - {"kind_settings"}, "register_secrets": set[str]()}
"""Names that the settings of a kind cannot have, since they stand beside those; in the other hooks only `kind`."""
_MOST = 1000


class Offering(Struct, frozen=True):
    """What one plugin offers: the hooks it implements, and by family and kind what they returned."""

    hooks: tuple[str, ...]
    kinds: dict[str, dict[str, Any]]


def ask(load: Callable[[], object]) -> Offering:
    """Imports a plugin by `load` and calls its hooks. Raises Misbehaviour with the reason, whatever the plugin does."""
    try:
        plugin = load()
    except SystemExit:
        raise Misbehaviour("calls sys.exit at import") from None
    except BaseException as error:  # noqa: BLE001  a plugin may raise anything, and harms only itself
        raise Misbehaviour(f"raises at import: {said(error)}") from None
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(PluginHooks)
    try:
        manager.register(plugin)
        manager.check_pending()
    except BaseException as error:  # noqa: BLE001  registering looks at the plugin's own objects
        raise Misbehaviour(f"its hooks do not fit: {said(error)}") from None
    implemented = sorted(caller.name for caller in manager.get_hookcallers(plugin) or ())
    if not implemented:
        raise Misbehaviour("offers nothing: no function in it is marked with hookimpl")
    kinds: dict[str, dict[str, Any]] = {}
    for hook in implemented:
        kinds[FAMILIES[hook]] = _call(getattr(manager.hook, hook), hook)
    return Offering(tuple(implemented), kinds)


def _call(caller: Callable[[], list[Any]], hook: str) -> dict[str, Any]:
    try:
        results = caller()
        if not results or not isinstance(results[0], Iterable):
            what = type(results[0]).__name__ if results else "None"
            raise Misbehaviour(f"{hook} returns {what} in place of a list")
        offered: list[Any] = list(islice(results[0], _MOST + 1))  # pyright: ignore[reportUnknownArgumentType]
        if len(offered) > _MOST:
            raise Misbehaviour(f"{hook} returns more than {_MOST} things")
        found: dict[str, Any] = {}
        for item in offered:
            kind = _kind(item, hook)
            if kind in found:
                raise Misbehaviour(f"{hook} offers {kind!r} twice")
            found[kind] = item
    except Misbehaviour:
        raise
    except BaseException as error:  # noqa: BLE001  a plugin may raise anything, and harms only itself
        raise Misbehaviour(f"{hook} raises {said(error)}") from None
    return found


def _kind(item: Any, hook: str) -> str:
    """The name under which `item` is offered. Raises Misbehaviour when it is not what `hook` promises."""
    if hook in _NAMED:
        promised, callable_part = _NAMED[hook]
        part = getattr(item, callable_part, None)
        name = getattr(item, "name", None)
        if not callable(part) or not isinstance(name, str) or not name:
            raise Misbehaviour(f"{hook} returns a {type(item).__name__} where {promised} was promised")
        return name
    promise = ModelFactory if hook == "register_models" else Factory
    if not isinstance(item, promise):
        raise Misbehaviour(f"{hook} returns a {type(item).__name__} where a {promise.__name__} was promised")
    return _factory_kind(item, hook)


def _factory_kind(factory: Any, hook: str) -> str:
    kind = factory.kind
    if not isinstance(kind, str) or not _KIND.fullmatch(kind):
        raise Misbehaviour(f"{hook}: a kind is named in lower case letters and digits, in words joined by dashes")
    settings = factory.settings
    if not (isinstance(settings, type) and issubclass(settings, Struct)):
        raise Misbehaviour(f"{hook}: the settings of {kind!r} are not a msgspec Struct")
    if not callable(factory.build) or (hook == "register_models" and not callable(factory.origins)):
        raise Misbehaviour(f"{hook}: what should build {kind!r} cannot be called")
    if clash := sorted(_TAKEN.get(hook, {"kind"}) & set(settings.__struct_encode_fields__)):
        raise Misbehaviour(f"{hook}: the settings of {kind!r} hold {', '.join(clash)}, which lockgate reads itself")
    try:
        json.Decoder(settings)
    except Exception as error:  # noqa: BLE001  whatever msgspec cannot make of a plugin's annotations
        raise Misbehaviour(f"{hook}: the settings of {kind!r} cannot be read: {said(error)}") from None
    return kind
