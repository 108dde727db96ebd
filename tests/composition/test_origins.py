"""Where a value is said to come from, there it stands."""

from random import Random
from typing import Any

from lockgate import ChatRequest, user
from lockgate.loading import load
from lockgate.rehearsal import rehearsed
from lockgate.settings import Settings, load_settings
from lockgate_core.explain import AskedTarget
from lockgate_ports.wire import Request

TIMEOUTS = ("connect", "attempt", "first_token", "idle", "total")
RETRY = ("max_attempts", "base_delay", "max_delay", "max_retry_after")
BASE: dict[str, Any] = {
    "providers": {"a": {"kind": "openai-compatible", "base_url": "http://127.0.0.1:1/v1"}},
    "routes": {"r": {"targets": ["a/m", "a/n"]}},
    "profiles": {"p": {"model": "r"}, "q": {"model": "a/m"}},
}


def some(chance: Random, names: tuple[str, ...]) -> dict[str, int]:
    return {name: chance.randint(1, 9) for name in names if chance.random() < 0.3}


def some_settings(chance: Random) -> dict[str, Any]:
    provider: dict[str, Any] = dict(BASE["providers"]["a"])
    route: dict[str, Any] = dict(BASE["routes"]["r"])
    profiles: dict[str, dict[str, Any]] = {name: dict(row) for name, row in BASE["profiles"].items()}
    source: dict[str, Any] = {"providers": {"a": provider}, "routes": {"r": route}, "profiles": profiles}
    for what, names in (("timeouts", TIMEOUTS), ("retry", RETRY)):
        for part in (source, provider, route, *profiles.values()):
            if chance.random() < 0.6:
                part[what] = some(chance, names)
        provider[f"model_{what}"] = {name: some(chance, names) for name in ("m", "n") if chance.random() < 0.6}
    return source


def standing(source: Any, path: str, field: str) -> Any:
    for name in path.split("."):
        source = source[name]
    return source[field]


def check(target: AskedTarget, source: dict[str, Any], profile: str | None) -> None:
    for name, origin in target.said_by.items():
        what, _, field = name.partition(".")
        if what == "stream":
            continue
        value = getattr(getattr(target, what), field)
        whole = getattr(Settings(), what)
        if origin == "default":
            assert value == getattr(whole, field)
        else:
            assert value == standing(source, origin, field), (name, origin)
        provider, model = source["providers"]["a"], target.target.partition("/")[2]
        special = [source.get("profiles", {}).get(profile, {}).get(what)]
        special += [source["routes"]["r"].get(what) if profile != "q" else None, provider[f"model_{what}"].get(model)]
        said = [part[field] for part in (*special, provider.get(what), source.get(what)) if part and field in part]
        assert value == (said[0] if said else getattr(whole, field)), "the most special part counts"


def test_what_is_told_of_a_value_is_true_of_500_settings() -> None:
    chance = Random(5)
    _, plugins = load(BASE, environment=None, env={})
    for _ in range(125):
        source = some_settings(chance)
        settings = load_settings(source, environment=None, env={}, offers=plugins)
        explainer = rehearsed(settings, plugins, {})
        for name, profile in (("r", None), ("p", "p"), ("q", "q"), ("a/n", None)):
            view = ChatRequest(model=name, messages=(user("hi"),))
            told = explainer.explain(Request(operation="chat", model=name, stream=False, view=view))
            for target in told.targets:
                direct = source | {"routes": {"r": {}}} if name == "a/n" else source
                check(target, direct, profile)
