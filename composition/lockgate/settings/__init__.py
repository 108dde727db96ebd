"""Typed settings from YAML: every fault at once, with its place and what to do."""

from lockgate.settings.concurrency import Adaptive, Concurrency, Priority
from lockgate.settings.faults import Fault, SettingsFaults
from lockgate.settings.load import (
    Draft,
    Texts,
    load_settings,
    read_settings,
    server_of,
    settle,
    unused_config_keys,
    with_workers,
)
from lockgate.settings.model import (
    Breaker,
    Chosen,
    ConfigKey,
    HealthCheck,
    PluginSettings,
    ProviderRow,
    Retry,
    ServerSettings,
    Settings,
    Timeouts,
)
from lockgate.settings.network import DataHandling, Labels, Proxy
from lockgate.settings.offers import Offers
from lockgate.settings.profiles import Parameters, Profile, PromptTemplate
from lockgate.settings.reload import Reload
from lockgate.settings.routes import (
    Fallbacks,
    Hedge,
    Keep,
    Match,
    OwnRetry,
    OwnTimeouts,
    Rollout,
    Route,
    RouteTarget,
    Shadow,
    Stream,
)
from lockgate.settings.targets import split_target

__all__ = [
    "Adaptive",
    "Breaker",
    "Chosen",
    "Concurrency",
    "ConfigKey",
    "DataHandling",
    "Draft",
    "Fallbacks",
    "Fault",
    "HealthCheck",
    "Hedge",
    "Keep",
    "Labels",
    "Match",
    "Offers",
    "OwnRetry",
    "OwnTimeouts",
    "Parameters",
    "PluginSettings",
    "Priority",
    "Profile",
    "PromptTemplate",
    "ProviderRow",
    "Proxy",
    "Reload",
    "Retry",
    "Rollout",
    "Route",
    "RouteTarget",
    "ServerSettings",
    "Settings",
    "SettingsFaults",
    "Shadow",
    "Stream",
    "Texts",
    "Timeouts",
    "load_settings",
    "read_settings",
    "server_of",
    "settle",
    "split_target",
    "unused_config_keys",
    "with_workers",
]
