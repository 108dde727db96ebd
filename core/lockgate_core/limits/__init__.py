"""Limits and budgets: which ones hold for a call, what it takes of them before and what it really took."""

from lockgate_core.limits.limiter import Limiter
from lockgate_core.limits.rooms import Rooms
from lockgate_core.limits.rules import Rule

__all__ = ["Limiter", "Rooms", "Rule"]
