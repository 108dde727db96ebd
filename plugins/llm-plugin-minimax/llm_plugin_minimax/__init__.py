"""MiniMax, which speaks openai-chat with errors of its own, for Lockgate."""

from typing import Any

from lockgate_ports.hooks import ModelFactory, hookimpl


@hookimpl
def register_models() -> tuple[ModelFactory[Any], ...]:
    """`minimax`."""
    from llm_plugin_minimax.kinds import MINIMAX

    return (MINIMAX,)
