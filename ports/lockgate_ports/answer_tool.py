"""Structured answers from providers that have no word for them: a tool stands for the answer, the model must call it,
and the call is read back as the answer's text."""

from collections.abc import Sequence

from msgspec import Raw, structs

from lockgate_ports.chat import (
    ChatRequest,
    ChatResponse,
    Choice,
    FinishReason,
    FunctionTool,
    NativeTool,
    ResponseFormat,
    Tool,
    ToolChoice,
)
from lockgate_ports.dialect import EventReader
from lockgate_ports.events import Finish, ReadEvent, TextDelta, ToolCallDelta
from lockgate_ports.parts import Part, Text, ToolCall

ANSWER_TOOL = "lockgate_answer"
"""A call of this tool is the answer itself: what reads answers knows it by its name."""
ANY_OBJECT = Raw(b'{"type":"object"}')


def described(form: ResponseFormat) -> str:
    """What the model is told of the tool."""
    words = "Give your whole answer by calling this tool, once, with the answer as its input."
    return f"{words} {form.description}" if form.description else words


def asked_by_tool(view: ChatRequest, form: ResponseFormat) -> ChatRequest:
    """The same request with the tool in place of `form`. Where the caller has tools of its own, one of them may be
    called before it."""
    tool = FunctionTool(ANSWER_TOOL, described(form), form.schema or ANY_OBJECT)
    asked = view.tool_choice
    own = _callable(view.tools, asked)
    if not own:
        asked = ToolChoice("named", ANSWER_TOOL)
    elif asked is None or asked.mode != "named":
        asked = ToolChoice("required")
    return structs.replace(view, response_format=None, tools=(*own, tool), tool_choice=asked)


def answered(response: ChatResponse) -> ChatResponse:
    """The answer with calls of the tool as its text."""
    return structs.replace(response, choices=tuple(_answered(choice) for choice in response.choices))


class AnswerReader:
    """An EventReader that tells calls of the tool as text, as soon as they come."""

    def __init__(self, inner: EventReader) -> None:
        self._inner = inner
        self._answers: set[tuple[int, int]] = set()
        self._calls: set[int] = set()

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes."""
        return [self._told(event) for event in self._inner.feed(data)]

    def end(self) -> Sequence[ReadEvent]:
        """The events that are left."""
        return [self._told(event) for event in self._inner.end()]

    def _told(self, event: ReadEvent) -> ReadEvent:
        if isinstance(event, ToolCallDelta):
            place = (event.choice, event.part)
            if event.name == ANSWER_TOOL:
                self._answers.add(place)
            if place in self._answers:
                return TextDelta(event.arguments, event.part, event.choice)
            self._calls.add(event.choice)
        elif isinstance(event, Finish) and any(choice == event.choice for choice, _ in self._answers):
            return structs.replace(event, reason=_reason(event.reason, calls=event.choice in self._calls))
        return event


def _callable(tools: tuple[Tool, ...], asked: ToolChoice | None) -> tuple[Tool, ...]:
    if asked is None:
        return tools
    if asked.mode == "none":
        return ()
    return tuple(
        tool for tool in tools if not asked.allowed or isinstance(tool, NativeTool) or tool.name in asked.allowed
    )


def _answered(choice: Choice) -> Choice:
    if not any(call.name == ANSWER_TOOL for call in choice.tool_calls):
        return choice
    parts = tuple(_text(part) for part in choice.parts)
    calls = any(isinstance(part, ToolCall) for part in parts)
    return structs.replace(choice, parts=parts, finish_reason=_reason(choice.finish_reason, calls=calls))


def _text(part: Part) -> Part:
    return Text(part.arguments) if isinstance(part, ToolCall) and part.name == ANSWER_TOOL else part


def _reason(reason: FinishReason | None, *, calls: bool) -> FinishReason | None:
    return "stop" if reason == "tool_calls" and not calls else reason
