"""Typed settings from YAML: every fault at once, with its place and what to do."""

from lockgate.settings.faults import Fault, SettingsFaults
from lockgate.settings.load import Draft, load_settings, read_settings, settle
from lockgate.settings.model import (
    Breaker,
    Chosen,
    PluginSettings,
    ProviderRow,
    Retry,
    Route,
    ServerSettings,
    Settings,
    Timeouts,
    split_target,
)
from lockgate.settings.offers import Offers

__all__ = [
    "Breaker",
    "Chosen",
    "Draft",
    "Fault",
    "Offers",
    "PluginSettings",
    "ProviderRow",
    "Retry",
    "Route",
    "ServerSettings",
    "Settings",
    "SettingsFaults",
    "Timeouts",
    "load_settings",
    "read_settings",
    "settle",
    "split_target",
]
