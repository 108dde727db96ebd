"""Redis for Lockgate: the store for limits redis."""

from typing import Any

from lockgate_ports.hooks import Factory, hookimpl
from lockgate_ports.limits import LimitsPort


@hookimpl
def register_limits() -> tuple[Factory[Any, LimitsPort], ...]:
    """`redis`."""
    from llm_plugin_redis.kind import REDIS

    return (REDIS,)
