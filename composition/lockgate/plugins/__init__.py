"""Plugins: found by metadata, loaded one by one, set aside when they misbehave."""

from lockgate.plugins.discovery import discover
from lockgate.plugins.model import LoadedPlugin, Plugins, Quarantined

__all__ = ["LoadedPlugin", "Plugins", "Quarantined", "discover"]
