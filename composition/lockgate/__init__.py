"""One calling surface for every LLM provider: `async with lockgate.open_gateway("lockgate.yaml") as gateway:`."""

from typing import TYPE_CHECKING, Any

from lockgate_ports.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    CustomTool,
    FunctionTool,
    Reasoning,
    ResponseFormat,
    ToolChoice,
)
from lockgate_ports.embed import EmbedRequest, EmbedResponse
from lockgate_ports.errors import (
    CallerError,
    EgressDenied,
    InvalidRequest,
    LockgateError,
    ModelNotFound,
    SettingsError,
    Unsupported,
    UpstreamError,
)
from lockgate_ports.http import Purpose
from lockgate_ports.parts import Message, assistant, system, tool, user
from lockgate_ports.rerank import Ranked, RerankRequest, RerankResponse
from lockgate_ports.usage import Usage

if TYPE_CHECKING:
    from lockgate.gateway import Gateway
    from lockgate.opening import open_gateway

__all__ = [
    "CallerError",
    "ChatRequest",
    "ChatResponse",
    "Choice",
    "CustomTool",
    "EgressDenied",
    "EmbedRequest",
    "EmbedResponse",
    "FunctionTool",
    "Gateway",
    "InvalidRequest",
    "LockgateError",
    "Message",
    "ModelNotFound",
    "Purpose",
    "Ranked",
    "Reasoning",
    "RerankRequest",
    "RerankResponse",
    "ResponseFormat",
    "SettingsError",
    "ToolChoice",
    "Unsupported",
    "UpstreamError",
    "Usage",
    "assistant",
    "open_gateway",
    "system",
    "tool",
    "user",
]


def __getattr__(name: str) -> Any:
    """`open_gateway` and `Gateway` bring the container and aiohttp with them, so they wait until they are asked for."""
    if name == "open_gateway":
        from lockgate.opening import open_gateway

        return open_gateway
    if name == "Gateway":
        from lockgate.gateway import Gateway

        return Gateway
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
