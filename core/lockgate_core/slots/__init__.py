"""How many calls a provider, or one model of it, gets at a time, and who waits for a place."""

from lockgate_core.slots.gradient import AdaptivePolicy, Gradient
from lockgate_core.slots.of_provider import ProviderSlots
from lockgate_core.slots.places import Full, Places
from lockgate_core.slots.slots import Slots, SlotsNow, SlotsPolicy

__all__ = [
    "AdaptivePolicy",
    "Full",
    "Gradient",
    "Places",
    "ProviderSlots",
    "Slots",
    "SlotsNow",
    "SlotsPolicy",
]
