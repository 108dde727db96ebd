"""A whole answer (Amazon Bedrock API reference, Converse, response syntax)."""

import msgspec
from msgspec import Raw

from llm_plugin_bedrock.answer_wire import ANSWER, BLOCK, SERVER_TOOL, Cited, Reasoning, ToolUse
from llm_plugin_bedrock.drawn import drawn
from llm_plugin_bedrock.error_in import error_inside
from llm_plugin_bedrock.finish import reason_of
from llm_plugin_bedrock.names import DIALECT, said_name
from llm_plugin_bedrock.usage import usage_of
from lockgate_ports.answer_tool import ANSWER_TOOL
from lockgate_ports.body_faults import BROKEN
from lockgate_ports.carried import MEMBERS, said
from lockgate_ports.chat import ChatResponse, Choice
from lockgate_ports.errors import UpstreamError
from lockgate_ports.parts import Native, Part, Text, Thinking, ToolCall
from lockgate_ports.refusals import unreadable, unusable

_KNOWN = frozenset(("output", "stopReason", "usage"))


def read_response(body: bytes) -> ChatResponse:
    """The canonical answer. Raises UpstreamError for what is none."""
    try:
        wire = ANSWER.decode(body)
        members = MEMBERS.decode(body)
        if wire.output is None or wire.output.message is None:
            raise _without_message(body, members)
        parts = tuple(part for raw in wire.output.message.content for part in _parts(raw))
    except BROKEN as error:
        raise nonsense(error, body) from None
    if wire.stopReason is None:
        raise unusable("an answer without a stopReason")
    extra = {name: value for name, value in members.items() if name not in _KNOWN and said(value)}
    choice = Choice(
        parts=parts,
        finish_reason=reason_of(wire.stopReason, calls=any(isinstance(part, ToolCall) for part in parts)),
        native_finish_reason=wire.stopReason,
    )
    return ChatResponse(
        choices=(choice,), usage=usage_of(wire.usage, wire.serviceTier), extra=extra, native=DIALECT if extra else None
    )


def nonsense(error: Exception, body: bytes) -> UpstreamError:
    """For a body that does not decode."""
    if isinstance(error, msgspec.ValidationError):
        return unusable(f"JSON that is no answer of this operation ({error})")
    return unreadable(body)


def _without_message(body: bytes, members: dict[str, Raw]) -> UpstreamError:
    told = {"message", "Message", "__type"} & members.keys()
    return error_inside(body) if told else unusable("an answer without output.message")


def _parts(raw: Raw) -> list[Part]:
    """One content block; none for an empty one."""
    block = BLOCK.decode(raw)
    if block.text is not None:
        return [Text(block.text)] if block.text else []
    if block.toolUse is not None and block.toolUse.type != SERVER_TOOL:
        return [_call(block.toolUse)]
    if block.reasoningContent is not None:
        return _thoughts(block.reasoningContent)
    if block.citationsContent is not None:
        return [_cited(block.citationsContent)]
    if said(block.image) and (image := drawn(block.image)) is not None:
        return [image]
    members = MEMBERS.decode(raw)
    return [Native(DIALECT, next(iter(members)), raw)] if members else []


def _call(call: ToolUse) -> Part:
    arguments = bytes(call.input).decode() if said(call.input) else "{}"
    if call.name == ANSWER_TOOL:
        return Text(arguments)
    return ToolCall(call.toolUseId, said_name(call.name), arguments)


def _thoughts(reasoning: Reasoning) -> list[Part]:
    if reasoning.redactedContent is not None:
        return [Thinking(redacted=reasoning.redactedContent, native=DIALECT)]
    text = reasoning.reasoningText
    return [Thinking(text.text, text.signature, native=DIALECT)] if text and (text.text or text.signature) else []


def _cited(cited: Cited) -> Text:
    notes = cited.citations if said(cited.citations) else None
    return Text("".join(piece.text for piece in cited.content), notes, DIALECT if notes is not None else None)
