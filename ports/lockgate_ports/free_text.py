"""Tools that take free text, for languages whose tools take a JSON object: a function stands for each, with the text as
its one member `input`, and its calls are read back as what they stand for.

A grammar cannot be enforced there. It is told to the model in words, and named as left out; where the provider's
`params` are strict, the call is refused.
"""

from collections.abc import Callable, Mapping, Sequence

import msgspec
from msgspec import Raw, Struct, structs

from lockgate_ports.chat import ChatRequest, ChatResponse, Choice, CustomTool, FunctionTool, Tool, ToolChoice
from lockgate_ports.dialect import ChatProviderDialect, EventReader, Upstream, Written
from lockgate_ports.draft import Draft
from lockgate_ports.errors import UpstreamError
from lockgate_ports.events import Finish, ReadEvent, ToolCallDelta
from lockgate_ports.free_text_input import MEMBER, InputText, text_of
from lockgate_ports.http import NO_HEADERS, Headers
from lockgate_ports.parts import Message, Part, ToolCall
from lockgate_ports.wire import Glance, Operation

_PARAMETERS = Raw(b'{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}')
_WORDS = f"Give the tool's whole text, as it is, as the one string `{MEMBER}`."


class _Grammar(Struct):
    syntax: str = "lark"
    definition: str = ""


class _Format(Struct):
    type: str = "text"
    grammar: _Grammar | None = None


_NONE: frozenset[str] = frozenset()
_FORMAT = msgspec.json.Decoder(_Format)


def told_in_functions(language: ChatProviderDialect, view: ChatRequest) -> ChatProviderDialect:
    """The language, for a request whose tools it has no form for; itself for any other."""
    names = frozenset([tool.name for tool in view.tools if isinstance(tool, CustomTool)]) if view.tools else _NONE
    return InFunctions(language, names) if names or _calls(view) else language


def as_functions(view: ChatRequest, leave_out: Callable[[str], object]) -> ChatRequest:
    """The same request with a function for each tool that takes free text, and calls of functions in its history.
    `leave_out` is told what cannot be said."""
    choice = view.tool_choice
    return structs.replace(
        view,
        tools=tuple(_function(tool, f"tools[{place}]", leave_out) for place, tool in enumerate(view.tools)),
        tool_choice=ToolChoice("named", choice.name) if choice is not None and choice.custom else choice,
        messages=tuple(_message(message) for message in view.messages),
    )


class InFunctions:
    """A ChatProviderDialect: `inner`, with functions in place of the tools `names`, which take free text."""

    def __init__(self, inner: ChatProviderDialect, names: frozenset[str]) -> None:
        self._inner = inner
        self._names = names
        self.name: str = inner.name
        self.operation: Operation = inner.operation
        self.event_content_type: str = inner.event_content_type

    def write_request(self, view: ChatRequest, upstream: Upstream) -> Written:
        """Raises Unsupported for a grammar where the settings are strict."""
        draft = Draft(upstream)
        written = self._inner.write_request(as_functions(view, draft.admits), upstream)
        return structs.replace(written, dropped=(*draft.dropped, *written.dropped))

    def relay_request(self, body: bytes, headers: Headers, upstream: Upstream, wire: object = None) -> Written:
        """As it came."""
        return self._inner.relay_request(body, headers, upstream, wire)

    def glance(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> Glance:
        """The same."""
        return self._inner.glance(body, headers)

    def read_response(self, body: bytes, headers: Mapping[str, str] = NO_HEADERS) -> ChatResponse:
        """With calls of the tools as those of free text."""
        answer = self._inner.read_response(body, headers)
        return structs.replace(answer, choices=tuple(self._choice(choice) for choice in answer.choices))

    def event_reader(self, *, relay: bool) -> EventReader:
        """For one stream."""
        return FreeTextReader(self._inner.event_reader(relay=relay), self._names)

    def read_error(self, status: int, headers: Mapping[str, str], body: bytes) -> UpstreamError:
        """The same."""
        return self._inner.read_error(status, headers, body)

    def _choice(self, choice: Choice) -> Choice:
        return structs.replace(choice, parts=tuple(self._part(part) for part in choice.parts))

    def _part(self, part: Part) -> Part:
        if not isinstance(part, ToolCall) or part.name not in self._names:
            return part
        return structs.replace(part, arguments=text_of(part.arguments), custom=True)


class FreeTextReader:
    """An EventReader that tells calls of the tools `names` in free text, as it comes."""

    def __init__(self, inner: EventReader, names: frozenset[str]) -> None:
        self._inner = inner
        self._names = names
        self._texts: dict[tuple[int, int], InputText] = {}

    def feed(self, data: bytes) -> Sequence[ReadEvent]:
        """The events that `data` completes."""
        return [told for event in self._inner.feed(data) for told in self._told(event)]

    def end(self) -> Sequence[ReadEvent]:
        """The events that are left."""
        return [told for event in self._inner.end() for told in self._told(event)]

    def _told(self, event: ReadEvent) -> list[ReadEvent]:
        if isinstance(event, ToolCallDelta):
            place = (event.choice, event.part)
            if event.name in self._names:
                self._texts[place] = InputText()
            text = self._texts.get(place)
            if text is None:
                return [event]
            words = text.feed(event.arguments)
            return [structs.replace(event, arguments=words, custom=True)] if words or event.name else []
        if isinstance(event, Finish):
            return [*self._rest(event.choice), event]
        return [event]

    def _rest(self, choice: int) -> list[ReadEvent]:
        return [
            ToolCallDelta(part, choice, arguments=words, custom=True)
            for (own, part), text in self._texts.items()
            if own == choice and (words := text.end())
        ]


def _function(tool: Tool, at: str, leave_out: Callable[[str], object]) -> Tool:
    if not isinstance(tool, CustomTool):
        return tool
    words = [tool.description, _WORDS] if tool.description else [_WORDS]
    grammar = _FORMAT.decode(tool.format).grammar if tool.format is not None else None
    if grammar is not None:
        leave_out(f"{at}.format")
        words.append(f"The text must follow this grammar ({grammar.syntax}):\n{grammar.definition}")
    return FunctionTool(tool.name, "\n\n".join(words), _PARAMETERS)


def _calls(view: ChatRequest) -> bool:
    for message in view.messages:
        if message.role == "assistant":
            for part in message.parts:
                if type(part) is ToolCall and part.custom:
                    return True
    return False


def _message(message: Message) -> Message:
    if not any(isinstance(part, ToolCall) and part.custom for part in message.parts):
        return message
    return structs.replace(message, parts=tuple(_part(part) for part in message.parts))


def _part(part: Part) -> Part:
    if not isinstance(part, ToolCall) or not part.custom:
        return part
    return structs.replace(part, arguments=msgspec.json.encode({MEMBER: part.arguments}).decode(), custom=False)
