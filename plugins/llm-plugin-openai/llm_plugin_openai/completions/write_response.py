"""A whole answer for a client (OpenAI API reference, Completions, the object completion)."""

from typing import Any

import msgspec

from llm_plugin_openai.completions.logprobs import list_logprobs
from llm_plugin_openai.completions.read_request import CompletionRequest
from llm_plugin_openai.completions.wire import NAME
from llm_plugin_openai.finish import written
from llm_plugin_openai.usage import write_usage
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.dialect import WrittenAnswer
from lockgate_ports.parts import Refusal, Text, Thinking, ToolCall
from lockgate_ports.unsaid import Media, Unsaid


def write_response(answer: ChatResponse, request: CompletionRequest) -> WrittenAnswer:
    """`text_completion`: the words alone. Thoughts and calls of tools have no place in it, and are named."""
    unsaid = Unsaid(NAME, shows)
    head = request.head
    fields: dict[str, Any] = {
        "id": answer.id or fresh_id(request),
        "object": "text_completion",
        "created": answer.created or request.asked_at,
        "model": answer.model or request.model,
        "choices": [_choice(choice, head, unsaid) for choice in answer.choices],
    }
    if answer.usage is not None:
        fields["usage"] = write_usage(answer.usage)
    if answer.system_fingerprint is not None:
        fields["system_fingerprint"] = answer.system_fingerprint
    if answer.native == NAME:
        fields = {**answer.extra, **fields}
    return WrittenAnswer(msgspec.json.encode(fields), unsaid.names)


def fresh_id(request: CompletionRequest) -> str:
    """For an answer that has none."""
    return f"cmpl-{request.tag}"


def shows(_: Media) -> bool:
    """Pictures and sound have no form here."""
    return False


def _choice(choice: Choice, head: str, unsaid: Unsaid) -> dict[str, Any]:
    words = head
    for part in unsaid.parts(choice):
        match part:
            case Text(text) | Refusal(text):
                words += text
            case Thinking() | ToolCall():
                unsaid.leave_out("thinking" if isinstance(part, Thinking) else "tool_call")
            case _:
                raise TypeError(f"{type(part).__name__} should have become a note")
    logprobs, _ = list_logprobs(choice.logprobs, len(head))
    return {
        "text": words,
        "index": choice.index,
        "logprobs": logprobs,
        "finish_reason": written(choice.finish_reason, choice.native_finish_reason),
    }
