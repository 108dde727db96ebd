"""What an answer says, in plain values that compare well and print well when they differ."""

from typing import Any

import msgspec

from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.parts import ToolCall
from lockgate_ports.testkit.samples import Sample


def said(answer: ChatResponse | Sample) -> list[dict[str, Any]]:
    """The choices of an answer: what a caller acts on."""
    return [
        {
            "index": choice.index,
            "text": choice.text,
            "thinking": choice.thinking,
            "refusal": choice.refusal,
            "tool_calls": [_call(call) for call in choice.tool_calls],
            "finish_reason": choice.finish_reason,
        }
        for choice in answer.choices
    ]


def said_in_full(answer: ChatResponse) -> dict[str, Any]:
    """The whole answer, for comparing one decoded from a body with one folded from a stream."""
    return {
        "model": answer.model,
        "usage": msgspec.to_builtins(answer.usage, builtin_types=()),
        "choices": [
            told
            | {
                "native_finish_reason": choice.native_finish_reason,
                "kinds": [type(part).__name__ for part in choice.parts],
            }
            for told, choice in zip(said(answer), answer.choices, strict=True)
        ],
    }


def ids(choice: Choice) -> list[str]:
    """The ids of a choice's tool calls, in order."""
    return [call.id for call in choice.tool_calls]


def _call(call: ToolCall) -> dict[str, Any]:
    arguments: Any = call.arguments
    if not call.custom:
        try:
            arguments = msgspec.json.decode(call.arguments)
        except msgspec.DecodeError:
            arguments = f"not JSON: {call.arguments}"
    return {"name": call.name, "arguments": arguments}
