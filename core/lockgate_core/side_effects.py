"""Which requests do more than ask for an answer, so that they may not be made twice unasked. Pure."""

from typing import Any

from lockgate_ports.chat import ChatRequest, NativeTool
from lockgate_ports.errors import LockgateError
from lockgate_ports.wire import Request


def has_side_effects(request: Request[Any]) -> bool:
    """Does a call do more than answer: run a provider's own tools, or leave something there? So does, for all that is
    known, one that only its provider can read."""
    if request.operation != "chat":
        return request.operation not in ("embeddings", "rerank", "count_tokens")
    try:
        view: ChatRequest = request.view
    except LockgateError:
        return True
    return bool(view.store) or any(isinstance(tool, NativeTool) for tool in view.tools)
