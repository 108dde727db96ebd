"""From a source of settings to checked settings and the plugins they are checked against."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lockgate.adapters import builtins
from lockgate.adapters.bypass_watch import inside
from lockgate.adapters.keys_here import keys_here
from lockgate.plugins import Plugins, discover
from lockgate.settings import Draft, PluginSettings, Settings, Texts, read_settings, settle, with_workers
from lockgate.settings.credentials import look_nowhere
from lockgate_ports.errors import SettingsError

Source = Path | str | Texts | Mapping[str, Any] | Settings | None


def _nothing(chosen: PluginSettings) -> None:
    """Nobody watches."""


def load(
    source: Source,
    *,
    environment: str | None,
    env: Mapping[str, str],
    before: Callable[[PluginSettings], None] = _nothing,
    last: tuple[Settings, Plugins] | None = None,
    workers: int | None = None,
    credentials: bool = False,
) -> tuple[Settings, Plugins]:
    """Checked settings. A `source` of None stands for what the installed plugins serve without any. `before` is called
    when it is known which plugins are to be imported, and none is yet. `last`: what was loaded before; its plugins are
    not looked for again where the settings allow the same ones. `workers`: so many serve, whatever the settings say.
    `credentials`: a reference to a variable that is not set, or to a file that holds no key, is a fault as well.

    Raises SettingsError with all that is wrong.
    """
    if source is None:
        before(PluginSettings())
        plugins = discover(builtins=[builtins], around=inside)
        draft = _read(embedded(plugins), environment, env, workers)
    else:
        draft = _read(source, environment, env, workers)
        before(draft.plugins)
        if last is not None and last[0].plugins.allow == draft.plugins.allow:
            plugins = last[1]
        else:
            plugins = discover(allow=draft.plugins.allow, builtins=[builtins], around=inside)
    return settle(draft, plugins, keys_here(env) if credentials else look_nowhere), plugins


def _read(
    source: Path | str | Texts | Mapping[str, Any] | Settings,
    environment: str | None,
    env: Mapping[str, str],
    workers: int | None,
) -> Draft:
    draft = read_settings(source, environment=environment, env=env)
    return draft if workers is None else with_workers(draft, workers)


def embedded(plugins: Plugins) -> Mapping[str, Any]:
    """Settings with each provider that needs none, and a route `default` to the first model of them.

    Raises SettingsError when no such provider is installed.
    """
    ready = [factory for factory in plugins.models.values() if factory.embedded and factory.catalogue()]
    if not ready:
        broken = "".join(f"\n  {each.name}: {each.reason}" for each in plugins.quarantined)
        raise SettingsError(
            "there are no settings, and no installed plugin serves a model without any; "
            f"write lockgate.yaml, or install one that does: pip install 'lockgate[embedded]'{broken}"
        )
    targets = [f"{factory.kind}/{factory.catalogue()[0].id}" for factory in ready]
    return {
        "providers": {factory.kind: {"kind": factory.kind} for factory in ready},
        "routes": {"default": {"targets": targets[:1]}},
    }
